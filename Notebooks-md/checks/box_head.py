"""Checks of 07-box-head."""

import numpy as np
from given import decode, suppress
from reference import Wrong, call, check, compare, numbers, parts, recorded

CORNERS = ["x1", "y1", "x2", "y2"]
CLASSES = ["background", "person", "ring", "rod", "star", "disc", "triangle", "box", "heart"]
WEIGHTS = np.array([10, 10, 5, 5])


def layer(name):
    """The weight, [out, in], and bias, [out], of one of the box head's two outputs: box.logits or box.deltas."""
    stages = recorded()
    return stages[f"parameters.{name}.weight"], stages[f"parameters.{name}.bias"]


@check
def check_linear(linear):
    random = np.random.default_rng(0)
    cases = [("linear, 2 vectors of 3 numbers, 4 outputs", random.normal(size=(2, 3)), random.normal(size=(4, 3)), random.normal(size=4), None)]
    stages = recorded()
    for name in ["box.logits", "box.deltas"]:
        expected = stages[name][:64].reshape(64, -1)
        cases.append((f"linear, {name} of 64 proposals", stages["box.hidden.2"], *layer(name), expected))
    for name, v, weight, bias, expected in cases:
        right = v.astype(np.float64) @ weight.T + bias
        compare(
            name, call(linear, v, weight, bias), right if expected is None else expected, 2e-3, ["row", "output"], (),
            [
                ("the bias is missing. ", right - bias),
                ("there is a ReLU behind it; logits and deltas have none. ", np.maximum(right, 0)),
                ("the bias is subtracted. ", right - 2 * bias),
            ],
        )  # fmt: skip
    return "linear: the logits and deltas of 64 proposals are the reference's"


def _softmax(logits, axis=1):
    shifted = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


@check
def check_softmax(softmax):
    stages = recorded()
    compare("the reference's own probabilities", stages["box.probabilities"], _softmax(stages["box.logits"]), 1e-5)
    cases = [
        ("softmax, the example by hand", np.array([[1.0, 3, 0.5]])),
        ("softmax, two rows", np.array([[1.0, 3, 0.5], [0, 0, 0]])),
        ("softmax, 200 proposals", stages["box.logits"].astype(np.float64)),
        ("softmax of large logits", np.array([[1000.0, 999, 0]])),
    ]
    for name, logits in cases:
        mine = numbers(name, call(softmax, logits))
        if np.abs(logits).max() > 700 and mine.shape == logits.shape and not np.isfinite(mine).all():
            raise Wrong(f"{name} (1000, 999, 0): exp(1000) is infinite, and infinite / infinite is no number; subtract the row's largest logit first")
        compare(
            name, mine, _softmax(logits), 1e-6, ["row", "class"], (),
            [
                ("these are sigmoids: each class on its own. In a softmax, classes compete: divide by the sum of the row. ",
                 1 / (1 + np.exp(-np.clip(logits, -700, 700)))),
                ("the sum is taken down the columns, over proposals; it should be along each row, over classes. ", _softmax(logits, axis=0)),
                ("the sum is over all rows together; each row has its own. ", np.exp(np.minimum(logits, 700)) / np.exp(np.minimum(logits, 700)).sum()),
                ("the exponential is missing. ", logits / np.where(logits.sum(1) == 0, 1, logits.sum(1))[:, None]),
            ],
        )  # fmt: skip
    return "softmax: right, also for large logits"


def _refine(proposals, deltas, size, weights=WEIGHTS, clipped=True):
    count = deltas.shape[1]
    boxes = decode((deltas / weights).reshape(-1, 4), proposals.repeat(count, axis=0)).reshape(-1, count, 4)
    height, width = size
    return np.clip(boxes, 0, [width, height, width, height]) if clipped else boxes


@check
def check_refine(refine):
    stages = recorded()
    proposals, deltas, size = stages["rpn.proposals.boxes"].astype(np.float64), stages["box.deltas"].astype(np.float64), stages["input.size"]
    hand = (np.array([[100.0, 50, 140, 130]]), np.tile([0.5, -0.2, 1, 0.3], (1, 9, 1)))
    for name, given in [("refine, the example by hand", hand), ("refine, 200 proposals and 9 classes", (proposals, deltas))]:
        compare(
            name, call(refine, *given), _refine(*given, size), 1e-2, ["proposal", "class"], CORNERS,
            [
                ("the division by the weights (10, 10, 5, 5) is missing. ", _refine(*given, size, weights=1)),
                ("the deltas are multiplied by the weights; divide. ", _refine(*given, size, weights=1 / WEIGHTS)),
                ("dw and dh are divided by 10 too; their weight is 5. ", _refine(*given, size, weights=10)),
                ("the boxes are not clipped to the picture. ", _refine(*given, size, clipped=False)),
            ],
        )  # fmt: skip
    return "refine: right, by hand and for 1800 boxes"


