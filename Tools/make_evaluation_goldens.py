"""Writes the fixtures of Tests/COCOTests from pycocotools: small datasets, detections, and COCO's numbers for them.

    python3 Tools/make_evaluation_goldens.py Tests/COCOTests/Fixtures

Needs pycocotools 2.0.11 and numpy. Each case is three files: NAME.annotations.json, NAME.results.json and
NAME.expected.json. The last has for each kind the numbers that COCOeval prints (`stats`), and for each category,
range of sizes and limit of detections the means over its other axes of precision and recall (`precision`,
`recall`: [K, A, M]).
"""

import importlib.metadata
import pathlib
import sys

import numpy as np
from evaluation_sets import ODDITIES, evaluated_if_possible, fewer_keypoints, kinds_of, random_set, write

SMALL = dict(images=8, size=(120, 100), objects=4, detections=8)


def hand_drawn():
    """Equal overlaps, boxes that only touch, areas on the borders of the ranges, duplicates, a perfect match."""
    def box(x, y, width, height, **more):
        return {"bbox": [x, y, width, height], "area": width * height, **more}
    images = [{"id": i, "file_name": f"{i}.png", "height": 200, "width": 200} for i in (1, 2, 3)]
    objects = [box(0, 0, 32, 32), box(40, 0, 96, 96), box(0, 100, 10, 10), box(10, 100, 10, 10),
               box(50, 100, 20, 20, iscrowd=1), box(100, 100, 0, 10), box(0, 150, 33, 32)]
    annotations = [{"iscrowd": 0, "image_id": 1, "category_id": 4, **o, "id": i + 1} for i, o in enumerate(objects)]
    annotations.append({"iscrowd": 1, "image_id": 2, "category_id": 4, "id": 99, **box(0, 0, 100, 100)})
    found = [box(0, 0, 32, 32), box(0, 0, 32, 32), box(0, 0, 32, 16), box(40, 0, 96, 96), box(5, 100, 10, 10),
             box(5, 100, 10, 10), box(52, 102, 5, 5), box(69, 100, 10, 10), box(70, 100, 10, 10),
             box(100, 100, 0, 10), box(0, 150, 32, 32)]
    results = [{"image_id": 1, "category_id": 4, "bbox": f["bbox"], "score": s} for f, s in
               zip(found, [0.5, 0.5, 0.9, 0.8, 0.7, 0.7, 0.6, 0.6, 0.3, 0.3, -1.5])]
    results += [{"image_id": 2, "category_id": 4, "bbox": [1, 1, 50, 50], "score": 0.95},
                {"image_id": 3, "category_id": 5, "bbox": [1, 1, 50, 50], "score": 1}]
    categories = [{"id": 5, "name": "without objects"}, {"id": 4, "name": "with"}]
    return {"images": images, "annotations": annotations, "categories": categories}, results


def cases():
    yield "hand-drawn", hand_drawn()
    yield "instances", random_set(1, **SMALL)
    yield "crowds", random_set(2, **SMALL, crowds=0.5)
    yield "ties", random_set(3, **{**SMALL, "detections": 20}, digits=1, spread=0.05)
    yield "many", random_set(4, images=2, categories=2, size=(100, 90), objects=9, detections=290, digits=2,
                             fields=["bbox"])
    yield "masks", random_set(5, **SMALL, fields=["segmentation"])
    yield "large-ids", random_set(6, **SMALL, first_id=2**53 + 3, shuffled=True, fields=["bbox"])
    yield "id-zero", random_set(7, **{**SMALL, "images": 3}, first_id=0, fields=["bbox"], spread=0.02)
    yield "sizes", random_set(8, images=6, categories=2, size=(400, 400), objects=9, detections=14, fields=["bbox"],
                              masked=False, sizes=(0.02, 0.8), spread=0.05)
    yield "keypoints", random_set(9, **SMALL, keypoints=True, fields=["bbox", "keypoints"], masked=False, spread=0.1)
    yield "keypoints-alone", random_set(10, images=5, size=(300, 300), objects=5, detections=30, keypoints=True,
                                        fields=["keypoints"], masked=False, digits=1, crowds=0.2, unlabelled=0.4,
                                        spread=0.05)
    dataset, results = random_set(11, **SMALL)
    yield "perfect", (dataset, [
        {"image_id": a["image_id"], "category_id": a["category_id"], "bbox": a["bbox"], "score": 0.5}
        for a in dataset["annotations"]])


def odd_cases():
    """Files as other tools write them. pycocotools gives the numbers of some kinds; the others are not expected."""
    for number, (name, change) in enumerate(ODDITIES.items()):
        keypoints = name == "no-keypoints"
        dataset, results = random_set(
            100 + number, images=6, size=(120, 100), objects=4, detections=7, keypoints=keypoints, crowds=0.2,
            fields=["bbox", "keypoints"] if keypoints else ["bbox", "segmentation"])
        change(np.random.default_rng(number), dataset, results)
        yield f"odd-{name}", (dataset, results), None
    sigmas = [0.025, 0.05, 0.1, 0.079]
    dataset, results = random_set(200, **SMALL, keypoints=True, fields=["bbox", "keypoints"], masked=False, spread=0.1)
    fewer_keypoints(dataset, results, len(sigmas))
    yield "odd-four-keypoints", (dataset, results), sigmas


def main():
    version = importlib.metadata.version("pycocotools")
    if version != "2.0.11":
        sys.exit(f"pycocotools is {version}, not 2.0.11")
    folder = pathlib.Path(sys.argv[1])
    for name, (dataset, results), sigmas in [(*case, None) for case in cases()] + list(odd_cases()):
        files = [folder / f"{name}.{part}.json" for part in ("annotations", "results", "expected")]
        write(files[0], dataset)
        write(files[1], results)
        expected = []
        for kind in kinds_of(dataset, results):
            evaluation = evaluated_if_possible(files[0], files[1], kind, sigmas)
            if evaluation is None:
                continue
            expected.append({"kind": kind, "stats": evaluation.stats.tolist(),
                             "precision": evaluation.eval["precision"].mean((0, 1)).tolist(),
                             "recall": evaluation.eval["recall"].mean(0).tolist(),
                             **({"sigmas": sigmas} if sigmas and kind == "keypoints" else {})})
        write(files[2], expected)
        print(name, [e["kind"] for e in expected], np.round(expected[0]["stats"], 3).tolist() if expected else "")


if __name__ == "__main__":
    main()
