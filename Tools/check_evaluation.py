"""Compares `maskrcnn evaluate` with pycocotools on fresh random sets, and times both on a set of COCO's size.

    python3 Tools/check_evaluation.py --maskrcnn .build/release/maskrcnn [--sets 40] [--seed 1] [--odd] [--time]

Fails when a number differs by more than 1e-9. With --odd the sets have what people's files have: text ids, missing names,
stray polygons, empty segmentations and the like; there every number that pycocotools gives must be ours too. Timing covers reading both files and all steps of the evaluation of
one kind; ours also the start of the program. On a busy machine compare the processor time.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
from evaluation_sets import ODDITIES, evaluated, evaluated_if_possible, kinds_of, random_set, write


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
            "size": (int(rng.integers(40, 500)), int(rng.integers(40, 500))),
            "crowds": float(rng.choice([0, 0.1, 0.5])), "digits": int(rng.choice([1, 2, 6])), "keypoints": keypoints, "spread": float(rng.choice([0, 0.1, 0.4])),
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
                sys.exit(f"set {index} of seed {seed}, {kind}: {found[kind]} instead of {expected.tolist()}: "
                         f"{chosen}")
            worst, numbers = max(worst, difference), numbers + len(expected)
    print(f"{numbers} numbers of {count} sets, largest difference {worst:.1e}")


def compare_odd(program, folder, seed, count):
    """Sets with one to three oddities each."""
    rng = np.random.default_rng(seed)
    worst, numbers, more = 0.0, 0, 0
    for index in range(count):
        chosen = {**settings(rng), "images": int(rng.integers(1, 12)), "detections": float(rng.choice([3, 15]))}
        dataset, results = random_set(int(rng.integers(2**31)), **chosen)
        if not results or not dataset["annotations"]:
            continue
        names = rng.choice(list(ODDITIES), int(rng.integers(1, 4)), replace=False).tolist()
        # Ids can be changed once.
        ids = [name for name in names if "image-ids" in name]
        for name in [name for name in names if name not in ids[1:]]:
            ODDITIES[name](rng, dataset, results)
        write(folder / "annotations.json", dataset)
        write(folder / "results.json", results)
        found = None
        for kind in kinds_of(dataset, results):
            evaluation = evaluated_if_possible(folder / "annotations.json", folder / "results.json", kind)
            if evaluation is None:
                more += 1
                continue
            found = found or ours(program, folder / "annotations.json", folder / "results.json")
            difference = float(np.abs(np.array(found.get(kind, [np.nan])) - evaluation.stats).max())
            if not difference <= 1e-9:
                sys.exit(f"odd set {index} of seed {seed}, {kind}: {found.get(kind)} instead of "
                         f"{evaluation.stats.tolist()}: {names}, {chosen}")
            worst, numbers = max(worst, difference), numbers + len(evaluation.stats)
    print(f"{numbers} numbers of {count} odd sets, largest difference {worst:.1e}; {more} kinds of which pycocotools "
          "gives none")


def processor_seconds(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def measure(program, folder):
    """5 000 pictures with 7 objects each and up to 100 detections, each kind alone."""
    annotations, found = folder / "annotations.json", folder / "results.json"
    for kind, field in (("bbox", "bbox"), ("segm", "segmentation"), ("keypoints", "keypoints")):
        dataset, results = random_set(
            5, images=5000, categories=80, objects=8.75, detections=90, size=(640, 480), crowds=0.02, digits=18,
            keypoints=kind == "keypoints", fields=[field], masked=kind == "segm", sizes=(0.05, 0.6))
        write(annotations, dataset)
        write(found, results)
        start, before = time.perf_counter(), processor_seconds(resource.RUSAGE_SELF)
        expected = evaluated(annotations, found, kind).stats
        theirs = time.perf_counter() - start, processor_seconds(resource.RUSAGE_SELF) - before
        start, before = time.perf_counter(), processor_seconds(resource.RUSAGE_CHILDREN)
        values = ours(program, annotations, found)[kind]
        own = time.perf_counter() - start, processor_seconds(resource.RUSAGE_CHILDREN) - before
        sizes = [path.stat().st_size / 1e6 for path in (annotations, found)]
        print(f"{kind}: {len(dataset['annotations'])} objects ({sizes[0]:.0f} MB), {len(results)} detections "
              f"({sizes[1]:.0f} MB)")
        for name, (wall, processor) in (("pycocotools", theirs), ("ours", own)):
            print(f"    {name:12} {wall:6.1f} s, {processor:6.1f} s of processor time")
        print(f"    largest difference {np.abs(np.array(values) - expected).max():.1e}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--maskrcnn", default=".build/release/maskrcnn")
    parser.add_argument("--sets", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--odd", action="store_true")
    parser.add_argument("--time", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if options.odd:
            compare_odd(options.maskrcnn, folder, options.seed, options.sets)
        else:
            compare(options.maskrcnn, folder, options.seed, options.sets)
        if options.time:
            measure(options.maskrcnn, folder)


if __name__ == "__main__":
    main()
