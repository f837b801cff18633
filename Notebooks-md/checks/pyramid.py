"""Checks of 01-pyramid."""

import numpy as np
from reference import Wrong, call, check, compare, numbers, recorded

MAP = ["channel", "row", "column"]


def _sizes(height, width, multiple=32, floor=False):
    height, width = (-(-side // multiple) * multiple for side in (height, width))
    sizes = [(height // 2**level, width // 2**level) for level in [2, 3, 4, 5]]
    rows, columns = sizes[-1]
    last = (rows // 2, columns // 2) if floor else ((rows + 1) // 2, (columns + 1) // 2)
    return np.array([*sizes, last])


def _group_norm(x, scale, shift, groups, axes="group", ddof=0, epsilon=1e-5, deviation=False, affine=True):
    c, h, w = x.shape
    x = x.astype(np.float64)
    if axes == "group":
        grouped = x.reshape(groups, -1)
    elif axes == "channel":
        grouped = x.reshape(c, -1)
    elif axes == "all":
        grouped = x.reshape(1, -1)
    elif axes == "position":
        grouped = x.reshape(groups, c // groups, h, w)
    else:  # interleaved: channel 0, groups, 2 · groups …
        grouped = x.reshape(c // groups, groups, h * w).transpose(1, 0, 2).reshape(groups, -1)
    over = 1
    mean, variance = grouped.mean(over, keepdims=True), grouped.var(over, keepdims=True, ddof=ddof)
    normal = (grouped - mean) / (variance + epsilon if deviation else np.sqrt(variance + epsilon))
    if axes == "interleaved":
        normal = normal.reshape(groups, c // groups, h * w).transpose(1, 0, 2)
    normal = normal.reshape(c, h, w)
    return normal * scale[:, None, None] + shift[:, None, None] if affine else normal


def _enlarge(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def _bilinear(x):
    def matrix(n):
        place = np.clip((np.arange(2 * n) + 0.5) / 2 - 0.5, 0, n - 1)
        low = place.astype(int)
        m = np.zeros((2 * n, n))
        m[np.arange(2 * n), low] += 1 - (place - low)
        m[np.arange(2 * n), np.minimum(low + 1, n - 1)] += place - low
        return m

    return np.einsum("yh,xw,chw->cyx", matrix(x.shape[1]), matrix(x.shape[2]), x)


def _convolve(x, weight, mode="constant", flipped=False):
    weight = weight[:, :, ::-1, ::-1] if flipped else weight
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1)), mode=mode)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.einsum("oikl,ihwkl->ohw", weight.astype(np.float64), windows, optimize=True)


def layer(name):
    """A layer's kernels, and the scale and shift of the group norm behind it."""
    stages = recorded()
    return tuple(stages[f"parameters.{name}.{part}"] for part in ["weight", "norm.weight", "norm.bias"])


@check
def check_sizes(sizes):
    for height, width in [(240, 320), (800, 1333), (256, 256), (1, 33)]:
        compare(
            f"sizes({height}, {width})", call(sizes, height, width), _sizes(height, width), 0, ["level"], ["rows", "columns"],
            [
                ("the picture is not padded to multiples of 32 first. ", _sizes(height, width, multiple=1)),
                ("the picture is not padded to multiples of 32 first, and p6 is cut down. ", _sizes(height, width, multiple=1, floor=True)),
                ("it is padded to multiples of 64; the network's coarsest stage has stride 32, and that is enough. ", _sizes(height, width, multiple=64)),
                ("p6 is cut down; every second of 25 rows, beginning with the first, are 13. ", _sizes(height, width, floor=True)),
                ("p6 is missing. ", _sizes(height, width)[:4]),
                ("rows and columns are exchanged. ", _sizes(height, width)[:, ::-1]),
            ],
        )  # fmt: skip
    return "sizes: right, for four pictures"


@check
def check_group_norm(group_norm):
    random = np.random.default_rng(0)
    x = random.normal(1, 2, (8, 3, 4)) * np.arange(1, 9)[:, None, None]
    scale, shift = random.normal(1, 0.5, 8), random.normal(0, 1, 8)
    wrong = lambda **options: _group_norm(x, scale, shift, 4, **options)
    compare(
        "group_norm, 8 channels of 3 × 4 in 4 groups", call(group_norm, x, scale, shift, 4), wrong(), 1e-4, MAP, (),
        [
            ("each channel is normalised by itself (instance norm); a group has several channels. ", wrong(axes="channel")),
            ("all channels are normalised together (layer norm); each group is by itself. ", wrong(axes="all")),
            ("each position is normalised by itself; mean and variance are over all positions of a group. ", wrong(axes="position")),
            ("a group is made of every fourth channel; it should be neighbours: 0 and 1, 2 and 3 … ", wrong(axes="interleaved")),
            ("it is divided by the variance; divide by its root. ", wrong(deviation=True)),
            ("the variance is divided by n − 1; it should be n (np.var as it is). ", wrong(ddof=1)),
            ("scale and shift are missing. ", wrong(affine=False)),
        ],
    )  # fmt: skip
    flat = np.full((2, 2, 2), 3.0)
    name = "group_norm of a map that is 3 everywhere, scale 1, shift 5"
    mine = numbers(name, call(group_norm, flat, np.ones(2), np.full(2, 5.0), 1))
    if not np.isfinite(mine).all():
        raise Wrong(f"{name}: its variance is 0, and 0 / 0 is no number; add 10⁻⁵ under the root")
    compare(name, mine, flat + 2, 1e-6, MAP)
    return "group_norm: right"


@check
def check_lateral(lateral):
    stages = recorded()
    for level in ["p5", "p4"]:
        c = stages[f"backbone.c{level[1]}"]
        weight, scale, shift = layer(f"fpn.lateral.{level}")
        plain = np.einsum("oi,ihw->ohw", weight[:, :, 0, 0].astype(np.float64), c)
        compare(
            f"lateral of c{level[1]}", call(lateral, c, weight, scale, shift), stages[f"fpn.lateral.{level}"], 1e-2, MAP, (),
            [
                ("the group norm behind the convolution is missing. ", plain),
                ("the groups are not 8 but one for each channel. ", _group_norm(plain, scale, shift, 64)),
                ("the group norm has one group; it should have 8. ", _group_norm(plain, scale, shift, 1)),
                ("there is a ReLU behind it; the pyramid has none. ", lambda r=stages[f"fpn.lateral.{level}"]: np.maximum(r, 0)),
            ],
        )  # fmt: skip
    return "lateral: fpn.lateral.p5 and fpn.lateral.p4 are the reference's"


@check
def check_merge(enlarge, merge):
    small = np.arange(12.0).reshape(2, 2, 3)
    compare(
        "enlarge, 2 channels of 2 × 3", call(enlarge, small), _enlarge(small), 1e-9, MAP, (),
        [
            ("the map as a whole is repeated; each value should become a square of four. ", np.tile(small, (1, 2, 2))),
            ("this is bilinear; the pyramid repeats the nearest value. ", _bilinear(small)),
            ("only the rows are repeated; the columns are too. ", small.repeat(2, axis=1)),
            ("only the columns are repeated; the rows are too. ", small.repeat(2, axis=2)),
            ("the channels are repeated. ", small.repeat(2, axis=0).repeat(2, axis=1)),
        ],
    )  # fmt: skip
    stages = recorded()
    side, above = stages["fpn.lateral.p4"], stages["fpn.lateral.p5"]
    compare(
        "merge of fpn.lateral.p4 and fpn.merged.p5", call(merge, side, above), stages["fpn.merged.p4"], 1e-2, MAP, (),
        [
            ("this is the enlarged map alone: add the lateral one. ", _enlarge(above)),
            ("this is the mean of the two; it should be the sum. ", (side + _enlarge(above)) / 2),
            ("the coarser map is enlarged bilinearly; the pyramid repeats the nearest value. ", side + _bilinear(above)),
        ],
    )  # fmt: skip
    return "merge: fpn.merged.p4 is the reference's"


@check
def check_convolve(convolve):
    random = np.random.default_rng(1)
    x, weight = random.normal(size=(3, 4, 5)), random.normal(size=(2, 3, 3, 3))
    cases = [("convolve, 3 channels of 4 × 5", x, weight)]
    for name, given, kernel in cases:
        compare(
            name, call(convolve, given, kernel), _convolve(given, kernel), 1e-6, MAP, (),
            [
                ("the kernel is turned by 180°, as mathematicians' convolution does; networks' does not. ", _convolve(given, kernel, flipped=True)),
                ("there is no border of zeros: the map shrinks by two. ", _convolve(given, kernel)[:, 1:-1, 1:-1]),
                ("the border repeats the map's edge; it should be zeros. ", _convolve(given, kernel, mode="edge")),
                ("rows and columns of the kernel are exchanged. ", _convolve(given, kernel.swapaxes(2, 3))),
            ],
        )  # fmt: skip
    stages = recorded()
    for level, merged in [("p5", "fpn.lateral.p5"), ("p4", "fpn.merged.p4")]:
        weight, scale, shift = layer(f"fpn.{level}")
        mine = numbers("convolve", call(convolve, stages[merged], weight))
        compare(f"fpn.{level}, 16 channels, with the group norm", _group_norm(mine, scale, shift, 2), stages[f"fpn.{level}"], 2e-2, MAP)
    return "convolve: with the group norm, fpn.p5 and fpn.p4 are the reference's"


@check
def check_p6(p6):
    stages = recorded()
    p5 = stages["fpn.p5"]
    means = p5.reshape(16, 4, 2, 5, 2).mean(axis=(2, 4))
    compare(
        "p6 of fpn.p5", call(p6, p5), stages["fpn.p6"], 1e-3, MAP, (),
        [
            ("it begins with the second row and column; begin with the first. ", p5[:, 1::2, 1::2]),
            ("this is the mean of squares of four; p6 takes one value of each. ", means),
            ("this is the largest of squares of four; p6 takes one value of each (a max pool with a window of 1). ",
             p5.reshape(16, 4, 2, 5, 2).max(axis=(2, 4))),
            ("only the rows are thinned out. ", p5[:, ::2]),
        ],
    )  # fmt: skip
    return "p6: fpn.p6 is the reference's"
