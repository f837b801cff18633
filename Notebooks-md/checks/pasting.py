"""Checks of 09-mask-pasting."""

import numpy as np
from reference import call, check, compare, numbers, recorded


def _places(first, last, length, side, pixel=0.5, value=0.5, plus=0.0):
    return (np.arange(length) + pixel - first) / (last - first + plus) * side - value


def _weights(place, side, border=None):
    """[pixels, side]: how much of each value a pixel takes along one axis. Beyond the square there is 0, or its border repeated."""
    place = np.clip(place, 0, side - 1) if border == "everywhere" else place
    matrix = np.zeros((len(place), side))
    low = np.floor(place).astype(int)
    for index, share in [(low, 1 - (place - low)), (low + 1, place - low)]:
        inside = (index >= 0) & (index < side)
        matrix[np.flatnonzero(inside), index[inside]] += share[inside]
        if border == "once":
            near = ~inside & (index >= -1) & (index <= side)
            matrix[np.flatnonzero(near), np.clip(index, 0, side - 1)[near]] += share[near]
    return matrix


def _paste(square, box, height, width, cut=False, nearest=False, swapped=False, border=None, **options):
    side = len(square)
    square = (square >= 0.5).astype(np.float64) if cut else square.astype(np.float64)
    x1, y1, x2, y2 = box[[1, 0, 3, 2]] if swapped else box
    rows, columns = _places(y1, y2, height, side, **options), _places(x1, x2, width, side, **options)
    if nearest:
        rows, columns = np.floor(rows + 0.5), np.floor(columns + 0.5)
    return _weights(rows, side, border) @ square @ _weights(columns, side, border).T


@check
def check_places(places):
    for case in [(10, 66, 14, 28), (3.2, 17.9, 20, 28), (-5, 40, 50, 4)]:
        compare(
            f"places{case}", call(places, *case), _places(*case), 1e-6, ["pixel"], (),
            [
                ("every place is half a value too far on: value k has its middle at k + ½, so its index is the coordinate minus ½. ",
                 _places(*case, value=0)),
                ("pixels are taken at their corner: pixel i has its middle at i + ½. ", _places(*case, pixel=0)),
                ("both halves are missing: pixel i has its middle at i + ½, value k at k + ½. ", _places(*case, pixel=0, value=0)),
                ("the outermost values lie on the edges of the box, side − 1 steps apart; each value is a cell, and there are `side` of them. ",
                 (np.arange(case[2]) - case[0]) / (case[1] - case[0]) * (case[3] - 1)),
                ("the box is counted with + 1; from 10 to 66 it is 56 wide. ", _places(*case, plus=1.0)),
                ("this is the share of the way through the box; times `side` it is a place in the square. ",
                 (np.arange(case[2]) + 0.5 - case[0]) / (case[1] - case[0])),
            ],
        )  # fmt: skip
    return "places: right, for three boxes"


@check
def check_paste(paste):
    stages = recorded()
    squares, boxes, masks = (stages[name] for name in ["mask.probabilities", "output.boxes", "output.masks"])
    boxes = boxes.astype(np.float64)
    small = np.array([[0.2, 0.9], [0.6, 1.0]])
    cases = [("a square of 2 × 2 in a picture of 6 × 8", small, np.array([1.0, 1, 6, 5]), 6, 8)]
    cases += [(f"detection {i}", squares[i], boxes[i], *masks.shape[1:]) for i in range(len(boxes))]
    for name, square, box, height, width in cases:
        right = _paste(square, box, height, width)
        wrong = lambda s=square, b=box, h=height, w=width, **options: _paste(s, b, h, w, **options)
        mistakes = [
            ("the mask lies half a value of the square too far to the upper left: value k has its middle at k + ½. ", lambda w=wrong: w(value=0)),
            ("pixels are taken at their corner; pixel i has its middle at i + ½. ", lambda w=wrong: w(pixel=0)),
            ("the square is cut at one half before it is enlarged; paste the probabilities, and cut afterwards. ", lambda w=wrong: w(cut=True)),
            ("the nearest value is taken; interpolate between four. ", lambda w=wrong: w(nearest=True)),
            ("x and y are exchanged: boxes are x1 y1 x2 y2, rows go with y. ", lambda w=wrong: w(swapped=True)),
            ("at the border of the box the outermost values are repeated; around the square there is 0. ", lambda w=wrong: w(border="once")),
            ("beyond the box the outermost values are repeated; around the square there is 0. ", lambda w=wrong: w(border="everywhere")),
            ("this is the mask; the answer should be the probabilities, before they are cut at one half. ", right >= 0.5),
        ]
        axes = ["row", "column"]
        mine = call(paste, square, box, height, width)
        compare(f"paste, {name}", mine, right, 1e-4, axes, (), mistakes)
    pixels = 0
    for i in range(len(boxes)):
        mine = numbers("paste", call(paste, squares[i], boxes[i], *masks.shape[1:]))
        sure = np.abs(mine - 0.5) > 1e-4  # where no rounding decides
        compare(f"the mask of detection {i}", (mine >= 0.5) & sure, (masks[i] == 1) & sure, 0, ["row", "column"])
        pixels += int(sure.sum())
    return f"paste: right; cut at one half, {pixels} pixels of 6 masks are the reference's"
