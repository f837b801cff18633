#!/usr/bin/env python3
"""Makes torchvision's detection models, and records every stage of one on a picture, as a bundle.

    record_torchvision_zoo.py --list
    record_torchvision_zoo.py NAME --image photograph.png --output FOLDER

FOLDER gets `model.pth`, a state dictionary, and `bundle.safetensors`. The weights are seeded and calibrated: none are
downloaded. `record_torchvision.py` records models of any checkpoint.
"""

import sys
from pathlib import Path

import calibrate
import models
import record_torchvision
import torch
import torchvision
import zoo
from torch import Tensor, nn
from torchvision.models.detection.rpn import RPNHead
from zoo import DETECTIONS, SEED, Saved, ZooModel, read_pixels, version

FRAMEWORK = "torchvision"

MODELS = [
    *(ZooModel(name, name) for name in models.PUBLISHED),
    ZooModel("two-convolution-rpn", "maskrcnn_resnet50_fpn", {"conv_depth": 2}),
    # What is not built here.
    ZooModel("mask-head-without-its-last-layer", "maskrcnn_resnet50_fpn", {"without": "roi_heads.mask_predictor.mask_fcn_logits."}, refused=("mask",)),
    ZooModel("faster-mobilenet", "fasterrcnn_mobilenet_v3_large_fpn", refused=("mobilenet",)),
    ZooModel("retinanet", "retinanet_resnet50_fpn", refused=("retinanet",)),
    ZooModel("fcos", "fcos_resnet50_fpn", refused=("fcos",)),
    ZooModel("ssd", "ssd300_vgg16", refused=("ssd", "vgg")),
]  # fmt: skip


def prepare() -> None:
    """Nothing has to be prepared: the tools need torchvision in any case."""


def versions() -> str:
    """What the figures were measured with."""
    return f"torchvision {version('torchvision')}, torch {version('torch')}"


def profile(model: ZooModel) -> str:
    """The program's name for the conventions of the model's generation."""
    return models.PUBLISHED[model.configuration].profile


@torch.no_grad()
def make(model: ZooModel, folder: Path, image: Path) -> Saved:
    """Builds the model, gives it seeded weights, and saves its state dictionary."""
    network = _build(model)
    if not model.refused:
        calibrate.calibrate(network, [torch.from_numpy(read_pixels(image).copy()).permute(2, 0, 1) / 255], SEED, DETECTIONS)
    state = network.state_dict()
    if without := model.changes.get("without"):
        state = {name: value for name, value in state.items() if not name.startswith(without)}
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(state, folder / "model.pth")
    return Saved(folder / "model.pth", None)


def _build(model: ZooModel) -> nn.Module:
    torch.manual_seed(SEED)
    if model.refused:
        return getattr(torchvision.models.detection, model.configuration)(weights=None, weights_backbone=None).eval()
    network = models.build(models.PUBLISHED[model.configuration])
    if depth := model.changes.get("conv_depth"):
        network.rpn.head = RPNHead(network.backbone.out_channels, models.ANCHORS_PER_CELL, conv_depth=depth).eval()
    return network


def record(model: ZooModel, saved: Saved, image: Path) -> dict[str, Tensor]:
    """Runs a saved model on a picture and returns all stages by name."""
    network = _build(model)
    network.load_state_dict(torch.load(saved.weights, weights_only=True))
    return {name: torch.from_numpy(value) for name, value in record_torchvision.record(network, read_pixels(image)).items()}


if __name__ == "__main__":
    sys.exit(zoo.main(sys.modules[__name__], __doc__))
