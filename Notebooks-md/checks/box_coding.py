"""Checks of 03-box-coding."""

import numpy as np
from reference import call, check, compare, parts, recorded

CORNERS = ["x1", "y1", "x2", "y2"]
DELTAS = ["dx", "dy", "dw", "dh"]
LIMIT = np.log(1000 / 16)


def _decode(deltas, boxes, limit=LIMIT, lowest=-np.inf, plus=0.0, exponential=True, corner=False, legacy_edge=False, swapped=False):
    w, h = boxes[:, 2] - boxes[:, 0] + plus, boxes[:, 3] - boxes[:, 1] + plus
    x, y = (boxes[:, 0], boxes[:, 1]) if corner else (boxes[:, 0] + w / 2, boxes[:, 1] + h / 2)
    dx, dy, dw, dh = deltas.T[[1, 0, 3, 2]] if swapped else deltas.T
    x, y = x + dx * w, y + dy * h
    if exponential:
        limits = np.broadcast_to(limit, 2)  # of dw and of dh
        w, h = w * np.exp(np.clip(dw, lowest, limits[0])), h * np.exp(np.clip(dh, lowest, limits[1]))
    else:
        w, h = w * (1 + dw), h * (1 + dh)
    edge = plus if legacy_edge else 0.0
    return np.stack([x - w / 2, y - h / 2, x + w / 2 - edge, y + h / 2 - edge], axis=1)


def _encode(targets, boxes, plus=0.0, logarithm=True, own=True):
    w, h = boxes[:, 2] - boxes[:, 0] + plus, boxes[:, 3] - boxes[:, 1] + plus
    tw, th = targets[:, 2] - targets[:, 0] + plus, targets[:, 3] - targets[:, 1] + plus
    dx, dy = targets[:, 0] + tw / 2 - boxes[:, 0] - w / 2, targets[:, 1] + th / 2 - boxes[:, 1] - h / 2
    sizes = (tw / w, th / h)
    sizes = np.log(sizes) if logarithm else np.array(sizes) - 1
    return np.stack([dx / (w if own else 1), dy / (h if own else 1), *sizes], axis=1)


def _pairs():
    random = np.random.default_rng(0)
    boxes = np.sort(random.uniform(0, 300, (500, 2, 2)), axis=1).reshape(-1, 4) + [0, 0, 10, 10]
    targets = np.sort(random.uniform(0, 300, (500, 2, 2)), axis=1).reshape(-1, 4) + [0, 0, 10, 10]
    return boxes, targets


@check
def check_decode(decode):
    def compared(name, deltas, boxes, tolerance):
        compare(
            name, call(decode, deltas, boxes), _decode(deltas, boxes), tolerance, ["box"], CORNERS,
            [
                ("widths are counted with + 1 (x2 − x1 + 1), as in code from before 2018; here a box from 10 to 50 is 40 wide. ",
                 lambda: _decode(deltas, boxes, plus=1.0, legacy_edge=True)),
                ("widths are counted with + 1 (x2 − x1 + 1); here a box from 10 to 50 is 40 wide. ", lambda: _decode(deltas, boxes, plus=1.0)),
                ("dw and dh are not cut: take the smaller of dw and log(1000 / 16) before the exponential. ",
                 lambda: _decode(deltas, boxes, limit=np.inf)),
                ("dh is not cut; it is, as dw is. ", lambda: _decode(deltas, boxes, limit=[LIMIT, np.inf])),
                ("dw is not cut; it is, as dh is. ", lambda: _decode(deltas, boxes, limit=[np.inf, LIMIT])),
                ("dw and dh are cut from below too; there is no lower limit. ", lambda: _decode(deltas, boxes, lowest=-LIMIT)),
                ("sizes grow linearly, by 1 + dw; the new width is w · exp(dw). ", lambda: _decode(deltas, boxes, exponential=False)),
                ("x1 and y1 are taken for the middle of the box: it is x1 + w / 2. ", lambda: _decode(deltas, boxes, corner=True)),
                ("x and y are exchanged in the deltas: they are dx, dy, dw, dh. ", lambda: _decode(deltas, boxes, swapped=True)),
                ("middle and size are right, but the answer should be the corners x1 y1 x2 y2. ", lambda: _centres(_decode(deltas, boxes))),
            ],
        )  # fmt: skip

    compared("decode, the example by hand", np.array([[0.1, -0.5, np.log(2), 0]]), np.array([[10.0, 20, 50, 40]]), 1e-4)
    random = np.random.default_rng(1)
    boxes, _ = _pairs()
    compared("decode, 500 boxes", random.normal(0, 0.5, (500, 4)), boxes, 1e-2)
    for wild in [[0, 0, 9.0, 9.0], [0, 0, -9.0, -9.0]]:
        compared(f"decode, a wild prediction {wild}", np.array([wild]), np.array([[10.0, 20, 50, 40]]), 1e-2)
    return "decode: right, and cut where it should be"


