"""Checks of 05-roipool and 06-roialign."""

import itertools

import numpy as np
from reference import Wrong, call, check, compare, numbers, parts, recorded

BINS = 14


# RoIPool


def _edges(start, end, scale, rounding="nearest", inclusive=True):
    if rounding == "down":
        first, last = int(np.floor(start * scale)), int(np.floor(end * scale))
    elif rounding == "even":
        first, last = int(np.round(start * scale)), int(np.round(end * scale))
    else:
        first, last = int(np.floor(start * scale + 0.5)), int(np.floor(end * scale + 0.5))
    return first, max(last - first + (1 if inclusive else 0), 1)


def _bins(start, end, scale, length, count, rounding="nearest", inclusive=True, whole=False):
    first, positions = _edges(start, end, scale, rounding, inclusive)
    if whole:
        size = max(positions // count, 1)
        starts = first + np.arange(count) * size
        ends = starts + size
    else:
        size = np.float32(positions) / np.float32(count)
        starts = first + np.floor(np.arange(count, dtype=np.float32) * size).astype(int)
        ends = first + np.ceil(np.arange(1, count + 1, dtype=np.float32) * size).astype(int)
    return np.clip(starts, 0, length), np.clip(ends, 0, length)


def _roi_pool(feature, box, scale, count, mean=False, swapped=False, **options):
    channels, height, width = feature.shape
    output = np.zeros((channels, count, count))
    x1, y1, x2, y2 = box[[1, 0, 3, 2]] if swapped else box
    rows, columns = _bins(y1, y2, scale, height, count, **options), _bins(x1, x2, scale, width, count, **options)
    for i, (top, bottom) in enumerate(zip(*rows)):
        for j, (left, right) in enumerate(zip(*columns)):
            if bottom > top and right > left:
                window = feature[:, top:bottom, left:right]
                output[:, i, j] = window.mean(axis=(1, 2)) if mean else window.max(axis=(1, 2))
    return output


@check
def check_bins(bins):
    cases = [(40, 104, 1 / 4, 80, 14), (47.48, 116.55, 1 / 4, 80, 14), (100, 210, 1 / 8, 40, 7), (10, 21, 1 / 4, 80, 14), (300, 330, 1 / 4, 80, 7),
             (42, 50, 1 / 4, 80, 2)]  # fmt: skip
    for start, end, scale, length, count in cases:
        name = f"bins({start}, {end}, {scale}, {length}, {count})"
        answer = parts(name, call(bins, start, end, scale, length, count), 2, "where bins begin and where they end")
        rights = _bins(start, end, scale, length, count)
        wrongs = [
            ("an edge in the middle between two positions is rounded to even, as np.round does it; round it up, ⌊x + ½⌋. ", dict(rounding="even")),
            ("the edges are cut down to whole positions; RoIPool rounds them to the nearest. ", dict(rounding="down")),
            ("the last position is not counted in: a box from position 3 to 5 has 3 positions. ", dict(inclusive=False)),
            ("the bins are cut down to whole positions, so that they do not reach the end of the box. ", dict(whole=True)),
        ]  # fmt: skip
        for which, mine, right in zip(["beginnings", "ends"], answer, rights):
            mine = numbers(f"{name}, {which}", mine)
            part = 0 if which == "beginnings" else 1
            if mine.shape == right.shape and ((mine < 0) | (mine > length)).any():
                raise Wrong(f"{name}, {which}: they reach beyond the map; clip them to between 0 and {length}")
            mistakes = [(sentence, _bins(start, end, scale, length, count, **options)[part]) for sentence, options in wrongs]
            mistakes.append(("each end is one too small: it is the first position that no longer belongs to the bin. ", right - 1))
            compare(f"{name}, {which}", mine, right, 0, ["bin"], (), mistakes)
    return "bins: right, for boxes of six sizes"


@check
def check_roi_pool(roi_pool):
    stages = recorded()
    boxes, levels = stages["detections.boxes"], stages["mask.level"]
    for index, (box, level) in enumerate(zip(boxes, levels)):
        feature = stages[f"fpn.p{level}"]
        scale = 1 / 2 ** int(level)
        expected = stages["roipool.mask.pooled"][index]
        compare(
            f"roi_pool, detection {index}", call(roi_pool, feature, box, scale), expected, 1e-4, ["channel", "row", "column"], (),
            [
                ("this is the mean of each bin; RoIPool takes the maximum. ", lambda f=feature, b=box, s=scale: _roi_pool(f, b, s, BINS, mean=True)),
                ("x and y are exchanged: boxes are x1 y1 x2 y2, rows go with y. ", lambda f=feature, b=box, s=scale: _roi_pool(f, b, s, BINS, swapped=True)),
                ("rows and columns of the answer are exchanged. ", lambda e=expected: e.swapaxes(1, 2)),
                ("the edges are cut down; RoIPool rounds them to the nearest position. ",
                 lambda f=feature, b=box, s=scale: _roi_pool(f, b, s, BINS, rounding="down")),
                ("this is RoIAlign; here everything is rounded. ", stages["mask.pooled"][index]),
            ],
        )  # fmt: skip
    # Negative values, so that an empty bin's 0 shows; the box reaches beyond the map on the right and below.
    feature, box = np.arange(-40.0, 0).reshape(2, 4, 5), np.array([8.0, 4, 40, 36])
    compare(
        "roi_pool, a box that reaches beyond the map", call(roi_pool, feature, box, 1 / 4, 4), _roi_pool(feature, box, 1 / 4, 4), 1e-6,
        ["channel", "row", "column"], (),
        [
            ("a bin beyond the map repeats the map's border; a bin without positions is 0. ",
             _roi_pool(np.pad(feature, ((0, 0), (0, 9), (0, 9)), mode="edge"), box, 1 / 4, 4)),
        ],
    )  # fmt: skip
    return "roi_pool: all six detections are the reference's, and bins beyond the map are 0"


# RoIAlign


def _level(boxes, log=np.log2, rounding=np.floor, clamp=True):
    sides = np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    level = rounding(4 + log(sides / 224) + 1e-6)
    return np.clip(level, 2, 5) if clamp else level


def _bilinear(feature, y, x, shift=0.0, swapped=False, nearest=False, outside="clamp"):
    channels, height, width = feature.shape
    y, x = (x, y) if swapped else (y, x)
    y, x = y + shift, x + shift
    if y < -1 or y > height or x < -1 or x > width:
        return np.zeros(channels)
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    if nearest:
        return feature[:, int(np.floor(y + 0.5)), int(np.floor(x + 0.5))].astype(np.float64)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    v, u = y - top, x - left
    return (
        (1 - v) * (1 - u) * feature[:, top, left] + (1 - v) * u * feature[:, top, right]
        + v * (1 - u) * feature[:, bottom, left] + v * u * feature[:, bottom, right])  # fmt: skip


def _roi_align(feature, box, scale, count, samples=2, half_pixel=0.5, edges=False, swapped=False, maximum=False, factor=1.0, turned=False):
    """RoIAlign with one matrix for each axis: fast, and another way than the reader's."""
    channels, height, width = feature.shape
    x1, y1, x2, y2 = (box[[1, 0, 3, 2]] if swapped else box).astype(np.float64) * scale - half_pixel

    def matrix(first, last, length):
        steps = np.arange(count * samples)
        offset = steps / samples if edges else (steps + 0.5) / samples
        index = first + offset * (last - first) / count
        place = np.clip(index, 0, length - 1)
        low = np.minimum(place.astype(int), length - 1)
        high = np.minimum(low + 1, length - 1)
        weights = np.zeros((len(place), length))
        weights[steps, low] += 1 - (place - low)
        weights[steps, high] += place - low
        weights[(index < -1) | (index > length)] = 0
        return weights

    sampled = matrix(y1, y2, height) @ feature.astype(np.float64) @ matrix(x1, x2, width).T
    blocks = sampled.reshape(channels, count, samples, count, samples)
    pooled = factor * (blocks.max(axis=(2, 4)) if maximum else blocks.mean(axis=(2, 4)))
    return pooled.swapaxes(1, 2) if turned else pooled


# Mistakes in roi_align, by what they are about: two of one kind exclude each other.
ALIGN_MISTAKES = [
    ("half", "everything is read half a position too far to the lower right: subtract ½ from the scaled corners (torchvision's models do not)",
     lambda scale: dict(half_pixel=0)),
    ("half", "the half is added where it should be subtracted", lambda scale: dict(half_pixel=-0.5)),
    ("half", "the half pixel is subtracted before the box is scaled; it is half a position of the map", lambda scale: dict(half_pixel=0.5 * scale)),
    ("samples", "there is one sample in the middle of each bin; there should be 2 × 2, at ¼ and ¾", lambda scale: dict(samples=1)),
    ("samples", "the samples lie at 0 and ½ of each bin; they should lie at ¼ and ¾", lambda scale: dict(edges=True)),
    ("mean", "the samples are added up; take their mean", lambda scale: dict(factor=4)),
    ("mean", "the mean is divided by 4 once more; divide the sum of the samples by their number", lambda scale: dict(factor=0.25)),
    ("mean", "this is the largest of the samples; take their mean", lambda scale: dict(maximum=True)),
    ("axes", "x and y are exchanged: boxes are x1 y1 x2 y2, rows go with y", lambda scale: dict(swapped=True)),
    ("axes", "rows and columns of the answer are exchanged", lambda scale: dict(turned=True)),
]  # fmt: skip


@check
def check_level(level_of):
    sides = np.array([20, 111, 112, 223, 224, 447, 448, 2000], dtype=np.float64)
    squares = np.stack([np.zeros(8), np.zeros(8), sides, sides], axis=1)
    boxes = recorded()["detections.boxes"].astype(np.float64)
    for name, given in [("level_of, squares of sides 20, 111, 112, 223, 224, 447, 448, 2000", squares), ("level_of, the detections", boxes)]:
        mine = numbers(name, call(level_of, given))
        if mine.shape == (len(given),) and (mine != np.round(mine)).any():
            raise Wrong(f"{name}: levels are whole numbers: cut them down, ⌊…⌋. The first is {mine.flat[0]:.4g}")
        compare(
            name, mine, _level(given), 0, ["box"], (),
            [
                ("levels below 2 or above 5 have no map: clip to between 2 and 5. ", _level(given, clamp=False)),
                ("the level is rounded to the nearest; it should be cut down, ⌊…⌋. ", _level(given, rounding=np.round)),
                ("the level is rounded up; it should be cut down, ⌊…⌋. ", _level(given, rounding=np.ceil)),
                ("the logarithm should be to base 2: np.log2. ", _level(given, log=np.log)),
                ("the area is used where its square root, the side, should be. ",
                 np.clip(np.floor(4 + np.log2((given[:, 2] - given[:, 0]) * (given[:, 3] - given[:, 1]) / 224)), 2, 5)),
                ("levels are counted from 0; p2 is 2. ", _level(given) - 2),
            ],
        )  # fmt: skip
    return "level_of: right, for squares and for the detections"


@check
def check_bilinear(bilinear):
    feature = np.array([[[0.0, 1, 4], [2, 3, 9]], [[5, 5, 5], [5, 5, 8]]])
    places = [(0.25, 0.5), (0, 0), (1, 2), (0.5, 1.75), (-0.4, 0.5), (1.3, 2.6), (-1.5, 1), (0, 3.5)]
    for y, x in places:
        mine = call(bilinear, feature, y, x)
        zero = (
            "this place is on the map, and 0 is read: the last row and the last column belong to it. "
            if 0 <= y <= 1 and 0 <= x <= 2
            else "up to one position outside the map the value of the border counts, not 0: clip y and x first. "
        )
        compare(
            f"bilinear at y = {y}, x = {x}, of a map of 2 × 3", mine, _bilinear(feature, y, x), 1e-6, ["channel"], (),
            [
                (zero, np.zeros(2)),
                ("this is read half a position further down and right: y and x are indices already. ", _bilinear(feature, y, x, shift=0.5)),
                ("this is read half a position further up and left: y and x are indices already. ", _bilinear(feature, y, x, shift=-0.5)),
                ("x and y are exchanged. ", _bilinear(feature, y, x, swapped=True)),
                ("this is the nearest value, not the mixture of four. ", _bilinear(feature, y, x, nearest=True)),
                ("more than one position outside the map there should be 0. ", _bilinear(feature, min(max(y, 0), 1), min(max(x, 0), 2))),
            ],
        )  # fmt: skip
    return "bilinear: right, inside the map, at its border and outside"


@check
def check_roi_align(roi_align):
    stages = recorded()
    boxes, levels = stages["detections.boxes"], stages["mask.level"]
    # One detection of each level first: that is quick, and says nearly all.
    for index in sorted(range(len(boxes)), key=lambda i: (np.flatnonzero(levels == levels[i])[0] != i, i)):
        box, level = boxes[index], int(levels[index])
        feature, expected, scale = stages[f"fpn.p{level}"], stages["mask.pooled"][index], 1 / 2**level
        wrong = lambda *options, f=feature, b=box, s=scale: _roi_align(f, b, s, BINS, **{k: v for o in options for k, v in o(s).items()})
        mistakes = [(f"{sentence}. ", lambda w=wrong, o=options: w(o)) for _, sentence, options in ALIGN_MISTAKES]
        mistakes.append(("this is RoIPool; here nothing is rounded. ", stages["roipool.mask.pooled"][index]))
        for (kind, first, options), (other, second, more) in itertools.combinations(ALIGN_MISTAKES, 2):
            if kind != other:
                mistakes.append((f"two mistakes. One: {first}. The other: {second}. ", lambda w=wrong, o=options, m=more: w(o, m)))
        mine = call(roi_align, feature, box, scale)
        compare(f"roi_align, detection {index}", mine, expected, 2e-3, ["channel", "row", "column"], (), mistakes)
    return "roi_align: all six detections are the reference's"
