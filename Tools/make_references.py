#!/usr/bin/env python3
"""Makes seeded torchvision checkpoints, and a bundle of all stages for each of them and each photograph.

    make_references.py OUTPUT             four models of full size, three photographs, twelve bundles (about 10 GB)
    make_references.py OUTPUT --narrow    four narrow models on one small drawing, small enough for a repository

The weights are random but calibrated (see calibrate.py), so nothing needs to be downloaded. The models are built as the published
ones behave: the first version has a frozen batch norm with epsilon 0 in the backbone, the second version a
batch norm with epsilon 1e-5 throughout. A checkpoint does not hold its epsilon; `settings` in the bundles' metadata does.

OUTPUT/photographs/*.png, OUTPUT/checkpoints/*.pth, OUTPUT/bundles/<model>-<photograph>.safetensors
"""

import argparse
import sys
from collections import OrderedDict
from pathlib import Path

import calibrate
import models
import narrow
import numpy as np
import torch
from bundles import ToolError, fail
from PIL import Image
from record_torchvision import read_image, record
from skimage import data
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN

SEED = 20170320
DETECTIONS = 40


def photographs() -> dict[str, np.ndarray]:
    """Three photographs whose resized frames differ: a square; a wide one; a tall one that meets the 1333 limit."""
    return {
        "astronaut": data.astronaut(),  # 512×512 -> 800×800
        "chelsea": data.chelsea(),  # 300×451 -> 800×1202, padded to 800×1216
        "rocket": np.rot90(data.rocket())[:, 100:400],  # 640×300 -> 1333×624, padded to 1344×640
    }


def save_checkpoint(path: Path, model: GeneralizedRCNN, released_names: bool = False, legacy: bool = False) -> None:
    """Saves a state dictionary as `torch.save` does, or in the format and under the names of the first releases."""
    state = model.state_dict()
    if released_names:
        state = OrderedDict((models.released_name(name), value) for name, value in state.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path, _use_new_zipfile_serialization=not legacy)


def make_full(output: Path, names: list[str], old_forms: bool) -> None:
    """Checkpoints, photographs and bundles of the models of full size."""
    files = {}
    for name, pixels in photographs().items():
        files[name] = output / "photographs" / f"{name}.png"
        files[name].parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(pixels)).save(files[name])
    images = {name: read_image(path) for name, path in files.items()}

    for name in names:
        model = models.build(models.PUBLISHED[name])
        calibrate.calibrate(model, [_unit(image) for image in images.values()], SEED, DETECTIONS)
        weights = output / "checkpoints" / f"{name}.pth"
        save_checkpoint(weights, model)
        if old_forms and not models.PUBLISHED[name].second_version:
            save_checkpoint(weights.with_stem(f"{name}-released"), model, released_names=True, legacy=True)
        for photograph, image in images.items():
            path = output / "bundles" / f"{name}-{photograph}.safetensors"
            tensors = record(model, image, path=path, image_path=files[photograph], weights_path=weights)
            report(path, tensors)


def report(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Prints what a bundle holds."""
    scores, classes = tensors["output.scores"], tensors["output.classes"]
    spread = " ".join(f"{x:.2f}" for x in np.quantile(scores, [0, 0.25, 0.5, 0.75, 1])) if len(scores) else "–"
    print(
        f"{path.name}: {path.stat().st_size / 1e6:.3f} MB, {len(tensors['rpn.proposals.scores'])} proposals, "
        f"{len(scores)} detections of {len(np.unique(classes))} classes, score quartiles {spread}",
        flush=True,
    )


def _unit(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image.copy()).permute(2, 0, 1) / 255


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="a directory, made if needed")
    parser.add_argument("--narrow", action="store_true", help="the narrow models instead of those of full size")
    parser.add_argument("--model", action="append", choices=list(models.PUBLISHED), help="only this one; repeatable")
    parser.add_argument(
        "--legacy", action="store_true",
        help="also save the first versions in torch's format before zip, under the names of the published files",
    )
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        if arguments.narrow:
            narrow.make(arguments.output, report)
        else:
            make_full(arguments.output, arguments.model or list(models.PUBLISHED), arguments.legacy)
    except (ToolError, OSError) as error:
        return fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
