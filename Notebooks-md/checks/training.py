"""Checks of 12-training-step."""

import numpy as np
from reference import Wrong, call, check, compare, numbers, parts, recorded

PARTS = ["weight", "bias"]


def proposals_and_labels():
    """Vectors of 64 proposals, [64, 256], and what each should have said: its object's class, or 0 for background."""
    stages = recorded()
    matches, classes = stages["targets.proposals"], stages["objects.classes"]
    return stages["box.hidden.2"].astype(np.float64), np.where(matches >= 0, classes[np.maximum(matches, 0)], 0)


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _losses(logits, labels):
    largest = logits.max(axis=1)
    return np.log(np.exp(logits - largest[:, None]).sum(axis=1)) + largest - logits[np.arange(len(labels)), labels]


def _cases():
    random = np.random.default_rng(0)
    features, labels = proposals_and_labels()
    stages = recorded()
    logits = features @ stages["parameters.box.logits.weight"].T.astype(np.float64) + stages["parameters.box.logits.bias"]
    return [
        ("logits 1, 2, 0, class 1", np.array([[1.0, 2, 0]]), np.array([1])),
        ("three proposals", random.normal(size=(3, 4)), np.array([0, 3, 1])),
        ("64 proposals and the trained layer", logits, labels),
    ]


@check
def check_loss(class_loss):
    cases = [*_cases(), ("nothing known, ln 9", np.zeros((5, 9)), np.arange(5)), ("logits of 900", np.array([[900.0, 901, 0]]), np.array([0]))]
    for name, logits, labels in cases:
        right = _losses(logits, labels)
        mine = numbers(f"class_loss, {name}", call(class_loss, logits, labels))
        if name == "logits of 900" and not np.isfinite(mine).all():
            raise Wrong("class_loss, logits of 900: exp(900) is infinite; subtract the row's largest logit first")
        sigmoids = np.maximum(logits, 0) - logits * np.eye(logits.shape[1])[labels] + np.log1p(np.exp(-np.abs(logits)))
        compare(
            f"class_loss, {name}", mine, right.mean(), 1e-6, (), (),
            [
                ("this is the sum; take the mean over proposals. ", right.sum()),
                ("there should be one number for all proposals: the mean. ", right),
                ("this is negative: the loss is −log of the probability. ", -right.mean()),
                ("this treats the classes as sigmoids; they are one softmax. ", sigmoids.sum(axis=1).mean()),
                ("this is the mean probability of the right class; its logarithm is missing. ", np.exp(-right).mean()),
            ],
        )  # fmt: skip
    return "class_loss: right; a layer that knows nothing has ln 9 = 2.197"


def _gradient(logits, labels):
    return (_softmax(logits) - np.eye(logits.shape[1])[labels]) / len(labels)


@check
def check_gradient(class_gradient):
    for name, logits, labels in _cases():
        right = _gradient(logits, labels)
        compare(
            f"class_gradient, {name}", call(class_gradient, logits, labels), right, 1e-8, ["proposal", "class"], (),
            [
                ("the sign is the other way round: probability minus target. ", -right),
                ("the loss is a mean: divide by the number of proposals. ", right * len(labels)),
                ("1 is subtracted from every class; only from the right one. ", (_softmax(logits) - 1) / len(labels)),
                ("these are the probabilities; subtract 1 at the right class. ", _softmax(logits) / len(labels)),
                ("only the right class has a gradient; all others have their probability. ", np.eye(logits.shape[1])[labels] * right),
            ],
        )  # fmt: skip
    name, logits, labels = _cases()[1]
    mine = numbers("class_gradient", call(class_gradient, logits, labels))
    for place in [(0, 0), (1, 2), (2, 1)]:
        moved = [logits.copy() for _ in range(2)]
        moved[0][place] += 1e-5
        moved[1][place] -= 1e-5
        slope = (_losses(moved[0], labels).mean() - _losses(moved[1], labels).mean()) / 2e-5
        compare(f"class_gradient against differences of the loss at {place}", mine[place], slope, 1e-7)
    return "class_gradient: right; it is the slope of the loss"


