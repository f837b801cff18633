"""Compares `maskrcnn evaluate` with pycocotools on fresh random sets, and times both on a set of COCO's size.

    python3 Tools/check_evaluation.py --maskrcnn .build/release/maskrcnn [--sets 40] [--seed 1] [--time]

Fails when a number differs by more than 1e-9. Timing covers reading both files and all steps of the evaluation of
one kind, the start of either program excepted.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from evaluation_sets import evaluated, kinds_of, random_set, write


def ours(program, annotations, results):
    run = subprocess.run([program, "evaluate", "--annotations", annotations, "--results", results, "--json"],
                         capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(run.stderr)
    return json.loads(run.stdout)


def settings(rng):
    """Arguments of a random set."""
    keypoints = bool(rng.random() < 0.35)
    fields = ["bbox", "segmentation", "keypoints"] if keypoints else ["bbox", "segmentation"]
    keep = [field for field in fields if rng.random() < 0.75] or [fields[-1]]
    return {"images": int(rng.integers(1, 30)), "categories": int(rng.integers(1, 6)),
            "objects": float(rng.uniform(0.5, 15)), "detections": float(rng.choice([3, 15, 60, 250])),
            "size": (int(rng.integers(40, 500)), int(rng.integers(40, 500))), "crowds": float(rng.choice([0, 0.1, 0.5])),
            "digits": int(rng.choice([1, 2, 6])), "keypoints": keypoints, "spread": float(rng.choice([0, 0.1, 0.4])),
            "first_id": int(rng.choice([0, 1, 1, 2**40])), "shuffled": bool(rng.random() < 0.5), "fields": keep}


def compare(program, folder, seed, count):
    rng = np.random.default_rng(seed)
    worst, numbers = 0.0, 0
    for index in range(count):
        chosen = settings(rng)
        dataset, results = random_set(int(rng.integers(2**31)), **chosen)
        if not results or not dataset["annotations"]:
            continue
        write(folder / "annotations.json", dataset)
        write(folder / "results.json", results)
        found = ours(program, folder / "annotations.json", folder / "results.json")
        kinds = kinds_of(dataset, results)
        if list(found) != kinds:
            sys.exit(f"set {index} of seed {seed}: {list(found)} evaluated instead of {kinds}: {chosen}")
        for kind in kinds:
            expected = evaluated(folder / "annotations.json", folder / "results.json", kind).stats
            difference = float(np.abs(np.array(found[kind]) - expected).max())
            if len(found[kind]) != len(expected) or not difference <= 1e-9:
                sys.exit(f"set {index} of seed {seed}, {kind}: {found[kind]} instead of {expected.tolist()}: {chosen}")
            worst, numbers = max(worst, difference), numbers + len(expected)
    print(f"{numbers} numbers of {count} sets, largest difference {worst:.1e}")


def measure(program, folder):
    """5 000 pictures with 7 objects each and up to 100 detections, for each kind alone."""
    rows = []
    for kind, field in (("bbox", "bbox"), ("segm", "segmentation"), ("keypoints", "keypoints")):
        dataset, results = random_set(
            5, images=5000, categories=80, objects=8.75, detections=90, size=(640, 480), crowds=0.02, digits=8,
            keypoints=kind == "keypoints", fields=["bbox"] if kind == "bbox" else ["bbox", field],
            masked=kind == "segm", sizes=(0.05, 0.6))
        if kind == "segm":  # COCO's outlines have some fifty corners and take 20 MB
            pass
        annotations, found = folder / "annotations.json", folder / "results.json"
        write(annotations, dataset)
        write(found, results)
        if kind != "bbox":  # so that only one kind is evaluated
            for result in results[1:]:
                del result["bbox"]
            results[0].pop("bbox")
            write(found, results)
        start = time.perf_counter()
        expected = evaluated(annotations, found, kind).stats
        theirs = time.perf_counter() - start
        times = []
        for _ in range(3):
            start = time.perf_counter()
            values = ours(program, annotations, found)[kind]
            times.append(time.perf_counter() - start)
        difference = np.abs(np.array(values) - expected).max()
        megabytes = [path.stat().st_size / 1e6 for path in (annotations, found)]
        rows.append(f"{kind:10} {len(dataset['annotations'])} objects ({megabytes[0]:.0f} MB), {len(results)} detections "
                    f"({megabytes[1]:.0f} MB): pycocotools {theirs:.1f} s, ours {min(times):.2f} s, "
                    f"difference {difference:.1e}")
        print(rows[-1], flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--maskrcnn", default=".build/release/maskrcnn")
    parser.add_argument("--sets", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        compare(options.maskrcnn, folder, options.seed, options.sets)
        if options.time:
            measure(options.maskrcnn, folder)


if __name__ == "__main__":
    main()
