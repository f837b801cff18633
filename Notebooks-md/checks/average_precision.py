"""Checks of 13-average-precision."""

import json

import numpy as np
from reference import RECORDED, Wrong, call, check, compare, numbers


def _average_precision(right, objects, envelope=True, points=101, trapezoid=False, found_only=False):
    if objects == 0:
        return np.nan
    right = np.asarray(right, dtype=np.float64)
    if len(right) == 0:
        return 0.0
    hits = np.cumsum(right)
    recall, precision = hits / objects, hits / np.arange(1, len(right) + 1)
    if envelope:
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    if trapezoid:
        return float(np.sum(np.diff(np.concatenate([[0], recall])) * precision))
    if found_only:
        return float((precision * right).sum() / max(right.sum(), 1))
    index = np.searchsorted(recall, np.linspace(0, 1, points) - 1e-12, side="left")
    return float(np.append(precision, 0)[index].mean())


def overlap(box, boxes):
    """[N]: the IoU of one box, [4], with each of several, [N, 4], all as COCO has them: x, y, width, height."""
    near = np.maximum(box[:2], boxes[:, :2])
    far = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    shared = np.prod(np.maximum(far - near, 0), axis=1)
    return shared / (box[2] * box[3] + boxes[:, 2] * boxes[:, 3] - shared)


def _judge(detections, objects, threshold, reuse=False, first=False, above=False, any_object=False):
    taken, answers = set(), []
    for box in detections:
        ious = overlap(box, objects) if len(objects) else np.zeros(0)
        enough = [i for i in range(len(objects)) if ious[i] > threshold or (not above and ious[i] == threshold)]
        if any_object:  # the best of all objects, free or not
            best = int(np.argmax(ious)) if len(ious) else -1
            enough = [i for i in enough if i == best and i not in taken]
        elif not reuse:
            enough = [i for i in enough if i not in taken]
        choice = (min(enough) if first else max(enough, key=lambda i: ious[i])) if enough else None
        if choice is not None:
            taken.add(choice)
        answers.append(choice is not None)
    return answers


def dataset():
    """The twenty pictures: for each picture and class the detections, best first, their scores, and the objects."""
    truth = json.loads((RECORDED / "evaluation" / "annotations.json").read_text())
    found = json.loads((RECORDED / "evaluation" / "results.json").read_text())
    table = {}
    for category in sorted(entry["id"] for entry in truth["categories"]):
        for image in sorted(entry["id"] for entry in truth["images"]):
            mine = lambda entry, i=image, c=category: entry["image_id"] == i and entry["category_id"] == c
            detections = sorted(filter(mine, found), key=lambda entry: -entry["score"])
            objects = [entry["bbox"] for entry in filter(mine, truth["annotations"])]
            table[image, category] = (
                np.array([entry["bbox"] for entry in detections], np.float64).reshape(-1, 4),
                np.array([entry["score"] for entry in detections], np.float64),
                np.array(objects, np.float64).reshape(-1, 4),
            )
    return table


def reference_numbers():
    """COCO's numbers of the twenty pictures, boxes: AP, AP50, AP75 first."""
    return json.loads((RECORDED / "evaluation" / "numbers.json").read_text())["bbox"]


def _ap(threshold, together=False, by_image=False):
    table, results = dataset(), []
    categories = sorted({category for _, category in table})
    groups = [categories] if together else [[category] for category in categories]
    for group in groups:
        scores, right, objects, each = [], [], 0, []
        for (_, category), (boxes, score, truth) in table.items():
            if category in group:
                answers = _judge(boxes, truth, threshold)
                scores, right, objects = [*scores, *score], [*right, *answers], objects + len(truth)
                if len(truth):
                    each.append(_average_precision(answers, len(truth)))
        order = np.argsort(-np.array(scores), kind="stable")
        results.append(np.mean(each) if by_image else _average_precision(np.array(right)[order], objects))
    return float(np.nanmean(results))


