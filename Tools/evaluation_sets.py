"""Random datasets and detections for the evaluation's tests, and what pycocotools says of them."""

import contextlib
import io
import json

import numpy as np
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

KINDS = ["bbox", "segm", "keypoints"]


def outline(rng, box, corners):
    """A star-shaped polygon that touches about the sides of (x, y, width, height), as flat coordinates."""
    x, y, width, height = box
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radius = rng.uniform(0.6, 1, corners) / 2
    points = np.stack([x + width * (0.5 + radius * np.cos(angle)), y + height * (0.5 + radius * np.sin(angle))], 1)
    return np.round(points, 2).reshape(-1)


def clipped(points, width, height):
    points = points.reshape(-1, 2).copy()
    points[:, 0] = points[:, 0].clip(0, width)
    points[:, 1] = points[:, 1].clip(0, height)
    return points.reshape(-1)


def extent(points):
    low, high = points.reshape(-1, 2).min(0), points.reshape(-1, 2).max(0)
    return [round(float(v), 2) for v in (*low, *(high - low))]


def run_lengths(points, width, height):
    return masks.merge(masks.frPyObjects([points.tolist()], height, width))


def compressed(rle):
    return {"size": [int(v) for v in rle["size"]], "counts": rle["counts"].decode()}


def uncompressed(rle):
    flat = masks.decode(rle).reshape(-1, order="F")
    flips = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], flips, [flat.size]])).tolist()
    return {"size": [int(v) for v in rle["size"]], "counts": ([0] if flat[0] else []) + counts}