@check
def check_pullback(pullback):
    random = np.random.default_rng(1)
    features, labels = proposals_and_labels()
    small = (random.normal(size=(2, 3)), random.normal(size=(2, 4)))
    square = (random.normal(size=(3, 3)), random.normal(size=(3, 3)))
    large = (features, _gradient(np.zeros((len(labels), 9)), labels))
    for name, (v, gradient) in [("2 vectors of 3 numbers, 4 outputs", small), ("3 vectors of 3 numbers, 3 outputs", square), ("64 proposals", large)]:
        answer = parts(f"pullback, {name}", call(pullback, v, gradient), 2, "the gradients by weight and bias")
        right = gradient.T @ v, gradient.sum(axis=0)
        weights = [("weight is [out, in]; this is [in, out]: transpose it. ", v.T @ gradient), ("this is the mean over proposals; they are added. ", right[0] / len(v))]
        biases = [("this is the mean over proposals; they are added. ", right[1] / len(v)), ("the sum goes over outputs; it should go over proposals. ", gradient.sum(axis=1))]
        compare(f"pullback, {name}, by the weight", answer[0], right[0], 1e-8, ["output", "input"], (), weights)
        compare(f"pullback, {name}, by the bias", answer[1], right[1], 1e-8, ["output"], (), biases)
    return "pullback: right"


def _step(p, velocity, gradient, rate, momentum, decay, order="new", damp=False, decay_late=False):
    g = gradient + (0 if decay_late else decay * p)
    v = momentum * velocity + (1 - momentum if damp else 1) * g
    used = velocity if order == "old" else v
    moved = p - rate * used
    return (moved - rate * decay * p if decay_late else moved), v


@check
def check_step(step):
    # The page's example, which `maskrcnn calculate step` prints too.
    p, v = np.array([1.0]), np.array([0.0])
    for number, (gradient, after) in enumerate(zip([0.2, 0.2, -0.1], [0.996, 0.9884, 0.98356]), start=1):
        answer = parts(f"step {number} by hand", call(step, p, v, np.array([gradient]), 0.02, 0.9, 0.0), 2, "parameter and velocity")
        right = _step(p, v, np.array([gradient]), 0.02, 0.9, 0.0)
        _compare_step(f"step {number} by hand", answer, right, (p, v, np.array([gradient]), 0.02, 0.9, 0.0))
        compare(f"step {number} by hand", answer[0], [after], 1e-6)
        p, v = right
    random = np.random.default_rng(2)
    given = (*(random.normal(size=(3, 2)) for _ in range(3)), 0.1, 0.8, 0.01)
    _compare_step("a step with decay", parts("step", call(step, *given), 2, "parameter and velocity"), _step(*given), given)
    return "step: right, by hand and with decay"


def _compare_step(name, answer, right, given):
    sentences = [
        ("the step goes uphill: subtract rate times velocity. ", lambda: (given[0] + given[3] * right[1], right[1])),
        ("the parameter moves by the old velocity; it should move by the new one. ", lambda: _step(*given, order="old")),
        ("the gradient is multiplied by 1 − momentum; here it is added whole. ", lambda: _step(*given, damp=True)),
        ("weight decay is missing: the gradient is g + decay · p. ", lambda: _step(*given[:5], 0.0)),
        ("weight decay bypasses the velocity, as in AdamW; with SGD it is part of the gradient. ", lambda: _step(*given, decay_late=True)),
        ("momentum is missing: the old velocity counts with that share. ", lambda: _step(*given[:4], 0.0, given[5])),
    ]
    for which, part in [(1, "velocity"), (0, "parameter")]:
        mistakes = [(sentence, lambda w=wrong, i=which: w()[i]) for sentence, wrong in sentences]
        axes = ["row", "column"] if np.ndim(right[0]) == 2 else ["number"]
        compare(f"{name}, {part}", answer[which], right[which], 1e-9, axes, (), mistakes)


def reference_losses(steps=100, rate=0.02, momentum=0.9, decay=1e-4):
    """The loss before each of the steps, from zero weights."""
    features, labels = proposals_and_labels()
    layer = [np.zeros((9, features.shape[1])), np.zeros(9)]
    velocities = [np.zeros_like(p) for p in layer]
    losses = []
    for _ in range(steps):
        logits = features @ layer[0].T + layer[1]
        losses.append(_losses(logits, labels).mean())
        gradient = _gradient(logits, labels)
        gradients = gradient.T @ features, gradient.sum(axis=0)
        for i in range(2):
            layer[i], velocities[i] = _step(layer[i], velocities[i], gradients[i], rate, momentum, decay)
    return np.array(losses)


@check
def check_train(train):
    features, labels = proposals_and_labels()
    right = reference_losses()
    mine = numbers("train", call(train, features, labels, 100))
    compare(
        "train, the loss before each step", mine, right, 1e-4, ["step"], (),
        [
            ("the loss is taken after each step; take it before. ", lambda: reference_losses(101)[1:]),
            ("the weights never change; a step returns new ones, which have to take the place of the old. ", np.full(100, right[0])),
            ("there is no momentum: the velocity that a step returns has to be given to the next. ", lambda: reference_losses(momentum=0)),
        ],
    )  # fmt: skip
    return f"train: right; from {right[0]:.3f} to {right[-1]:.3f} in 100 steps"