def _centres(boxes):
    w, h = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return np.stack([boxes[:, 0] + w / 2, boxes[:, 1] + h / 2, w, h], axis=1)


@check
def check_encode(encode):
    boxes, targets = _pairs()
    for name, b, t in [
        ("encode, the example backwards", np.array([[10.0, 20, 50, 40]]), np.array([[-6.0, 10, 74, 30]])),
        ("encode, 500 boxes", boxes, targets),
    ]:
        compare(
            name, call(encode, t, b), _encode(t, b), 1e-4, ["box"], DELTAS,
            [
                ("widths are counted with + 1; here a box from 10 to 50 is 40 wide. ", lambda t=t, b=b: _encode(t, b, plus=1.0)),
                ("dw and dh lack the logarithm: dw = log(w of the target / w of the box). ", lambda t=t, b=b: _encode(t, b, logarithm=False)),
                ("dx and dy are in pixels: divide them by the width and height of the box. ", lambda t=t, b=b: _encode(t, b, own=False)),
                ("the arguments are exchanged: this is the way from the target back to the box. ", lambda t=t, b=b: _encode(b, t)),
            ],
        )  # fmt: skip
    return "encode: right; decode(encode(target, box), box) is the target again"


@check
def check_candidates(candidates):
    stages = recorded()
    height, width = stages["input.size"]
    size = np.array([width, height, width, height])

    def wrong(level, turned=(2, 3, 0, 1), clipped=True, size=size, logits=(1, 2, 0), order=-1):
        score = stages[f"rpn.objectness.{level}"].transpose(logits).reshape(-1)
        best = np.argsort(order * score, kind="stable")[:300]
        deltas = stages[f"rpn.deltas.{level}"]
        deltas = deltas.transpose(turned).reshape(-1, 4) if turned else deltas.reshape(-1, 4)
        boxes = _decode(deltas[best], stages[f"anchors.{level}"][best])
        return np.clip(boxes, 0, size) if clipped else boxes

    for level in ["p4", "p5", "p6"]:
        name = f'candidates("{level}")'
        boxes, scores = parts(name, call(candidates, level), 2, "boxes and scores")
        expected = stages[f"rpn.candidates.{level}.scores"]
        logits = np.sort(stages[f"rpn.objectness.{level}"].ravel())[::-1][:300]
        compare(
            f"{name}, scores", scores, expected, 1e-4, ["candidate"], (),
            [
                ("these are logits: a score is their sigmoid, 1 / (1 + exp(−logit)). ", logits),
                ("these are the lowest scores: sort so that the highest come first. ", lambda: 1 / (1 + np.exp(-np.sort(stages[f"rpn.objectness.{level}"].ravel())[:300]))),  # noqa: B023, E501
                ("the scores are right, but not sorted: the highest comes first. ", lambda: 1 / (1 + np.exp(-stages[f"rpn.objectness.{level}"].transpose(1, 2, 0).ravel())[:300])),  # noqa: B023, E501
            ],
        )  # fmt: skip
        compare(
            f"{name}, boxes", boxes, stages[f"rpn.candidates.{level}.boxes"], 5e-2, ["candidate"], CORNERS,
            [
                ("the deltas are not turned: the map is [A, 4, h, w], the rows should run over row, column, shape. ", wrong(level, None)),
                ("the deltas are in the order column, row, shape. ", wrong(level, (3, 2, 0, 1))),
                ("the logits are not turned: the map is [A, h, w], its order should be row, column, shape. ", wrong(level, logits=(0, 1, 2))),
                ("the boxes are not clipped to the picture. ", wrong(level, clipped=False)),
                ("x is clipped to the height and y to the width; it is the other way round. ", wrong(level, size=size[[1, 0, 3, 2]])),
            ],
        )  # fmt: skip
    return "candidates: all 600 boxes and scores of p4, p5 and p6 are the reference's"