def _detect(probabilities, boxes, threshold, first=1, apart=True, nms=True, best_only=False, sort=True, equal=False):
    found = []
    for k in range(first, probabilities.shape[1]):
        rows = probabilities[:, k] >= threshold if equal else probabilities[:, k] > threshold
        if best_only:
            rows &= probabilities.argmax(axis=1) == k
        rows = np.flatnonzero(rows)
        kept = suppress(boxes[rows, k], probabilities[rows, k], 0.5) if nms and apart else range(len(rows))
        found += [(boxes[row, k], probabilities[row, k], k) for row in rows[list(kept)]]
    if not apart and found:
        kept = suppress(np.array([box for box, _, _ in found]), np.array([score for _, score, _ in found]), 0.5)
        found = [found[i] for i in kept]
    if sort:
        found.sort(key=lambda entry: -entry[1])
    return (np.array([b for b, _, _ in found]).reshape(-1, 4), np.array([s for _, s, _ in found]), np.array([k for _, _, k in found]))


@check
def check_detect(detect):
    stages = recorded()
    probabilities = _softmax(stages["box.logits"].astype(np.float64))
    boxes = _refine(stages["rpn.proposals.boxes"].astype(np.float64), stages["box.deltas"].astype(np.float64), stages["input.size"])
    # A star twice, and a disc at the place of the first.
    small = np.zeros((3, 9))
    small[0, 4], small[1, 4], small[2, 5] = 0.9, 0.8, 0.7
    small[:, 0] = 1 - small.sum(axis=1)
    small_boxes = np.zeros((3, 9, 4))
    small_boxes[:] = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10]])[:, None]
    both = np.zeros((1, 9))
    both[0, [0, 2, 5]] = 0.1, 0.5, 0.4
    cases = [
        ("two stars and a disc", small, small_boxes, 0.05, None),
        ("a proposal of which two classes are likely", both, np.arange(9)[None, :, None] * 20 + np.array([0.0, 0, 10, 10]), 0.05, None),
        ("a probability that equals the threshold", both, np.zeros((1, 9, 4)) + [0, 0, 10, 10], 0.4, None),
        ("the picture, threshold 0.5", probabilities, boxes, 0.5, [stages[f"detections.{part}"] for part in ["boxes", "scores", "classes"]]),
        ("the picture, threshold 0.05", probabilities, boxes, 0.05, None),
        ("the picture, threshold 1: nothing", probabilities, boxes, 1.0, None),
    ]
    sentences = [
        ("background, class 0, is among the detections; begin with class 1. ", dict(first=0)),
        ("classes suppress each other; each class is suppressed by itself. ", dict(apart=False)),
        ("copies of the same object are left: suppress within each class, with threshold 0.5. ", dict(nms=False)),
        ("only the likeliest class of each proposal counts; every class above the threshold makes a detection of its own. ", dict(best_only=True)),
        ("they are in the order of classes; the best score comes first. ", dict(sort=False)),
        ("a probability that equals the threshold makes a detection; it has to be above it. ", dict(equal=True)),
    ]
    for name, p, b, threshold, expected in cases:
        try:
            answer = call(detect, p, b, threshold)
        except Wrong as wrong:
            raise Wrong(f"detect, {name}: {wrong}") from None
        answer = parts(f"detect, {name}", answer, 3, "boxes, scores and classes")
        right = expected or _detect(p, b, threshold)
        for which, tolerance, columns in [(2, 0, ()), (1, 1e-4, ()), (0, 2e-2, CORNERS)]:
            mistakes = [(sentence, _detect(p, b, threshold, **options)[which]) for sentence, options in sentences]
            if which == 2:
                mistakes.append(("classes are counted from 0 without background; class 1 is the person. ", right[2] - 1))
            compare(f"detect, {name}, {['boxes', 'scores', 'classes'][which]}", answer[which], right[which], tolerance, ["detection"], columns, mistakes)
    return "detect: the six detections are the reference's"
