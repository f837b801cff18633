"""Checks of 10-keypoints."""

import numpy as np
from reference import Wrong, call, check, compare, numbers, recorded

NAMES = [
    "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow", "right elbow",
    "left wrist", "right wrist", "left hip", "right hip", "left knee", "right knee", "left ankle", "right ankle",
]  # fmt: skip
PARTS = ["x", "y", "score"]


def _cells(points, box, side, rounding=np.floor, swapped=False):
    x1, y1, x2, y2 = box
    columns, rows = (points[:, 0] - x1) * side / (x2 - x1), (points[:, 1] - y1) * side / (y2 - y1)
    cells = rounding(np.stack([columns, rows], axis=1)).astype(int)
    return cells[:, ::-1] if swapped else cells


@check
def check_cells(cells):
    cases = [
        ("the example by hand", np.array([[80.6, 152.4]]), np.array([40.0, 60, 152, 228]), 56),
        ("three points", np.array([[10.0, 20], [29.9, 59.9], [17.5, 30.1]]), np.array([10.0, 20, 30, 60]), 56),
    ]
    for name, points, box, side in cases:
        right = _cells(points, box, side)
        compare(
            f"cells, {name}", call(cells, points, box, side), right, 0, ["point"], ["column", "row"],
            [
                ("rounded to the nearest; a point lies in the cell that it is cut down to. ", _cells(points, box, side, rounding=np.round)),
                ("not rounded: cut down to whole numbers. ", (points - box[:2]) * side / (box[2:] - box[:2])),
                ("row and column are exchanged: x gives the column, which comes first. ", right[:, ::-1]),
                ("the same scale is used for x and y; width and height of the box differ. ",
                 np.floor((points - box[:2]) * side / (box[2] - box[0])).astype(int)),
            ],
        )  # fmt: skip
    return "cells: right, for four points"


def _cubic(d, a=-0.75):
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * (d**3 - 5 * d**2 + 8 * d - 4)
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def _weights(cells, pixels, a=-0.75, half=True, border="repeat", linear=False):
    half_cell = 0.5 if half else 0.0
    place = (np.arange(pixels) + half_cell) * cells / pixels - half_cell
    distance = np.abs(place[:, None] - np.arange(-2, cells + 2))
    matrix = np.maximum(1 - distance, 0) if linear else _cubic(distance, a)
    if border == "repeat":
        matrix[:, 2] += matrix[:, 0] + matrix[:, 1]
        matrix[:, -3] += matrix[:, -2] + matrix[:, -1]
    inner = matrix[:, 2:-2].copy()
    return inner / inner.sum(axis=1, keepdims=True) if border == "renormalise" else inner


@check
def check_weights(weights):
    for cells, pixels in [(4, 8), (5, 3), (56, 72)]:
        compare(
            f"weights({cells}, {pixels})", call(weights, cells, pixels), _weights(cells, pixels), 1e-6, ["pixel", "cell"], (),
            [
                ("the halves are missing: pixel i has its middle at i + ½, cell k at k + ½. ", _weights(cells, pixels, half=False)),
                ("what falls beyond the border is lost; it belongs to the outermost cell, so that every row adds up to 1. ",
                 _weights(cells, pixels, border="lost")),
                ("each row is divided by its sum; what falls beyond the border belongs to the outermost cell. ",
                 _weights(cells, pixels, border="renormalise")),
                ("the cubic's parameter is −0.5 (OpenCV and PyTorch have −0.75). ", _weights(cells, pixels, a=-0.5)),
                ("this is linear: two neighbours. The cubic has four. ", _weights(cells, pixels, linear=True)),
            ],
        )  # fmt: skip
    return "weights: right; every row adds up to 1"


