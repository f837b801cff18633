"""Torchvision detection models of any width, built from a description or from a checkpoint's keys and shapes.

Torchvision's own constructors fix the width of ResNet-50 and hide one numeric choice: the published weights
of the first version run with a frozen batch norm whose epsilon is 0, but a model built without asking for
those weights gets a trainable batch norm with epsilon 1e-5. Here both are written down.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from bundles import ToolError
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN, KeypointRCNN, MaskRCNN
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNConvFCHead, FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.rpn import RPNHead
from torchvision.models.resnet import Bottleneck
from torchvision.ops import FrozenBatchNorm2d

ANCHORS_PER_CELL = 3
POOLED_SIZE = 7


@dataclass(frozen=True)
class Architecture:
    """The shape of a torchvision R-CNN with a bottleneck ResNet and a feature pyramid."""

    kind: Literal["mask", "faster", "keypoint"]
    classes: int
    """Number of classes with the background."""
    second_version: bool = False
    """Batch norm in the pyramid and the heads, four convolutions in the box head, two in the RPN."""
    stem: int = 64
    stages: tuple[int, ...] = (64, 128, 256, 512)
    """Width inside the bottlenecks of each stage; a stage's output is four times as wide."""
    blocks: tuple[int, ...] = (3, 4, 6, 3)
    pyramid: int = 256
    box_hidden: int = 1024
    mask_channels: tuple[int, ...] = (256, 256, 256, 256)
    mask_upsampled: int = 256
    keypoint_channels: tuple[int, ...] = (512,) * 8
    keypoints: int = 17

    @property
    def profile(self) -> str:
        """The name of the numeric conventions."""
        return "torchvision-v2" if self.second_version else "torchvision"

    @property
    def batch_norm_epsilon(self) -> float:
        """Epsilon of the backbone's batch norm, as with the published weights."""
        return 1e-5 if self.second_version else 0.0


PUBLISHED = {
    "maskrcnn_resnet50_fpn": Architecture("mask", classes=91),
    "maskrcnn_resnet50_fpn_v2": Architecture("mask", classes=91, second_version=True),
    "fasterrcnn_resnet50_fpn": Architecture("faster", classes=91),
    "keypointrcnn_resnet50_fpn": Architecture("keypoint", classes=2),
}


def build(architecture: Architecture, batch_norm_epsilon: float | None = None, **settings: Any) -> GeneralizedRCNN:
    """A model in evaluation mode with untrained weights.

    `settings` are arguments of torchvision's constructors, such as `min_size` or `box_detections_per_img`.
    """
    a = architecture
    epsilon = a.batch_norm_epsilon if batch_norm_epsilon is None else batch_norm_epsilon
    kind = nn.BatchNorm2d if a.second_version else FrozenBatchNorm2d
    head_norm = nn.BatchNorm2d if a.second_version else None

    outputs = [width * Bottleneck.expansion for width in a.stages]
    backbone = BackboneWithFPN(
        residual_network(a.stem, a.stages, outputs, a.blocks, partial(kind, eps=epsilon)),
        return_layers={f"layer{i + 1}": str(i) for i in range(4)},
        in_channels_list=outputs,
        out_channels=a.pyramid,
        norm_layer=head_norm,
    )
    parts: dict[str, nn.Module] = {
        "rpn_head": RPNHead(a.pyramid, ANCHORS_PER_CELL, conv_depth=2 if a.second_version else 1),
        "box_predictor": FastRCNNPredictor(a.box_hidden, a.classes),
    }
    if a.second_version:
        size = (a.pyramid, POOLED_SIZE, POOLED_SIZE)
        parts["box_head"] = FastRCNNConvFCHead(size, [a.pyramid] * 4, [a.box_hidden], norm_layer=head_norm)
    else:
        parts["box_head"] = TwoMLPHead(a.pyramid * POOLED_SIZE**2, a.box_hidden)

    model: GeneralizedRCNN
    if a.kind == "mask":
        parts["mask_head"] = MaskRCNNHeads(a.pyramid, list(a.mask_channels), 1, norm_layer=head_norm)
        parts["mask_predictor"] = MaskRCNNPredictor(a.mask_channels[-1], a.mask_upsampled, a.classes)
        model = MaskRCNN(backbone, **parts, **settings)
    elif a.kind == "keypoint":
        parts["keypoint_head"] = KeypointRCNNHeads(a.pyramid, a.keypoint_channels)
        parts["keypoint_predictor"] = KeypointRCNNPredictor(a.keypoint_channels[-1], a.keypoints)
        model = KeypointRCNN(backbone, **parts, **settings)
    else:
        model = FasterRCNN(backbone, **parts, **settings)
    return model.eval()


