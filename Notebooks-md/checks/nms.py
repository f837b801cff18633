"""Checks of 04-nms."""

import numpy as np
from reference import Wrong, call, check, compare, numbers, parts, recorded

CORNERS = ["x1", "y1", "x2", "y2"]
LEVELS = ["p2", "p3", "p4", "p5", "p6"]


def _overlap(box, boxes, plus=0.0, clamped=True, union=True, smaller=False):
    shared = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]) + plus
    shared = np.prod(np.maximum(shared, 0) if clamped else shared, axis=1)
    areas = [np.prod(b[..., 2:] - b[..., :2] + plus, axis=-1) for b in (box, boxes)]
    if smaller:
        return shared / np.minimum(*areas)
    return shared / (areas[0] + areas[1] - (shared if union else 0))


def _suppress(boxes, scores, threshold, chained=False, ascending=False, overlap=_overlap):
    order = list(np.argsort(scores if ascending else -scores, kind="stable"))
    kept, dropped = [], []
    while order:
        best = order.pop(0)
        if best in dropped and not chained:
            continue
        if best not in dropped:
            kept.append(int(best))
        if order:
            near = overlap(boxes[best], boxes[order]) > threshold
            dropped += [index for index, close in zip(order, near) if close]
    return kept


@check
def check_overlap(overlap):
    cases = [
        ("overlap, the example by hand", np.array([0.0, 0, 10, 10]), np.array([[5.0, 0, 15, 10], [0, 0, 10, 10], [20, 20, 30, 30], [20, 0, 30, 10]])),
        ("overlap, boxes of different sizes", np.array([2.0, 3, 9, 20]), np.array([[0.0, 0, 30, 30], [3, 4, 5, 6], [8, 10, 40, 12]])),
    ]  # fmt: skip
    for name, box, boxes in cases:
        compare(
            name, call(overlap, box, boxes), _overlap(box, boxes), 1e-6, ["box"], (),
            [
                ("boxes that do not touch get an overlap: where the far edge lies before the near one, what is shared is 0 wide. ",
                 _overlap(box, boxes, clamped=False)),
                ("the shared area counts twice in the union: subtract it from the sum of both areas. ", _overlap(box, boxes, union=False)),
                ("widths are counted with + 1; here a box from 0 to 10 is 10 wide. ", _overlap(box, boxes, plus=1.0)),
                ("the shared area is divided by the smaller box, not by what the two cover together. ", _overlap(box, boxes, smaller=True)),
                ("this is the shared area; divide it by the area that both cover together. ", lambda b=box, c=boxes: _overlap(b, c, smaller=True)
                 * np.minimum(np.prod(b[2:] - b[:2]), np.prod(c[:, 2:] - c[:, :2], axis=1))),
            ],
        )  # fmt: skip
    return "overlap: right, also for boxes that touch or lie apart"


@check
def check_suppress(suppress):
    boxes = np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [2, 0, 12, 10], [30, 0, 40, 10]])
    cases = [
        ("suppress, the four boxes by hand", boxes, np.array([0.9, 0.8, 0.7, 0.6]), 0.7),
        ("suppress, the same in another order", boxes[[2, 3, 0, 1]], np.array([0.7, 0.6, 0.9, 0.8]), 0.7),
        ("suppress, the threshold itself", np.array([[0.0, 0, 10, 10], [0, 0, 10, 5]]), np.array([0.9, 0.8]), 0.5),
    ]
    stages = recorded()
    for level in ["p5", "p6"]:
        cases.append((f"suppress, candidates of {level}", *(stages[f"rpn.candidates.{level}.{what}"] for what in ["boxes", "scores"]), 0.7))
    for name, boxes, scores, threshold in cases:
        mine = numbers(name, call(suppress, boxes, scores, threshold))
        expected = _suppress(boxes, scores, threshold)
        if mine.ndim == 2 and mine.shape[1] == 4:
            raise Wrong(f"{name}: the answer should be the indices of the boxes that stay, not the boxes")
        if mine.dtype == bool:
            raise Wrong(f"{name}: the answer should be indices, the best first, not a mask of true and false")
        if mine.tolist() == _suppress(boxes, scores, threshold, ascending=True) != expected:
            raise Wrong(f"{name}: it begins with the lowest score; begin with the highest. Yours {mine.tolist()[:8]}, {expected[:8]} expected")
        if mine.shape == np.shape(expected) and sorted(mine.tolist()) == sorted(expected) and mine.tolist() != expected:
            raise Wrong(f"{name}: the right boxes stay, but in another order: the best comes first. Yours {mine.tolist()[:8]}, {expected[:8]} expected")
        compare(
            name, mine, expected, 0, ["kept box"], (),
            [
                ("a box that was dropped goes on dropping others; only boxes that stay may. ", _suppress(boxes, scores, threshold, chained=True)),
                ("a box whose overlap equals the threshold is dropped; it stays unless the overlap is larger. ",
                 _suppress(boxes, scores, threshold - 1e-9)),
                ("it seems to begin with box 0 rather than with the best score. ", _suppress(boxes, -np.arange(len(scores)), threshold)),
            ],
        )  # fmt: skip
    return "suppress: right, by hand and on 300 candidates"


@check
def check_proposals(proposals):
    stages = recorded()

    def answer(together=False, threshold=0.7, sort=True, count=200):
        pairs = [(stages[f"rpn.candidates.{level}.boxes"], stages[f"rpn.candidates.{level}.scores"]) for level in LEVELS]
        if together:
            pairs = [tuple(np.concatenate(part) for part in zip(*pairs))]
        boxes, scores = [], []
        for b, s in pairs:
            large = ((b[:, 2:] - b[:, :2]) >= 1e-3).all(axis=1)
            b, s = b[large], s[large]
            kept = _suppress(b, s, threshold)
            boxes, scores = [*boxes, b[kept]], [*scores, s[kept]]
        boxes, scores = np.concatenate(boxes), np.concatenate(scores)
        best = np.argsort(-scores, kind="stable")[:count] if sort else np.arange(min(count, len(scores)))
        return boxes[best], scores[best]

    boxes, scores = parts("proposals()", call(proposals), 2, "boxes and scores")
    sentences = [
        ("all levels are suppressed together; each level is suppressed by itself, so that an object found on two keeps both boxes. ", dict(together=True)),
        ("the 200 best of all levels should come, the highest score first; these are the first of the levels in order. ", dict(sort=False)),
        ("the threshold is 0.5; proposals have 0.7 (detections have 0.5). ", dict(threshold=0.5)),
        ("all boxes that stay are here; cut the list to the 200 best. ", dict(count=100_000)),
    ]
    for part, mine, tolerance, columns in [(0, boxes, 1e-3, CORNERS), (1, scores, 1e-6, ())]:
        expected = stages["rpn.proposals." + ["boxes", "scores"][part]]
        mistakes = [(sentence, lambda o=options: answer(**o)[part]) for sentence, options in sentences]  # noqa: B023
        compare(f"proposals(), {['boxes', 'scores'][part]}", mine, expected, tolerance, ["proposal"], columns, mistakes)
    return "proposals: all 200 boxes and scores are the reference's"
