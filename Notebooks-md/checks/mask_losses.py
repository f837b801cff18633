"""Checks of 08-sigmoid-softmax."""

import numpy as np
from reference import Wrong, call, check, compare, numbers, recorded

MAPS = ["detection", "row", "column"]


def _sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, dtype=np.float64)))


def _softmax(logits, axis=-3):
    logits = np.asarray(logits, dtype=np.float64)
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _places_sum(logits):
    """A softmax over places, with the largest logit of each pixel subtracted."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=(2, 3), keepdims=True)


def _chosen(values, classes):
    return values[np.arange(len(classes)), classes]


@check
def check_sigmoid(sigmoid):
    x = np.array([-2.0, -1, 0, 1, 2, 30])
    compare(
        "sigmoid of −2, −1, 0, 1, 2, 30", call(sigmoid, x), _sigmoid(x), 1e-7, ["number"], (),
        [
            ("this is the sigmoid of −x: the exponent is −x. ", _sigmoid(-x)),
            ("this is a softmax over the six numbers; a sigmoid looks at one alone. ", np.exp(x) / np.exp(x).sum()),
            ("this is tanh. ", np.tanh(x)),
        ],
    )  # fmt: skip
    return "sigmoid: right"


@check
def check_masks(masks):
    stages = recorded()
    logits, classes = stages["mask.logits"].astype(np.float64), stages["detections.classes"][:3]
    right = stages["mask.probabilities"][:3]
    compare(
        "masks of three detections", call(masks, logits, classes), right, 1e-4, MAPS, (),
        [
            ("this is a softmax over the classes; here only the logit of the predicted class counts. ", stages["softmax.mask.probabilities"]),
            ("the channel is off by one: channel 0 is background, class 1 has channel 1. ", _sigmoid(_chosen(logits, classes - 1))),
            ("all three are of the class of the first detection; each has its own. ", _sigmoid(logits[:, classes[0]])),
            ("these are the logits; take their sigmoid. ", _chosen(logits, classes)),
            ("each pixel has the largest of all channels; only the predicted class counts. ", _sigmoid(logits.max(axis=1))),
            ("these are the masks, cut at one half; the answer should be the probabilities. ", right >= 0.5),
        ],
    )  # fmt: skip
    return "masks: the probabilities of three detections are the reference's"


@check
def check_softmax_masks(softmax_masks):
    stages = recorded()
    logits, classes = stages["mask.logits"].astype(np.float64), stages["detections.classes"][:3]
    right = stages["softmax.mask.probabilities"]
    large = np.zeros((1, 3, 1, 1))
    large[0, :, 0, 0] = 900, 901, 0
    compare(
        "softmax_masks of three detections", call(softmax_masks, logits, classes), right, 1e-4, MAPS, (),
        [
            ("background is left out of the sum; it is one of the classes that compete. ", _chosen(_softmax(np.concatenate(
                [np.full_like(logits[:, :1], -1e9), logits[:, 1:]], axis=1)), classes)),
            ("this is the sigmoid; the other classes of the pixel have to be in the sum. ", stages["mask.probabilities"][:3]),
            ("the sum is over the pixels of a channel; it should be over the channels of a pixel. ",
             _chosen(_softmax(logits.reshape(3, 9, -1), axis=2).reshape(logits.shape), classes)),
            ("the sum is over the pixels of a channel; it should be over the channels of a pixel. ",
             _chosen(_places_sum(logits), classes)),
            ("the sum is over the detections; it should be over the classes, axis 1. ", _chosen(_softmax(logits, axis=0), classes)),
        ],
    )  # fmt: skip
    mine = numbers("softmax_masks of logits of 900", call(softmax_masks, large, np.array([1])))
    if not np.isfinite(mine).all():
        raise Wrong("softmax_masks of logits of 900: exp(900) is infinite; subtract the largest logit of the pixel first")
    compare("softmax_masks of logits of 900", mine, _chosen(_softmax(large), np.array([1])), 1e-6, MAPS)
    return "softmax_masks: as the reference has them, background and all"


def loss_cases():
    """Logits, [N, C, m, m], classes and targets: small ones, and the recorded ones."""
    random = np.random.default_rng(0)
    small = (random.normal(size=(2, 3, 2, 2)), np.array([2, 1]), random.integers(0, 2, (2, 2, 2)).astype(np.float64))
    between = (*small[:2], random.choice([0, 0.25, 0.5, 0.75, 1], (2, 2, 2)))
    stages = recorded()
    logits = stages["mask.logits"].astype(np.float64)
    return [
        ("small maps", *small), ("small maps with targets between 0 and 1", *between),
        ("three detections", logits, stages["detections.classes"][:3], moved_targets()),
    ]  # fmt: skip


# Ways to make a target between 0 and 1 one of the two.
CUTS = [lambda t: t > 0.5, lambda t: t >= 0.5, lambda t: t > 0, lambda t: t >= 1]
UNCUT = "the targets are cut to 0 or 1; one that lies between counts as it is. "


def moved_targets():
    """What the three detections should have said, [3, 28, 28]: their own masks moved by two cells, so that there is a loss."""
    masks = (recorded()["mask.probabilities"][:3] >= 0.5).astype(np.float64)
    return np.roll(masks, 2, axis=2)


def _loss(logits, classes, targets, mean=True, competing=False):
    if competing:
        p = np.clip(_chosen(_softmax(logits), classes), 1e-12, 1 - 1e-12)
        return float((-targets * np.log(p) - (1 - targets) * np.log(1 - p)).mean())
    x = _chosen(np.asarray(logits, dtype=np.float64), classes)
    cells = np.maximum(x, 0) - x * targets + np.log1p(np.exp(-np.abs(x)))
    return float(cells.mean() if mean else cells.sum())


def _gradient(logits, classes, targets, mean=True, everywhere=False, sign=1):
    gradient = np.zeros(np.shape(logits))
    if everywhere:
        gradient = _sigmoid(logits) - targets[:, None]
    else:
        gradient[np.arange(len(classes)), classes] = sign * (_sigmoid(_chosen(logits, classes)) - targets)
    return gradient / targets.size if mean else gradient


@check
def check_loss(mask_loss):
    # Logits 2, −1, 0 that should be 1, 0 and ½; and 2 that should be ½, since at logit 0 every target has the same loss.
    logits = np.zeros((1, 2, 1, 3))
    logits[0, 1, 0] = 2, -1, 0
    hand = ("the example by hand", logits, np.array([1]), np.array([[[1, 0, 0.5]]]))
    half = ("logit 2 with target ½", np.array([[[[0.0]], [[2]]]]), np.array([1]), np.array([[[0.5]]]))
    huge = ("logits of 800 and −800", np.array([[[[0.0, 0]], [[800, -800]]]]), np.array([1]), np.array([[[0.0, 1]]]))
    for name, logits, classes, targets in [hand, half, *loss_cases(), huge]:
        mine = numbers(f"mask_loss, {name}", call(mask_loss, logits, classes, targets))
        if name == huge[0] and not np.isfinite(mine).all():
            raise Wrong("mask_loss, logits of 800 and −800: the sigmoid is 0 or 1 and the logarithm infinite; use max(x, 0) − x t + log(1 + exp(−|x|))")
        compare(
            f"mask_loss, {name}", mine, _loss(logits, classes, targets), 1e-5, (), (),
            [
                ("this is the sum over cells; take the mean. ", _loss(logits, classes, targets, mean=False)),
                ("this uses the softmax; the sigmoid of the right class's logit alone counts. ", _loss(logits, classes, targets, competing=True)),
                ("the loss is counted for all channels; only that of the right class counts. ",
                 np.mean([_loss(logits, np.full(len(classes), k), targets) for k in range(logits.shape[1])])),
                ("this is negative: a loss is −log of a probability. ", -_loss(logits, classes, targets)),
                *((UNCUT, _loss(logits, classes, cut(targets))) for cut in CUTS),
            ],
        )  # fmt: skip
    return "mask_loss: right, by hand and for three detections"


@check
def check_gradient(mask_gradient):
    for name, logits, classes, targets in loss_cases():
        mine = numbers(f"mask_gradient, {name}", call(mask_gradient, logits, classes, targets))
        right = _gradient(logits, classes, targets)
        compare(
            f"mask_gradient, {name}", mine, right, 1e-8, ["detection", "channel", "row", "column"], (),
            [
                ("the other channels have a gradient too; nothing in the loss depends on them. ", _gradient(logits, classes, targets, everywhere=True)),
                ("the sign is the other way round: σ(x) − t. ", _gradient(logits, classes, targets, sign=-1)),
                ("this is the gradient of the sum; the loss is a mean: divide by the number of cells. ", _gradient(logits, classes, targets, mean=False)),
                ("each detection is divided by its own cells; the loss is the mean over the cells of all. ", right * len(classes)),
                *((UNCUT, _gradient(logits, classes, cut(targets))) for cut in CUTS),
            ],
        )  # fmt: skip
    # That it is the slope of the loss: differences of the loss, at a few places.
    name, logits, classes, targets = loss_cases()[1]
    mine = numbers("mask_gradient", call(mask_gradient, logits, classes, targets))
    for place in [(0, 2, 0, 1), (0, 1, 0, 1), (1, 1, 1, 0)]:
        moved = [logits.copy() for _ in range(2)]
        moved[0][place] += 1e-4
        moved[1][place] -= 1e-4
        slope = (_loss(moved[0], classes, targets) - _loss(moved[1], classes, targets)) / 2e-4
        compare(f"mask_gradient against differences of the loss at {place}", mine[place], slope, 1e-6)
    return "mask_gradient: right; it is the slope of the loss, and 0 in every other channel"