def residual_network(
    stem: int, widths: Sequence[int], outputs: Sequence[int], blocks: Sequence[int], norm: Callable[[int], nn.Module]
) -> nn.Sequential:
    """A bottleneck ResNet of any width under torchvision's names, without the classifier."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=nn.Conv2d(3, stem, kernel_size=7, stride=2, padding=3, bias=False),
        bn1=norm(stem),
        relu=nn.ReLU(inplace=True),
        maxpool=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
    )
    channels = stem
    for stage, (width, output, count) in enumerate(zip(widths, outputs, blocks, strict=True)):
        stride = 1 if stage == 0 else 2
        shortcut = nn.Sequential(nn.Conv2d(channels, output, 1, stride, bias=False), norm(output))
        chain = [_bottleneck(channels, width, output, norm, stride, shortcut)]
        chain += [_bottleneck(output, width, output, norm) for _ in range(count - 1)]
        layers[f"layer{stage + 1}"] = nn.Sequential(*chain)
        channels = output
    return nn.Sequential(layers)


def _bottleneck(
    channels: int, width: int, output: int, norm: Callable[[int], nn.Module], stride: int = 1, shortcut: nn.Module | None = None
) -> Bottleneck:
    """Torchvision's block, whose output need not be four times as wide as its middle."""
    block = Bottleneck(channels, width, stride, shortcut, norm_layer=norm)
    if output != width * Bottleneck.expansion:
        block.conv3, block.bn3 = nn.Conv2d(width, output, 1, bias=False), norm(output)
    return block


def load(path: str | Path, batch_norm_epsilon: float | None = None, **settings: Any) -> GeneralizedRCNN:
    """A model with a checkpoint's weights, its architecture read off the keys and shapes."""
    state = read_state(path)
    model = build(architecture_of(state, path), batch_norm_epsilon, **settings)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ToolError(f"{path}: {' '.join(str(error).split())}") from None
    return model


def read_state(path: str | Path) -> dict[str, Tensor]:
    """A checkpoint's tensors under torchvision's current names."""
    try:
        if Path(path).suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(str(path))
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a different type for each kind of damage
        raise ToolError(f"{path}: {str(error).splitlines()[0]}") from None
    return {current_name(name): value for name, value in state.items()}


# Module names of the first published files, and the names that replaced them.
_RENAMED = [
    *((f"backbone.fpn.{kind}_blocks.{i}.", f"backbone.fpn.{kind}_blocks.{i}.0.") for kind in ("inner", "layer") for i in range(4)),
    ("rpn.head.conv.", "rpn.head.conv.0.0."),
    *((f"roi_heads.mask_head.mask_fcn{i + 1}.", f"roi_heads.mask_head.{i}.0.") for i in range(4)),
]


def current_name(name: str) -> str:
    """The current name of a parameter that may carry the name of the first published files."""
    for old, new in _RENAMED:
        if name.removeprefix(old) in ("weight", "bias"):
            return new + name.removeprefix(old)
    return name


def released_name(name: str) -> str:
    """The name a parameter of the first version has in the published files."""
    for old, new in _RENAMED:
        if name.removeprefix(new) in ("weight", "bias"):
            return old + name.removeprefix(new)
    return name


def architecture_of(state: dict[str, Tensor], path: str | Path = "checkpoint") -> Architecture:
    """Reads the architecture off the names and shapes of a torchvision checkpoint."""

    def width(name: str, axis: int = 0) -> int:
        if name not in state:
            raise ToolError(f"{path}: no tensor named {name}; not a torchvision R-CNN with a feature pyramid")
        return state[name].shape[axis]

    def count(pattern: str) -> int:
        number = 0
        while pattern.format(number) in state:
            number += 1
        return number

    body, heads = "backbone.body.", "roi_heads."
    second = "backbone.fpn.inner_blocks.0.1.weight" in state
    result = Architecture(
        kind="faster",
        classes=width(heads + "box_predictor.cls_score.weight"),
        second_version=second,
        stem=width(body + "conv1.weight"),
        stages=tuple(width(f"{body}layer{i}.0.conv1.weight") for i in range(1, 5)),
        blocks=tuple(count(f"{body}layer{i}.{{}}.conv1.weight") for i in range(1, 5)),
        pyramid=width("backbone.fpn.inner_blocks.0.0.weight"),
        box_hidden=width(heads + "box_predictor.cls_score.weight", 1),
    )
    if heads + "mask_head.0.0.weight" in state:
        return replace(
            result,
            kind="mask",
            mask_channels=tuple(width(f"{heads}mask_head.{i}.0.weight") for i in range(4)),
            mask_upsampled=width(heads + "mask_predictor.conv5_mask.weight", 1),
        )
    if heads + "keypoint_head.0.weight" in state:
        depth = sum(f"{heads}keypoint_head.{2 * i}.weight" in state for i in range(64))
        return replace(
            result,
            kind="keypoint",
            keypoint_channels=tuple(width(f"{heads}keypoint_head.{2 * i}.weight") for i in range(depth)),
            keypoints=width(heads + "keypoint_predictor.kps_score_lowres.weight", 1),
        )
    return result


def settings_of(model: GeneralizedRCNN) -> dict[str, float]:
    """The numeric settings of a model, under the names of torchvision's constructor arguments."""
    norm = model.backbone.body["bn1"]
    return {
        "min_size": model.transform.min_size[-1],
        "max_size": model.transform.max_size,
        "rpn_pre_nms_top_n_test": model.rpn._pre_nms_top_n["testing"],
        "rpn_post_nms_top_n_test": model.rpn._post_nms_top_n["testing"],
        "rpn_nms_thresh": model.rpn.nms_thresh,
        "box_score_thresh": model.roi_heads.score_thresh,
        "box_nms_thresh": model.roi_heads.nms_thresh,
        "box_detections_per_img": model.roi_heads.detections_per_img,
        "batch_norm_epsilon": norm.eps,
    }
