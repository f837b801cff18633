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


# How people's files differ from COCO's own. Each changes a dataset and its results in place; what pycocotools makes of
# them is not known beforehand: it may give the numbers of all kinds, of some, or of none.

def some(rng, entries, share=0.3):
    """A part of the entries, at least one."""
    chosen = [entry for entry in entries if rng.random() < share]
    return chosen or list(entries[:1])


def text_image_ids(rng, dataset, results):
    for image in dataset["images"]:
        image["id"] = f"image-{image['id']}"
    for entry in dataset["annotations"] + results:
        entry["image_id"] = f"image-{entry['image_id']}"


def text_category_ids(rng, dataset, results):
    for category in dataset["categories"]:
        category["id"] = f"kind-{category['id']}"
    for entry in dataset["annotations"] + results:
        entry["category_id"] = f"kind-{entry['category_id']}"


def fractional_image_ids(rng, dataset, results):
    """Numbers that are not whole, of equal length, so that their order as text is that of the numbers."""
    for image in dataset["images"]:
        image["id"] = image["id"] % 1000 + 1000.5
    for entry in dataset["annotations"] + results:
        entry["image_id"] = entry["image_id"] % 1000 + 1000.5


def no_names(rng, dataset, results):
    """What torchvision's references make of a dataset."""
    for image in dataset["images"]:
        del image["file_name"]
    for category in dataset["categories"]:
        del category["name"]


def no_sizes(rng, dataset, results):
    for image in dataset["images"]:
        del image["width"], image["height"]


def stray_polygons(rng, dataset, results):
    """Polygons of no, one and two points behind a good one."""
    for entry in some(rng, dataset["annotations"]):
        if isinstance(entry.get("segmentation"), list) and entry["segmentation"]:
            count = 2 * int(rng.integers(0, 3))
            entry["segmentation"].append([float(v) for v in rng.uniform(0, 40, count).round(1)])


def leading_stray_polygon(rng, dataset, results):
    for entry in some(rng, dataset["annotations"]):
        if isinstance(entry.get("segmentation"), list) and entry["segmentation"]:
            entry["segmentation"].insert(0, [3.0, 4.0])


def uneven_polygons(rng, dataset, results):
    for entry in some(rng, dataset["annotations"]):
        if isinstance(entry.get("segmentation"), list) and entry["segmentation"]:
            entry["segmentation"][-1].append(7.5)


def box_outlines(rng, dataset, results):
    for entry in some(rng, dataset["annotations"]):
        if "segmentation" in entry:
            entry["segmentation"] = [entry["bbox"]]


def lists_of_run_lengths(rng, dataset, results):
    for entry in dataset["annotations"]:
        if isinstance(entry.get("segmentation"), dict) and isinstance(entry["segmentation"]["counts"], list):
            entry["segmentation"] = [entry["segmentation"]]


def empty_segmentation(rng, dataset, results):
    for entry in some(rng, dataset["annotations"], 0.1):
        entry["segmentation"] = []


def no_keypoints(rng, dataset, results):
    for entry in some(rng, dataset["annotations"]):
        if "keypoints" in entry:
            entry["keypoints"], entry["num_keypoints"] = [], 0


def strange_areas(rng, dataset, results):
    for entry in some(rng, dataset["annotations"]):
        entry["area"] = [-5.0, float("nan"), float("inf"), 0][int(rng.integers(4))]


def boolean_crowds(rng, dataset, results):
    for entry in dataset["annotations"]:
        entry["iscrowd"] = bool(entry["iscrowd"])


def more_fields(rng, dataset, results):
    for entry in dataset["annotations"] + dataset["images"] + dataset["categories"] + results:
        entry["attributes"] = {"occluded": False, "tags": ["a", {"b": None}], "bbox": [1]}
        entry["license"] = None


def repeated_annotations(rng, dataset, results):
    """Ids that two annotations have, and an annotation that is there twice."""
    annotations = dataset["annotations"]
    for entry in some(rng, annotations, 0.1):
        entry["id"] = annotations[int(rng.integers(len(annotations)))]["id"]
    annotations.append(dict(annotations[0]))


def repeated_images(rng, dataset, results):
    dataset["images"].append({**dataset["images"][0], "file_name": "again.png"})
    dataset["categories"].insert(0, {**dataset["categories"][-1], "name": "again"})


ODDITIES = {f.__name__.replace("_", "-"): f for f in (
    text_image_ids, text_category_ids, fractional_image_ids, no_names, no_sizes, stray_polygons, leading_stray_polygon,
    uneven_polygons, box_outlines, lists_of_run_lengths, empty_segmentation, no_keypoints, strange_areas,
    boolean_crowds, more_fields, repeated_annotations, repeated_images)}


def fewer_keypoints(dataset, results, count):
    """The first keypoints of all objects, as of a hand or a car."""
    for category in dataset["categories"]:
        category["keypoints"] = category["keypoints"][:count]
    for entry in dataset["annotations"] + results:
        if "keypoints" in entry:
            entry["keypoints"] = entry["keypoints"][:3 * count]
            if "num_keypoints" in entry:
                entry["num_keypoints"] = sum(v > 0 for v in entry["keypoints"][2::3])


def evaluated(annotations, results, kind, sigmas=None):
    """pycocotools' evaluation of two files."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(annotations))
        evaluation = COCOeval(truth, truth.loadRes(str(results)), kind)
        if sigmas is not None:
            evaluation.params.kpt_oks_sigmas = np.array(sigmas)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def evaluated_if_possible(annotations, results, kind, sigmas=None):
    """pycocotools' evaluation of two files; None where it stops with an error."""
    try:
        return evaluated(annotations, results, kind, sigmas)
    except Exception:
        return None


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