def _keypoints(maps, box, half=True, up=True, enlarged=True, swapped=False, linear=False):
    x1, y1, x2, y2 = box.astype(np.float64)
    rounding = np.ceil if up else np.floor
    w, h = (int(rounding(side)) for side in (x2 - x1, y2 - y1))
    side = maps.shape[1]
    if not enlarged:
        w = h = side
    answers = []
    for map in maps.astype(np.float64):
        large = _weights(side, h, linear=linear) @ map @ _weights(side, w, linear=linear).T if enlarged else map
        row, column = np.unravel_index(large.argmax(), large.shape)
        score = large[row, column]
        if swapped:
            row, column = column, row
        offset = 0.5 if half else 0.0
        answers.append([x1 + (column + offset) * (x2 - x1) / w, y1 + (row + offset) * (y2 - y1) / h, score])
    return np.array(answers)


@check
def check_keypoints(keypoints):
    stages = recorded()
    maps, right = stages["keypoint.heatmaps"].astype(np.float64), stages["output.keypoints"]
    box = stages["detections.boxes"][int(stages["keypoint.detection"])].astype(np.float64)
    mine = numbers("keypoints", call(keypoints, maps, box))
    if mine.shape == (17, 2):
        raise Wrong("keypoints: the shape is (17, 2); it should be (17, 3): x, y and the score, the value at the maximum")
    compare(
        "keypoints of the person", mine, right, 2e-2, ["keypoint"], PARTS,
        [
            ("the half is missing: the point is the middle of its pixel, column + ½. ", lambda: _keypoints(maps, box, half=False)),
            ("the box's size is rounded down; it is rounded up. ", lambda: _keypoints(maps, box, up=False)),
            ("the maps are not enlarged; find the maximum after the enlargement. ", lambda: _keypoints(maps, box, enlarged=False)),
            ("row and column are exchanged: the column gives x. ", lambda: _keypoints(maps, box, swapped=True)),
            ("the map is enlarged bilinearly; the cubic is what the reference has. ", lambda: _keypoints(maps, box, linear=True)),
        ],
    )  # fmt: skip
    return "keypoints: all 17 are the reference's"


def _loss(maps, cells, visible, places=True, mean_all=False):
    total = 0.0
    for map, (column, row), seen in zip(maps, cells, visible):
        if seen or mean_all:
            logits = map.astype(np.float64)
            largest = logits.max()
            total += np.log(np.exp(logits - largest).sum()) + largest - logits[row, column]
    return total / (len(maps) if mean_all else max(visible.sum(), 1))


@check
def check_loss(keypoint_loss):
    stages = recorded()
    maps = stages["keypoint.heatmaps"].astype(np.float64)
    box = stages["detections.boxes"][int(stages["keypoint.detection"])].astype(np.float64)
    cells = np.clip(_cells(stages["output.keypoints"][:, :2], box, 56), 0, 55)
    seen = np.ones(17, dtype=bool)
    some = np.arange(17) % 3 != 0
    cases = [
        ("equal logits, ln 3136", np.zeros((2, 56, 56)), np.array([[3, 4], [10, 20]]), np.array([True, True])),
        ("the person", maps, cells, seen),
        ("logits of 900", np.full((1, 56, 56), 900.0), np.array([[3, 4]]), np.array([True])),
        ("the person, of whom a third is not labelled", maps, cells, some),
    ]
    for name, given, places, visible in cases:
        right = _loss(given, places, visible)
        exchanged = places[:, ::-1]
        mine = numbers(f"keypoint_loss, {name}", call(keypoint_loss, given, places, visible))
        if name == "logits of 900" and not np.isfinite(mine).all():
            raise Wrong("keypoint_loss, logits of 900: exp(900) is infinite; subtract the map's largest logit first")
        compare(
            f"keypoint_loss, {name}", mine, right, 1e-4, (), (),
            [
                ("column and row of the right cell are exchanged: cells are (column, row), maps are [row, column]. ", _loss(given, exchanged, visible)),
                ("keypoints without a label count too; leave them out, of the sum and of the number. ", _loss(given, places, visible, mean_all=True)),
                ("the sum is divided by all keypoints; divide by the labelled ones. ", right * visible.sum() / len(visible)),
                ("this is the sum; divide by the number of labelled keypoints. ", right * visible.sum()),
            ],
        )  # fmt: skip
    return "keypoint_loss: right; a head that knows nothing has ln 3136 = 8.05"
