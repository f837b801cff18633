"""Writes the expected values of Tests/GeometryTests from torchvision and pycocotools.

    python3 Tools/make_geometry_goldens.py Tests/GeometryTests/Fixtures

Needs torch, torchvision, pycocotools and numpy. Floats are written so that reading them back as Double and
rounding to Float gives the same bits; NaN is written as null.
"""

import json
import math
import pathlib
import sys

import numpy as np
import pycocotools
import torch
import torchvision
from pycocotools import mask as coco
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import batched_nms, nms
from torchvision.ops import boxes as box_ops


def numbers(array):
    """A flat list of exact numbers, null for NaN."""
    flat = np.asarray(array).reshape(-1).tolist()
    return [None if isinstance(x, float) and math.isnan(x) else x for x in flat]


def random_boxes(rng, count, extent=400.0, largest=150.0):
    corner = rng.uniform(0, extent, (count, 2))
    size = rng.uniform(1, largest, (count, 2))
    return np.concatenate([corner, corner + size], 1).astype(np.float32)


def clustered_boxes(rng, count, clusters, extent, shake):
    """Boxes in heaps, as a detector yields them."""
    centres = random_boxes(rng, clusters, extent)
    boxes = centres[rng.integers(0, clusters, count)] + rng.normal(0, shake, (count, 4))
    return np.concatenate([np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])],
                          1).astype(np.float32)


def overlaps():
    rng = np.random.default_rng(1)
    boxes = np.concatenate([random_boxes(rng, 20), [[0, 0, 10, 10], [10, 0, 20, 10], [5, 5, 5, 5]]])
    boxes = torch.tensor(boxes, dtype=torch.float32)
    return {"boxes": numbers(boxes), "overlap": numbers(box_ops.box_iou(boxes, boxes))}


def coder_cases():
    """torchvision's own coder; the others restated in numpy from their conventions, in float32."""
    rng = np.random.default_rng(2)
    references, targets = random_boxes(rng, 40), random_boxes(rng, 40)
    deltas = rng.normal(0, 1, (40, 4)).astype(np.float32)
    deltas[:4] *= 12  # beyond the limit of dw and dh on both sides
    cases = []
    for stage, weights in (("proposals", (1.0, 1.0, 1.0, 1.0)), ("detections", (10.0, 10.0, 5.0, 5.0))):
        tv = BoxCoder(weights)
        encoded = tv.encode_single(torch.from_numpy(targets), torch.from_numpy(references))
        decoded = tv.decode_single(torch.from_numpy(deltas * np.float32(weights)), torch.from_numpy(references))
        cases.append(("torchvision." + stage, deltas * np.float32(weights), decoded.numpy(), encoded.numpy()))

    f = np.float32
    # Rounded from double: numpy's own float32 versions are off by a bit or two.
    exp = lambda x: np.exp(x.astype(np.float64)).astype(f)
    log = lambda x: np.log(x.astype(np.float64)).astype(f)
    limit = f(math.log(1000 / 16))
    low, high = references[:, :2], references[:, 2:]
    target_low, target_high = targets[:, :2], targets[:, 2:]

    for stage, stds in (("proposals", f([1, 1, 1, 1])), ("detections", f([0.1, 0.1, 0.2, 0.2]))):
        size, centre = high - low, (low + high) * f(0.5)
        d = (deltas / stds * stds).astype(f)
        new_centre = centre + size * d[:, :2]
        new_size = size * exp(np.clip(d[:, 2:], -limit, limit))
        decoded = np.concatenate([new_centre - new_size * f(0.5), new_centre + new_size * f(0.5)], 1)
        target_size, target_centre = target_high - target_low, (target_low + target_high) * f(0.5)
        encoded = np.concatenate([(target_centre - centre) / size, log(target_size / size)], 1) / stds
        cases.append(("mmdetection." + stage, deltas / stds, decoded, encoded))

    size = high - low
    centre = low + f(0.5) * size
    stds = f([0.1, 0.1, 0.2, 0.2])
    mild = (deltas / np.abs(deltas).max() * f(3)).astype(f)  # no limit: keep exp finite
    d = mild / stds * stds
    new_size = size * exp(d[:, 2:])
    new_low = centre + d[:, :2] * size - f(0.5) * new_size
    target_size = target_high - target_low
    target_centre = target_low + f(0.5) * target_size
    encoded = np.concatenate([(target_centre - centre) / size, log(target_size / size)], 1) / stds
    cases.append(("matterport", mild / stds, np.concatenate([new_low, new_low + new_size], 1), encoded))

    weights = f([10, 10, 5, 5])
    size = high - low + f(1)
    centre = low + f(0.5) * size
    d = (deltas * weights) / weights
    new_centre = d[:, :2] * size + centre
    new_size = exp(np.minimum(d[:, 2:], limit)) * size
    decoded = np.concatenate([new_centre - f(0.5) * new_size, new_centre + f(0.5) * new_size - f(1)], 1)
    target_size = target_high - target_low + f(1)
    target_centre = target_low + f(0.5) * target_size
    encoded = np.concatenate(
        [weights[:2] * (target_centre - centre) / size, weights[2:] * log(target_size / size)], 1)
    cases.append(("detectron1.detections", deltas * weights, decoded, encoded))

    return {
        "references": numbers(references), "targets": numbers(targets),
        "cases": [{"coder": name, "deltas": numbers(d), "decoded": numbers(dec), "encoded": numbers(enc)}
                  for name, d, dec, enc in cases]}


