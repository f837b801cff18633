"""Models of other frameworks' zoos: which are compared, what is known of each, and the reference side of one.

`record_torchvision_zoo.py`, `record_detectron2.py` and `record_mmdetection.py` each are a `Framework`; they call `main`.
"""

import argparse
import json
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from bundles import Bundle, ToolError, fail, sha256, write_bundle
from PIL import Image, UnidentifiedImageError
from torch import Tensor

SEED = 20170320
DETECTIONS = 60
"""About how many objects a calibrated model finds on a picture."""


@dataclass(frozen=True)
class ZooModel:
    """A model that a framework builds from a configuration of its zoo."""

    name: str
    configuration: str
    """The file in the zoo."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Values that differ from the file, under the framework's own names."""
    refused: tuple[str, ...] = ()
    """For a network that is not a Mask, Faster or Keypoint R-CNN as they are here: words for what it is, one of which
    the refusal has to contain. Empty for models that have to run."""


@dataclass(frozen=True)
class Saved:
    """Files of a model, as its framework writes them."""

    weights: Path
    configuration: Path | None
    """What the framework keeps beside the checkpoint, and the program is given with it; none where it is inside."""


class NotInstalled(Exception):
    """A framework, or something that it needs, cannot be imported. The message says what to install."""


class Framework(Protocol):
    """What the module of a framework has."""

    FRAMEWORK: str
    MODELS: list[ZooModel]

    def prepare(self) -> None:
        """Imports the framework; raises NotInstalled."""

    def versions(self) -> str:
        """The framework and what its numbers depend on, with versions."""

    def profile(self, model: ZooModel) -> str:
        """The program's name for the framework's conventions."""

    def make(self, model: ZooModel, folder: Path, image: Path) -> Saved:
        """Builds a model, gives it weights with which it finds something on the picture, and saves it."""

    def record(self, model: ZooModel, saved: Saved, image: Path) -> dict[str, Tensor]:
        """Runs a saved model on a picture: all stages by name."""


def files(folder: Path) -> Saved:
    """The files of a model in its folder."""
    configuration = folder / "config.yaml"
    return Saved(folder / "model.pth", configuration if configuration.is_file() else None)


def reference(folder: Path) -> Path:
    """The bundle of a model in its folder."""
    return folder / "bundle.safetensors"


def is_made(framework: Framework, model: ZooModel, folder: Path, image: Path) -> bool:
    """Whether a folder holds the reference side of a model on a picture, made with the versions that are installed."""
    note = folder / "made.json"
    if not note.is_file() or json.loads(note.read_text()) != _note(framework, image):
        return False
    return files(folder).weights.is_file() and (bool(model.refused) or reference(folder).is_file())


def _note(framework: Framework, image: Path) -> dict[str, str]:
    return {"versions": framework.versions(), "image": sha256(image)}


def make_reference(framework: Framework, model: ZooModel, folder: Path, image: Path) -> None:
    """Saves a model and, unless it is one to refuse, a bundle of all its stages on a picture."""
    if is_made(framework, model, folder, image):
        return
    note = folder / "made.json"
    note.unlink(missing_ok=True)
    saved = framework.make(model, folder, image)
    if not model.refused:
        tensors = {name: _array(value) for name, value in framework.record(model, saved, image).items()}
        write_bundle(
            reference(folder), tensors,
            {
                "producer": framework.versions(), "profile": framework.profile(model), "image.path": image.name,
                "image.sha256": sha256(image), "weights.sha256": sha256(saved.weights),
            },
        )  # fmt: skip
    note.write_text(json.dumps(_note(framework, image)) + "\n")


def _array(value: Tensor) -> np.ndarray:
    return (value.float() if value.is_floating_point() else value).contiguous().numpy()


def version(package: str) -> str:
    """The version of an installed package, without what follows a plus sign; a dash if there is none."""
    try:
        return metadata.version(package).split("+")[0]
    except metadata.PackageNotFoundError:
        return "–"


def read_pixels(path: str | Path) -> np.ndarray:
    """A picture's pixels: RGB, uint8, shape (height, width, 3)."""
    try:
        return np.asarray(Image.open(path).convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise ToolError(f"{path}: {error}") from None


def named(framework: Framework, name: str) -> ZooModel:
    """The model of that name."""
    for model in framework.MODELS:
        if model.name == name:
            return model
    raise ToolError(f"{framework.FRAMEWORK} has no model {name}; --list lists them")


def main(framework: Framework, documentation: str | None) -> int:
    """The program that each framework's module is."""
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", metavar="NAME", help="a model of the list")
    parser.add_argument("--list", action="store_true", help="list the models, and the files of the zoo that they are")
    parser.add_argument("--image", type=Path, help="a PNG or JPEG file")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where to write; what is there already is kept")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.list:
        for model in framework.MODELS:
            print(f"{model.name:34} {'refused ' if model.refused else 'compared'}  {model.configuration}")
        return 0
    try:
        if arguments.name is None or arguments.image is None or arguments.output is None:
            raise ToolError("NAME, --image and --output are needed, or --list")
        model = named(framework, arguments.name)
        read_pixels(arguments.image)
        framework.prepare()
        make_reference(framework, model, arguments.output, arguments.image)
    except (ToolError, NotInstalled, OSError) as error:
        return fail(error)
    if model.refused:
        print(f"{files(arguments.output).weights}: a model to refuse")
    else:
        bundle = Bundle(reference(arguments.output))
        print(f"{bundle.path}: {len(bundle)} tensors, {bundle.shape('output.scores')[0]} detections")
    return 0