@check
def check_average_precision(average_precision):
    cases = [
        ("right, wrong, right, wrong, right; 3 objects", [1, 0, 1, 0, 1], 3),
        ("right, right; 4 objects", [1, 1], 4),
        ("wrong, right, right, right, right; 4 objects", [0, 1, 1, 1, 1], 4),
        ("no detections; 2 objects", [], 2),
        ("wrong; 2 objects", [0], 2),
    ]
    for name, right, objects in cases:
        right = np.array(right, dtype=int)
        compare(
            f"average_precision: {name}", call(average_precision, right, objects), _average_precision(right, objects), 1e-6, (), (),
            [
                ("the curve goes up and down; at each recall the best precision at this or a larger recall counts. ",
                 _average_precision(right, objects, envelope=False)),
                ("this is the exact area under the curve; COCO takes the mean of 101 points. ", _average_precision(right, objects, trapezoid=True)),
                ("this is the mean over 11 points (Pascal VOC before 2010); COCO has 101. ", _average_precision(right, objects, points=11)),
                ("objects that were not found are forgotten: at a recall that is never reached the precision is 0. ",
                 _average_precision(right, objects, found_only=True)),
                ("recall is the share of the objects that were found: divide by the number of objects, not of right detections. ",
                 _average_precision(right, max(int(right.sum()), 1))),
            ],
        )  # fmt: skip
    return "average_precision: right, for five lists of detections"


@check
def check_judge(judge):
    objects = np.array([[0.0, 0, 10, 10], [20, 0, 10, 10]])
    cases = [
        ("two detections of one object", np.array([[0.0, 0, 10, 10], [1, 0, 10, 10]]), objects, 0.5),
        ("a detection far from all", np.array([[50.0, 50, 10, 10]]), objects, 0.5),
        ("an overlap that equals the threshold", np.array([[0.0, 0, 10, 5]]), objects, 0.5),
        ("two objects that overlap", np.array([[1.0, 0, 10, 10], [3, 0, 10, 10]]), np.array([[0.0, 0, 10, 10], [2, 0, 10, 10]]), 0.5),
        ("the best object is taken, another is free", np.array([[0.0, 0, 10, 10], [1, 0, 10, 10]]), np.array([[0.0, 0, 10, 10], [4, 0, 10, 10]]), 0.5),
        ("no objects", np.array([[0.0, 0, 10, 10]]), np.zeros((0, 4)), 0.5),
    ]  # fmt: skip
    for name, boxes, truth, threshold in cases:
        mine = numbers(f"judge: {name}", call(judge, boxes, truth, threshold))
        expected = np.array(_judge(boxes, truth, threshold), dtype=int)
        if mine.shape == (int(expected.sum()),) and mine.dtype != bool and mine.shape != expected.shape:
            raise Wrong(f"judge: {name}: the answer should have a value for each detection, not only for the right ones")
        compare(
            f"judge: {name}", mine.astype(int), expected, 0, ["detection"], (),
            [
                ("an object is found twice; each can be taken once, by the first detection that gets it. ",
                 np.array(_judge(boxes, truth, threshold, reuse=True), dtype=int)),
                ("an overlap that equals the threshold is enough. ", np.array(_judge(boxes, truth, threshold, above=True), dtype=int)),
                ("the first object that overlaps enough is taken; it should be the one that overlaps most. ",
                 np.array(_judge(boxes, truth, threshold, first=True), dtype=int)),
                ("a detection whose best object is taken may still take another that is free. ",
                 np.array(_judge(boxes, truth, threshold, any_object=True), dtype=int)),
            ],
        )  # fmt: skip
    return "judge: right, in six cases"


@check
def check_ap(ap):
    expected = reference_numbers()
    for threshold, right in [(0.5, expected[1]), (0.75, expected[2])]:
        compare(
            f"ap({threshold})", call(ap, threshold), right, 1e-6, (), (),
            [
                ("all classes make one curve; each class has its own, and AP is the mean over classes. ", lambda t=threshold: _ap(t, together=True)),
                ("the mean is over pictures; all pictures of a class make one curve. ", lambda t=threshold: _ap(t, by_image=True)),
            ],
        )  # fmt: skip
    mean = np.mean([call(ap, threshold) for threshold in np.linspace(0.5, 0.95, 10)])
    compare("the mean of ap over 0.50, 0.55 … 0.95", mean, expected[0], 1e-6)
    return f"ap: AP50 = {expected[1]:.4f} and AP75 = {expected[2]:.4f}, as the reference has them, and so is their mean over ten thresholds"