def random_set(seed, images=10, categories=3, objects=7, detections=12, size=(160, 120), crowds=0.1, digits=4,
               keypoints=False, spread=0.15, first_id=1, shuffled=False, masked=True, unlabelled=0.15,
               fields=("bbox", "segmentation"), sizes=(0.05, 0.9)):
    """A dataset and detections of it: two thirds near objects, the others anywhere.

    `digits` rounds scores, so that few of them give ties; `spread` is how far detections are off; `fields` is what
    a detection has. With `keypoints` the one category is a person, as in COCO's own keypoint files.
    """
    rng = np.random.default_rng(seed)
    ids = np.arange(first_id, first_id + 10 * (categories + 1), 7)[:categories].tolist()
    if shuffled:
        rng.shuffle(ids)
    names = [{"id": int(k), "name": f"kind {k}", "supercategory": "thing"} for k in ids]
    if keypoints:
        names = [{"id": 1, "name": "person", "keypoints": [f"point {i}" for i in range(17)], "skeleton": [[1, 2]]}]
        ids = [1]
    image_ids = (np.arange(images) * 3 + first_id).tolist()
    if shuffled:
        rng.shuffle(image_ids)
    width, height = size
    dataset = {"images": [], "annotations": [], "categories": names}
    results = []
    next_id = first_id
    # The last category has no objects, and every fifth picture is empty.
    used = ids[:-1] if len(ids) > 1 else ids
    for number, image in enumerate(image_ids):
        dataset["images"].append({"id": image, "file_name": f"{image:06}.png", "height": height, "width": width})
        found = []
        for _ in range(0 if number % 5 == 4 else rng.poisson(objects)):
            extents = np.array([width, height]) * rng.uniform(*sizes, 2) ** 1.5
            corner = rng.uniform(0, np.array([width, height]) - extents * 0.7)
            points = clipped(outline(rng, (*corner, *extents), rng.integers(5, 12)), width, height)
            rle = run_lengths(points, width, height)
            if masks.area(rle) == 0:
                continue
            box = extent(points)
            crowd = bool(rng.random() < crowds)
            entry = {"id": next_id, "image_id": image, "category_id": int(rng.choice(used)), "bbox": box,
                     "area": float(masks.area(rle)) if rng.random() < 0.7 else box[2] * box[3],
                     "iscrowd": int(crowd)}
            if masked:
                parts = [points.tolist()]
                if rng.random() < 0.2:
                    part = outline(rng, (*corner, *extents / 2), 6)
                    parts.append(clipped(part, width, height).tolist())
                entry["segmentation"] = parts
                if crowd:
                    entry["segmentation"] = uncompressed(rle)
                elif rng.random() < 0.1:
                    entry["segmentation"] = compressed(rle)
            if keypoints:
                where = np.array(box[:2]) + rng.uniform(0, 1, (17, 2)) * np.array(box[2:])
                seen = rng.choice([0, 1, 2], 17, p=[0.3, 0.2, 0.5])
                if rng.random() < unlabelled or crowd:
                    seen[:] = 0
                flat = np.concatenate([np.round(where) * (seen > 0)[:, None], seen[:, None]], 1)
                entry["keypoints"] = [int(v) for v in flat.reshape(-1)]
                entry["num_keypoints"] = int((seen > 0).sum())
            next_id += 1
            dataset["annotations"].append(entry)
            found.append((entry, points))
        for _ in range(rng.poisson(detections) if detections else 0):
            if found and rng.random() < 0.66:
                entry, points = found[rng.integers(len(found))]
                category, box = entry["category_id"], np.array(entry["bbox"])
                if rng.random() < 0.1:
                    category = int(rng.choice(ids))
                noise = rng.normal(0, spread * rng.random(), 4) * np.array([*box[2:], *box[2:]])
                scale = 1 + rng.normal(0, spread * rng.random())
                middle = points.reshape(-1, 2).mean(0)
                points = ((points.reshape(-1, 2) - middle) * scale + middle + noise[:2] / 2).reshape(-1)
                near = np.array(entry["keypoints"], float).reshape(17, 3)[:, :2] if keypoints else None
            else:
                category = int(rng.choice(ids))
                extents = np.array([width, height]) * rng.uniform(*sizes, 2)
                corner = rng.uniform(0, np.array([width, height]) - extents * 0.7)
                points, near = outline(rng, (*corner, *extents), 8), None
            points = clipped(points, width, height)
            box = extent(points)
            result = {"image_id": image, "category_id": category}
            if "bbox" in fields:
                result["bbox"] = box
            result["score"] = round(float(rng.random()), digits)
            if "segmentation" in fields:
                result["segmentation"] = compressed(run_lengths(points, width, height))
            if keypoints and "keypoints" in fields:
                if near is None or not near.any():
                    near = np.array(box[:2]) + rng.uniform(0, 1, (17, 2)) * np.array(box[2:])
                where = near + rng.normal(0, spread * rng.random(), (17, 2)) * (np.array(box[2:]) / 2 + 1)
                flat = np.concatenate([where, rng.random((17, 1))], 1).reshape(-1)
                result["keypoints"] = flat.round(max(digits, 2)).tolist()
            results.append(result)
    if shuffled:
        rng.shuffle(dataset["annotations"])
        rng.shuffle(results)
    return dataset, results


def evaluated(annotations, results, kind):
    """pycocotools' evaluation of two files."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(annotations))
        evaluation = COCOeval(truth, truth.loadRes(str(results)), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def kinds_of(dataset, results):
    """The kinds that both a detection and an annotation have."""
    fields = {"bbox": "bbox", "segm": "segmentation", "keypoints": "keypoints"}
    return [kind for kind in KINDS if fields[kind] in results[0]
            and any(fields[kind] in a for a in dataset["annotations"])]


def write(path, value):
    """One entry a line, as short as it gets."""
    def line(entry):
        return json.dumps(entry, separators=(",", ":"))
    def lines(entries):
        return "[\n" + ",\n".join(map(line, entries)) + "\n]"
    text = lines(value) if isinstance(value, list) else (
        "{" + ",\n".join(f"{line(k)}: {lines(v)}" for k, v in value.items()) + "}")
    path.write_text(text + "\n")
