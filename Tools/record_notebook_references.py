#!/usr/bin/env python3
"""Records what the notebooks compare with: stages of the shipped picture, its objects, and an evaluation of twenty scenes.

    record_notebook_references.py [--maskrcnn .build/release/maskrcnn] [--output Notebooks-md/recorded]

Only what the notebooks read is kept, and of large tensors only a part, so that the files stay small. Large inputs are
kept in half precision. Everything behind them is computed from the rounded numbers, so that rounding them costs the
checks nothing. Needs NumPy and safetensors: `make references` has an environment with both.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "Sources" / "Loading" / "Model" / "small.safetensors"
PICTURE = ROOT / "Sources" / "Scenes" / "Picture"

SETTINGS = ["--score-threshold", "0.5"]
# Inputs of the notebooks' tasks that are kept in half precision.
ROUNDED = ["backbone.c4", "backbone.c5", "fpn.p2", "fpn.p3", "box.hidden.2", "mask.logits", "keypoint.heatmaps"]
# Results that are kept in half precision: checks allow for it.
HALVED = ["fpn.lateral.p4", "fpn.lateral.p5", "fpn.merged.p4"]
# Kept whole.
STAGES = [
    "input.size", "anchors.p3", "anchors.p4", "anchors.p5", "anchors.p6",
    "rpn.objectness.p4", "rpn.objectness.p5", "rpn.objectness.p6", "rpn.deltas.p4", "rpn.deltas.p5", "rpn.deltas.p6",
    *(f"rpn.candidates.p{level}.{what}" for level in range(2, 7) for what in ["boxes", "scores"]),
    "rpn.proposals.boxes", "rpn.proposals.scores", "box.logits", "box.probabilities", "box.deltas",
    "detections.boxes", "detections.scores", "detections.classes", "detections.proposal",
    "mask.level", "mask.probabilities", "output.boxes", "output.masks",
]  # fmt: skip
PARAMETERS = [
    *(f"fpn.{layer}.{part}" for layer in ["lateral.p4", "lateral.p5", "p4", "p5"] for part in ["weight", "norm.weight", "norm.bias"]),
    *(f"box.{layer}.{part}" for layer in ["logits", "deltas"] for part in ["weight", "bias"]),
]  # fmt: skip
POOLED_CHANNELS = 8  # of the maps that regions are pooled from
SMOOTHED_CHANNELS = 16  # of the pyramid's smoothed maps: two groups of their group norm
PROPOSALS = 64  # whose vectors are kept
MASKS = 3  # detections whose masks are kept for every class
SAMPLED = 128  # anchors with a loss
SCENES = 20


def run(*command: object) -> str:
    words = [str(word) for word in command]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"record_notebook_references: {' '.join(words[:2])}: {result.stderr.strip()}")
    return result.stdout


def half(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float16)


def stages(program: str, folder: Path) -> dict[str, np.ndarray]:
    """All stages of the shipped picture, behind the rounded ones computed from these."""
    first, rounded, second = folder / "first.safetensors", folder / "rounded.safetensors", folder / "second.safetensors"
    run(program, "record", "--output", first, *SETTINGS)
    tensors = load_file(first)
    save_file({name: half(tensors[name]).astype(np.float32) for name in ROUNDED}, rounded)
    replaced = [word for name in ROUNDED for word in ("--replace", f"{name}={rounded}")]
    run(program, "record", "--output", second, *SETTINGS, *replaced)
    tensors = load_file(second)
    variants = {
        "roipool.mask.pooled": ("mask.pooled", "--roi-layer", "roipool"),
        "softmax.mask.probabilities": ("mask.probabilities", "--set", "masks.output=softmax"),
    }
    for name, (stage, *options) in variants.items():
        output = folder / f"{name}.safetensors"
        run(program, "stage", stage, "--input", second, *options, "--output", output)
        tensors[name] = load_file(output)[stage]
    return tensors


def kept(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The part of the stages that the notebooks read."""
    cut = {name: tensors[name] for name in STAGES}
    cut |= {name: half(tensors[name]) for name in ["backbone.c4", "backbone.c5", *HALVED]}
    cut |= {name: half(tensors[name][:POOLED_CHANNELS]) for name in ["fpn.p2", "fpn.p3"]}
    cut |= {name: tensors[name][:SMOOTHED_CHANNELS] for name in ["fpn.p4", "fpn.p5", "fpn.p6"]}
    cut |= {name: tensors[name][:, :POOLED_CHANNELS] for name in ["mask.pooled", "roipool.mask.pooled"]}
    cut["box.hidden.2"] = half(tensors["box.hidden.2"][:PROPOSALS])
    cut["mask.logits"] = half(tensors["mask.logits"][:MASKS])
    cut["softmax.mask.probabilities"] = tensors["softmax.mask.probabilities"][:MASKS]
    # The person that was found best.
    person = int(np.flatnonzero(tensors["detections.classes"] == 1)[0])
    cut["keypoint.detection"] = np.int64(person)
    cut["keypoint.heatmaps"] = half(tensors["keypoint.heatmaps"][person])
    cut["output.keypoints"] = tensors["output.keypoints"][person]
    # Every second pixel, rows first as plots want it: a background, nothing to compute with.
    cut["picture"] = np.ascontiguousarray(tensors["input.image"][:, ::2, ::2].transpose(1, 2, 0))
    return cut


