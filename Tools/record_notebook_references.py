#!/usr/bin/env python3
"""Records what the notebooks compare with: stages of the shipped picture, and an evaluation of twenty scenes.

    record_notebook_references.py [--maskrcnn .build/release/maskrcnn] [--output Notebooks-md]

Only what the notebooks read is kept, so that the files stay small. Standard library only.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

# Of the pyramid's finest level only the result, which regions are pooled from.
STAGES = [
    "input.size", "backbone.c3", "backbone.c4", "backbone.c5",
    "fpn.lateral.p3", "fpn.lateral.p4", "fpn.lateral.p5", "fpn.topdown.p3", "fpn.topdown.p4",
    "fpn.merged.p3", "fpn.merged.p4", "fpn.p2", "fpn.p3", "fpn.p4", "fpn.p5", "fpn.p6",
    "anchors.*", "rpn.objectness.*", "rpn.deltas.*", "rpn.candidates.*", "rpn.proposals.*",
    "detections.*", "mask.level", "mask.pooled", "mask.probabilities", "output.boxes", "output.masks",
]  # fmt: skip
# Half the size of the picture: all that notebooks compare is there, in a quarter of the bytes.
MODEL = [
    "--score-threshold", "0.5", "--set", "input.minimumSide=120", "--set", "input.maximumSide=160",
]  # fmt: skip
SCENES = 20


def run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"record_notebook_references: {' '.join(command[:2])}: {result.stderr.strip()}")
    return result.stdout


def boxes_only(objects: list[dict], members: set[str]) -> list[dict]:
    return [{name: value for name, value in entry.items() if name in members} for entry in objects]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maskrcnn", default=".build/release/maskrcnn", help="the program")
    parser.add_argument("--output", default="Notebooks-md", type=Path, help="the folder of the notebooks")
    arguments = parser.parse_args()
    program, output = arguments.maskrcnn, arguments.output
    scene = str(output / "scene.safetensors")
    run(program, "record", "--output", scene, *MODEL, "--stages", *STAGES)
    run(
        program, "stage", "mask.pooled", "--input", scene, "--roi-layer", "roipool", *MODEL,
        "--output", str(output / "roipool.safetensors"),
    )  # fmt: skip

    folder = output / "evaluation"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        scenes, results = f"{temporary}/scenes", f"{temporary}/results.json"
        annotations, images = f"{scenes}/annotations.json", f"{scenes}/images"
        run(program, "scenes", "--count", str(SCENES), "--seed", "2", "--output", scenes)
        run(program, "evaluate", "--annotations", annotations, "--images", images, "--output", results)
        truth, found = json.loads(Path(annotations).read_text()), json.loads(Path(results).read_text())
        truth["annotations"] = boxes_only(
            truth["annotations"], {"id", "image_id", "category_id", "bbox", "area", "iscrowd"}
        )
        truth["categories"] = boxes_only(truth["categories"], {"id", "name"})
        found = boxes_only(found, {"image_id", "category_id", "bbox", "score"})
        (folder / "annotations.json").write_text(json.dumps(truth))
        (folder / "results.json").write_text(json.dumps(found))
    numbers = run(
        program, "evaluate", "--annotations", str(folder / "annotations.json"),
        "--results", str(folder / "results.json"), "--json",
    )  # fmt: skip
    (folder / "numbers.json").write_text(numbers)


if __name__ == "__main__":
    main()
