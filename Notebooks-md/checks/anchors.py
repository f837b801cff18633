"""Checks of 02-anchors."""

import numpy as np
from reference import call, check, compare, recorded

RATIOS = [0.5, 1.0, 2.0]
SIZES = {"p2": 12, "p3": 24, "p4": 48, "p5": 96, "p6": 192}
STRIDES = {"p2": 4, "p3": 8, "p4": 16, "p5": 32, "p6": 64}
GRIDS = {"p3": (32, 40), "p4": (16, 20), "p5": (8, 10), "p6": (4, 5)}
CORNERS = ["x1", "y1", "x2", "y2"]


def _shapes(size, ratios, scale=0.5, root=True, inverse=False):
    ratios = np.asarray(ratios, dtype=np.float64)
    ratios = 1 / ratios if inverse else ratios
    factor = np.sqrt(ratios) if root else ratios
    width, height = size / factor, size * factor
    return np.stack([-width, -height, width, height], axis=1) * scale


def _anchors(size, stride, height, width, offset=0.0, order="ij"):
    y, x = np.meshgrid(stride * (np.arange(height) + offset), stride * (np.arange(width) + offset), indexing=order)
    places = np.stack([x, y, x, y], axis=-1)
    return (places[:, :, None, :] + _shapes(size, RATIOS)).reshape(-1, 4)


@check
def check_shapes(shapes):
    for size, ratios in [(24, RATIOS), (32, [0.25, 4.0])]:
        right = _shapes(size, ratios)
        compare(
            f"shapes({size}, {ratios})", call(shapes, size, ratios), right, 1e-3, ["ratio"], CORNERS,
            [
                ("width and height are exchanged: the ratio is height over width (Matterport has the inverse), and a box is x1 y1 x2 y2. ",
                 _shapes(size, ratios, inverse=True)),
                ("twice as large as they should be: half of the width lies on either side of the middle. ", _shapes(size, ratios, scale=1)),
                ("only a corner of each box is in the middle: half of the width lies on either side of it. ",
                 _shapes(size, ratios) - _shapes(size, ratios)[:, [0, 1, 0, 1]]),
                ("the areas differ with the ratio: multiply and divide by the square root of the ratio. ", _shapes(size, ratios, root=False)),
                ("corners are rounded to whole pixels, as torchvision does it; here they are not. ", np.round(right)),
            ],
        )  # fmt: skip
    return "shapes: right, for two sizes and five ratios"


@check
def check_anchors(anchors):
    stages = recorded()
    small = _anchors(24, 8, 2, 3)
    first = call(anchors, 24, 8, 2, 3)
    _compare("anchors(24, 8, 2, 3)", first, small, 24, 8, 2, 3)
    for level, (height, width) in GRIDS.items():
        size, stride = SIZES[level], STRIDES[level]
        name = f"anchors({size}, {stride}, {height}, {width}), level {level}"
        _compare(name, call(anchors, size, stride, height, width), stages[f"anchors.{level}"], size, stride, height, width)
    return "anchors: all 5100 of levels p3 to p6 are the reference's"


def _compare(name, mine, expected, size, stride, height, width):
    grid = _anchors(size, stride, height, width).reshape(height, width, 3, 4)
    compare(
        name, mine, expected, 1e-3, ["anchor"], CORNERS,
        [
            ("every anchor lies half a stride too far to the lower right: position 0 stands at pixel 0, not at the middle of its cell. ",
             _anchors(size, stride, height, width, offset=0.5)),
            ("every anchor lies half a pixel too far to the lower right. ", grid.reshape(-1, 4) + 0.5),
            ("the columns run slower than the rows: the order is row, column, shape, so go through a whole row before the next. ",
             grid.transpose(1, 0, 2, 3).reshape(-1, 4)),
            ("the shapes run slowest: all shapes of one position come first, then the next position. ",
             grid.transpose(2, 0, 1, 3).reshape(-1, 4)),
            ("x and y are exchanged: the column gives x, the row gives y. ", _exchanged(size, stride, height, width)),
            ("the positions are not multiplied by the stride. ", _anchors(size, 1, height, width)),
            ("these are the positions of columns for rows: height is the number of rows. ",
             _anchors(size, stride, width, height)),
            ("the axes are still apart; bring them into [height · width · ratios, 4] with reshape(-1, 4). ", grid),
        ],
    )  # fmt: skip


def _exchanged(size, stride, height, width):
    y, x = np.meshgrid(stride * np.arange(height), stride * np.arange(width), indexing="ij")
    places = np.stack([y, x, y, x], axis=-1)
    return (places[:, :, None, :] + _shapes(size, RATIOS)).reshape(-1, 4)