def suppression_cases():
    cases = []

    def add(name, boxes, scores, threshold, classes=None, separation=None):
        b, s = torch.from_numpy(boxes), torch.from_numpy(scores)
        if classes is None:
            kept = nms(b, s, threshold)
        else:
            run = {"automatic": batched_nms, "perClass": box_ops._batched_nms_vanilla,
                   "coordinateOffsets": box_ops._batched_nms_coordinate_trick}[separation]
            kept = run(b, s, torch.from_numpy(classes), threshold)
        cases.append({"name": name, "boxes": numbers(boxes), "scores": numbers(scores), "threshold": threshold,
                      "classes": None if classes is None else numbers(classes), "separation": separation,
                      "kept": numbers(kept)})
        return kept

    rng = np.random.default_rng(3)
    for threshold in (0.3, 0.5, 0.7):
        boxes = clustered_boxes(rng, 250, 25, 600, 6)
        add(f"heaps at {threshold}", boxes, rng.uniform(0, 1, 250).astype(np.float32), threshold)

    # Whole-numbered boxes meet the thresholds exactly, and few distinct scores make many ties.
    for threshold in (0.3, 0.5, 0.6, 0.1, 0.2, 0.25):
        boxes = np.round(clustered_boxes(rng, 120, 6, 20, 4) / 5).astype(np.float32)
        scores = (rng.integers(0, 4, 120) / 4).astype(np.float32)
        add(f"ties at {threshold}", boxes, scores, threshold)

    boxes = clustered_boxes(rng, 60, 5, 100, 4)
    scores = rng.uniform(0, 1, 60).astype(np.float32)
    scores[[7, 30, 31]] = np.nan
    add("NaN scores", boxes, scores, 0.5)
    boxes[[3, 20]] = np.nan
    boxes[11, 2:] = 3e38  # an infinite area
    add("NaN and infinite boxes", boxes, scores, 0.5)
    boxes = np.repeat(np.float32([[1, 2, 3, 4], [5, 5, 5, 5]]), 4, 0)
    add("identical boxes with and without area", boxes, np.zeros(8, np.float32), 0.5)

    # Look for heaps in which the two ways of separating classes disagree: few coordinates on a large
    # offset lose enough digits to move an overlap across the threshold.
    for seed in range(10000):
        rng = np.random.default_rng(100 + seed)
        boxes = np.clip(clustered_boxes(rng, 300, 30, 1200, 1.5), 0, 1333).astype(np.float32)
        boxes[:, 2:] = boxes[:, :2] + (boxes[:, 2:] - boxes[:, :2]) / 8
        scores = rng.uniform(0, 1, 300).astype(np.float32)
        classes = rng.integers(85, 91, 300)
        args = torch.from_numpy(boxes), torch.from_numpy(scores), torch.from_numpy(classes), 0.5
        if not torch.equal(box_ops._batched_nms_vanilla(*args), box_ops._batched_nms_coordinate_trick(*args)):
            break
    else:
        raise SystemExit("the two ways of separating classes never disagree")
    for separation in ("coordinateOffsets", "perClass", "automatic"):
        add("classes, " + separation, boxes, scores, 0.5, classes, separation)

    rng = np.random.default_rng(4)
    boxes = np.round(clustered_boxes(rng, 1001, 90, 1000, 8) * 4) / np.float32(4)
    # All different: among equals, the sort that torchvision merges classes with has no certain order.
    scores = rng.permutation(1001).astype(np.float32) / np.float32(1024)
    classes = rng.integers(0, 5, 1001)
    for count in (1000, 1001):  # both sides of the switch
        add(f"{count} boxes, automatic", boxes[:count], scores[:count], 0.7, classes[:count], "automatic")
    return cases


def rows(mask):
    return ["".join("#" if pixel else "." for pixel in row) for row in mask]