def objects() -> dict[str, np.ndarray]:
    """What is in the shipped picture, whose pixels are those of the network's input."""
    annotations = json.loads((PICTURE / "annotations.json").read_text())["annotations"]
    annotations = [entry for entry in annotations if not entry["iscrowd"]]
    boxes = np.array([entry["bbox"] for entry in annotations], np.float32)
    boxes[:, 2:] += boxes[:, :2]
    return {"objects.boxes": boxes, "objects.classes": np.array([entry["category_id"] for entry in annotations])}


def overlaps(candidates: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union, [candidates, boxes]."""
    near = np.maximum(candidates[:, None, :2], boxes[None, :, :2])
    far = np.minimum(candidates[:, None, 2:], boxes[None, :, 2:])
    shared = np.maximum(far - near, 0).prod(axis=2)
    areas = [(b[:, 2:] - b[:, :2]).prod(axis=1) for b in (candidates, boxes)]
    return shared / (areas[0][:, None] + areas[1] - shared)


def matches(program: str, kind: str, candidates: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The index of the object that each candidate stands for; −1 for background, −2 for nothing.

    The program takes a hundred candidates at a time. Each object's best ones are in every hundred: a candidate is a
    low-quality match only if no other overlaps the object more.
    """
    table = overlaps(candidates.astype(np.float64), boxes)
    best = np.flatnonzero((table > table.max(axis=0) - 1e-6).any(axis=1))
    corners = lambda box: ",".join(str(number) for number in box.tolist())
    words = [word for box in boxes for word in ("--object", corners(box))]
    answers = np.empty(len(candidates), np.int64)
    step = 100 - len(best)
    for first in range(0, len(candidates), step):
        rows = np.concatenate([best, np.arange(first, min(first + step, len(candidates)))])
        given = [f"--candidate={corners(candidates[row])}" for row in rows]
        lines = run(program, "calculate", "match", "--kind", kind, *words, *given).splitlines()[2:]
        assert len(lines) == len(rows)
        for row, line in zip(rows, lines, strict=True):
            if "object" in line:
                answers[row] = int(line.split("object")[1].split()[0]) - 1
            else:
                answers[row] = -1 if "background" in line else -2
    return answers


def targets(program: str, cut: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What anchors and proposals should have said, and a sample of the anchors."""
    anchors = np.concatenate([cut[f"anchors.{level}"] for level in ["p4", "p5", "p6"]])
    of_anchors = matches(program, "anchors", anchors, cut["objects.boxes"])
    random = np.random.default_rng(0)
    positives, negatives = np.flatnonzero(of_anchors >= 0), np.flatnonzero(of_anchors == -1)
    positives = random.permutation(positives)[: SAMPLED // 2]
    negatives = random.permutation(negatives)[: SAMPLED - len(positives)]
    proposals = cut["rpn.proposals.boxes"][:PROPOSALS]
    return {
        "targets.anchors": of_anchors,
        "targets.sample": np.sort(np.concatenate([positives, negatives])),
        "targets.proposals": matches(program, "proposals", proposals, cut["objects.boxes"]),
    }


def parameters() -> dict[str, np.ndarray]:
    """Layers of the shipped model, whose file is in half precision too."""
    tensors = load_file(MODEL)
    cut = {f"parameters.{name}": tensors[name] for name in PARAMETERS}
    for name in ["fpn.p4", "fpn.p5"]:
        for part in ["weight", "norm.weight", "norm.bias"]:
            cut[f"parameters.{name}.{part}"] = cut[f"parameters.{name}.{part}"][:SMOOTHED_CHANNELS]
    return cut


def members(entries: list[dict], names: set[str]) -> list[dict]:
    return [{name: value for name, value in entry.items() if name in names} for entry in entries]


def evaluation(program: str, folder: Path, temporary: Path) -> None:
    """Twenty scenes with a model's detections, boxes alone, and the numbers of an evaluation."""
    folder.mkdir(parents=True, exist_ok=True)
    scenes, results = temporary / "scenes", temporary / "results.json"
    annotations, images = scenes / "annotations.json", scenes / "images"
    run(program, "scenes", "--count", SCENES, "--seed", "2", "--output", scenes)
    run(program, "evaluate", "--annotations", annotations, "--images", images, "--output", results)
    truth, found = json.loads(annotations.read_text()), json.loads(results.read_text())
    truth["annotations"] = members(truth["annotations"], {"id", "image_id", "category_id", "bbox", "area", "iscrowd"})
    truth["categories"] = members(truth["categories"], {"id", "name"})
    found = members(found, {"image_id", "category_id", "bbox", "score"})
    (folder / "annotations.json").write_text(json.dumps(truth))
    (folder / "results.json").write_text(json.dumps(found))
    files = ["--annotations", folder / "annotations.json", "--results", folder / "results.json"]
    (folder / "numbers.json").write_text(run(program, "evaluate", *files, "--json"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maskrcnn", default=".build/release/maskrcnn", help="the program")
    parser.add_argument("--output", default="Notebooks-md/recorded", type=Path, help="the folder of the recordings")
    arguments = parser.parse_args()
    program, output = arguments.maskrcnn, arguments.output
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        tensors = kept(stages(program, temporary)) | objects()
        tensors |= targets(program, tensors) | parameters()
        evaluation(program, output / "evaluation", temporary)
    partial = output / "scene.partial.npz"
    np.savez_compressed(partial, **tensors)
    partial.replace(output / "scene.npz")


if __name__ == "__main__":
    main()