def mask_cases():
    rng = np.random.default_rng(5)
    masks = {
        "nothing": np.zeros((5, 7)), "everything": np.ones((5, 7)),
        "one pixel, first": np.eye(5, 7) * (np.arange(7) == 0), "one pixel picture": np.ones((1, 1)),
        "last pixel": np.flip(np.eye(5, 7) * (np.arange(7) == 0)),
        "checkerboard": np.indices((6, 9)).sum(0) % 2, "one row": rng.integers(0, 2, (1, 40)),
        "one column": rng.integers(0, 2, (40, 1)), "noise": rng.integers(0, 2, (17, 23)),
    }
    y, x = np.mgrid[0:60, 0:75]
    masks["disc"] = (x - 40) ** 2 + (y - 30) ** 2 < 20 ** 2
    masks["disc over the border"] = (x - 70) ** 2 + (y - 55) ** 2 < 25 ** 2
    masks["whole columns"] = (x > 20) & (x < 50) | (y < 10) & (x == 50)
    masks["frame"] = (x < 3) | (y < 3) | (x > 70) | (y > 50)
    cases = []
    for name, mask in masks.items():
        mask = np.asfortranarray(mask, dtype=np.uint8)
        code = coco.encode(mask)
        cases.append({"name": name, "rows": rows(mask), "compressed": code["counts"].decode(),
                      "area": int(coco.area(code)), "box": [int(v) for v in coco.toBbox(code)]})
    return cases


def mask_pairs():
    """Overlaps and unions of blobs in one picture."""
    rng = np.random.default_rng(6)
    y, x = np.mgrid[0:50, 0:64]
    codes = []
    for _ in range(8):
        cx, cy, rx, ry = rng.uniform(0, 64), rng.uniform(0, 50), rng.uniform(2, 25), rng.uniform(2, 25)
        blob = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1 + 0.3 * np.sin(x) * np.cos(y)
        codes.append(coco.encode(np.asfortranarray(blob, dtype=np.uint8)))
    codes.append(coco.encode(np.zeros((50, 64), np.uint8, order="F")))
    codes.append(coco.encode(np.ones((50, 64), np.uint8, order="F")))
    count = len(codes)
    text = lambda code: code["counts"].decode()
    return {
        "height": 50, "width": 64, "masks": [text(c) for c in codes],
        "overlap": numbers(coco.iou(codes, codes, [0] * count)),
        "crowdOverlap": numbers(coco.iou(codes, codes, [1] * count)),
        "union": [text(coco.merge([a, b])) for a in codes for b in codes],
        "intersection": [text(coco.merge([a, b], intersect=True)) for a in codes for b in codes],
    }


def polygon_cases():
    rng = np.random.default_rng(7)
    cases = []

    def add(points, height, width):
        code = coco.frPyObjects([list(map(float, np.asarray(points).reshape(-1)))], height, width)[0]
        cases.append({"points": numbers(np.asarray(points, float)), "height": height, "width": width,
                      "compressed": code["counts"].decode()})

    add([[1, 1], [4, 1], [4, 3], [1, 3]], 6, 7)
    add([[0, 0], [7, 0], [7, 6], [0, 6]], 6, 7)
    add([[-5, -5], [20, -5], [20, 20], [-5, 20]], 6, 7)
    add([[2, 2], [2, 2], [2, 2]], 6, 7)
    add([[1, 1], [1, 1], [5, 1], [5, 4], [5, 4], [1, 1]], 6, 7)
    add([[2.2, 2.2], [2.7, 2.2], [2.7, 2.7]], 6, 7)
    add([[10, 1], [12, 1], [12, 5]], 6, 7)
    add([[0, 0], [6, 5], [6, 0], [0, 5]], 6, 7)
    for index in range(60):
        height, width = int(rng.integers(1, 90)), int(rng.integers(1, 90))
        count = int(rng.integers(3, 25))
        margin = (0.0, 0.4, 2.0)[index % 3]
        points = rng.uniform(-margin, 1 + margin, (count, 2)) * [width, height]
        add(np.round(points, 2), height, width)
    angles = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    add(np.stack([200 + 150.3 * np.cos(angles), 180 + 99.7 * np.sin(angles)], 1), 400, 380)
    return cases


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in {"overlaps": overlaps, "coder": coder_cases, "suppression": suppression_cases,
                        "masks": mask_cases, "mask-pairs": mask_pairs, "polygons": polygon_cases}.items():
        (folder / f"{name}.json").write_text(json.dumps(build(), separators=(",", ":")) + "\n")
    (folder / "README.md").write_text(
        "Expected values, written by `Tools/make_geometry_goldens.py` with torch "
        f"{torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}, "
        f"pycocotools {getattr(pycocotools, '__version__', '2.0.11')}, numpy {np.__version__}.\n")


main()
