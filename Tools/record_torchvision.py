#!/usr/bin/env python3
"""Records every intermediate tensor of a torchvision R-CNN on one image, as a bundle.

The model runs as it is: forward hooks copy what flows by, and two methods are wrapped so that their arguments
and results can be seen. Nothing that the model computes is changed. The few tensors that no hook can see
(the upsampled map of the pyramid, the candidates before suppression, the row of the proposal that became a
detection) are computed again from recorded ones with torchvision's own functions and checked against
what the model made of them.

    record_torchvision.py IMAGE --weights model.pth --output bundle.safetensors
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import models
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from bundles import ToolError, fail, select, sha256, write_bundle
from PIL import Image, UnidentifiedImageError
from stage_recorder import FINEST_LEVEL, StageRecorder, expect
from torch import Tensor, nn
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.ops import boxes as box_ops

PRODUCER = f"torchvision {torchvision.__version__.split('+')[0]}, torch {torch.__version__.split('+')[0]}"


@torch.no_grad()
def record(
    model: GeneralizedRCNN,
    image: np.ndarray,
    *,
    path: str | Path | None = None,
    image_path: str | Path | None = None,
    weights_path: str | Path | None = None,
    stages: list[str] | None = None,
) -> dict[str, np.ndarray]:
    """Runs a model on one image and returns all stages by name, channel first and without a batch axis.

    Args:
        model: a Mask, Faster or Keypoint R-CNN of torchvision with a feature pyramid, in evaluation mode.
        image: RGB, uint8, shape (height, width, 3).
        path: where to write the bundle, if anywhere.
        image_path, weights_path: files whose name and hash go into the bundle's metadata.
        stages: patterns such as `fpn.*` of the names to keep; all without it.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ToolError(f"{image_path or 'image'}: expected uint8 of shape (height, width, 3), not {image.shape}")
    if model.training:
        raise ToolError("model: call eval() before recording")
    pixels = torch.from_numpy(image.copy()).permute(2, 0, 1)
    for pool in _poolers(model):
        # A pooler keeps the scales that it inferred from the first image it ever saw.
        pool.scales, pool.map_levels = None, None

    recorder = _Recorder()
    recorder.keep("input.image", pixels)
    with recorder.watching(model):
        dtype = next(model.parameters()).dtype
        output = model([pixels.to(dtype) / 255])[0]
    _keep_output(recorder, output)
    tensors = select({name: _array(value) for name, value in recorder.tensors.items()}, stages)
    if path is not None:
        write_bundle(path, tensors, metadata(model, image_path, weights_path))
    return tensors


def metadata(
    model: GeneralizedRCNN, image_path: str | Path | None = None, weights_path: str | Path | None = None
) -> dict[str, str]:
    """What a bundle says of its origin. Files are named without their folder."""
    second_version = isinstance(model.backbone.body["bn1"], nn.BatchNorm2d)
    result = {
        "producer": PRODUCER,
        "profile": "torchvision-v2" if second_version else "torchvision",
        "settings": json.dumps(models.settings_of(model)),
    }
    if image_path is not None:
        result |= {"image.path": Path(image_path).name, "image.sha256": sha256(image_path)}
    if weights_path is not None:
        result |= {"weights.sha256": sha256(weights_path)}
    return result


class _Recorder(StageRecorder):
    """Knows where in torchvision's models each stage is computed."""

    @contextmanager
    def watching(self, model: GeneralizedRCNN) -> Iterator[None]:
        """Watches all stages of a model while the block runs, and leaves it as it was."""
        with self.undone():
            self._watch_input(model)
            self._watch_backbone(model.backbone)
            self._watch_proposals(model.rpn)
            self._watch_boxes(model.roi_heads)
            if model.roi_heads.has_mask():
                self._watch_masks(model.roi_heads)
            if model.roi_heads.has_keypoint():
                self._watch_keypoints(model.roi_heads)
            yield

    def _keeps_levels(self, name: str, arrange: Callable[[Tensor], Tensor] = lambda x: x) -> Callable[[Tensor], None]:
        """An action for a module that is called once a level, finest first."""
        return self.keeps_each([f"{name}.p{level}" for level in range(FINEST_LEVEL, 10)], arrange)

    def _watch_input(self, model: GeneralizedRCNN) -> None:
        def action(output: Any) -> None:
            images = output[0]
            self.keep("input.tensor", images.tensors[0])
            self.keep("input.size", torch.tensor(images.image_sizes[0]))

        self.after(model.transform, action)

    def _watch_backbone(self, backbone: nn.Module) -> None:
        self.after(backbone.body["maxpool"], self.keeps("backbone.stem"))
        for level in range(2, 6):
            self.after(backbone.body[f"layer{level - 1}"], self.keeps(f"backbone.c{level}"))
        for index, (lateral, smooth) in enumerate(zip(backbone.fpn.inner_blocks, backbone.fpn.layer_blocks)):
            level = FINEST_LEVEL + index
            self.after(lateral, self.keeps(f"fpn.lateral.p{level}"))
            self.before(smooth, self.keeps(f"fpn.merged.p{level}"))

        def action(features: dict[str, Tensor]) -> None:
            for level, value in enumerate(features.values(), start=FINEST_LEVEL):
                self.keep(f"fpn.p{level}", value[0])
            for level in range(FINEST_LEVEL, FINEST_LEVEL + len(backbone.fpn.inner_blocks) - 1):
                coarser = self.tensors[f"fpn.merged.p{level + 1}"]
                size = self.tensors[f"fpn.lateral.p{level}"].shape[-2:]
                self.keep_topdown(level, F.interpolate(coarser[None], size=size, mode="nearest")[0])

        self.after(backbone, action)

    def _watch_proposals(self, rpn: nn.Module) -> None:
        self.after(rpn.head.conv, self._keeps_levels("rpn.hidden"))
        self.after(rpn.head.cls_logits, self._keeps_levels("rpn.objectness"))
        # Channel 4a + c is coordinate c of anchor shape a.
        self.after(rpn.head.bbox_pred, self._keeps_levels("rpn.deltas", lambda x: x.unflatten(0, (-1, 4))))

        def keep_anchors(anchors: list[Tensor]) -> None:
            levels = [name for name in self.tensors if name.startswith("rpn.objectness.")]
            counts = [self.tensors[name].numel() for name in levels]
            for name, value in zip(levels, anchors[0].split(counts), strict=True):
                self.keep(name.replace("rpn.objectness", "anchors"), value)

        def keep_candidates(arguments: tuple, _: dict, result: Any) -> None:
            boxes, objectness, image_shapes, counts = arguments
            objectness = objectness.reshape(1, -1)
            order = rpn._get_top_n_idx(objectness, counts)[0]
            offset = 0
            for level, count in enumerate(counts, start=FINEST_LEVEL):
                rows = order[(order >= offset) & (order < offset + count)]
                offset += count
                clipped = box_ops.clip_boxes_to_image(boxes[0, rows], image_shapes[0])
                self.keep(f"rpn.candidates.p{level}.boxes", clipped)
                self.keep(f"rpn.candidates.p{level}.scores", torch.sigmoid(objectness[0, rows]))
            self.keep("rpn.proposals.boxes", result[0][0])
            self.keep("rpn.proposals.scores", result[1][0])

        self.after(rpn.anchor_generator, keep_anchors)
        self.around(rpn, "filter_proposals", keep_candidates)

    def _watch_boxes(self, heads: nn.Module) -> None:
        self.after(heads.box_roi_pool, self.keeps_all("box.pooled"))
        if hasattr(heads.box_head, "fc6"):
            self.before(heads.box_head.fc7, self.keeps_all("box.hidden.1"))
            self.after(heads.box_head, self.keeps_all("box.hidden.2"))
        else:
            convolutions = [layer for layer in heads.box_head if isinstance(layer, nn.Sequential)]
            for number, layer in enumerate(convolutions, start=1):
                self.after(layer, self.keeps_all(f"box.convolution.{number}"))
            dense = [layer for layer in heads.box_head if isinstance(layer, nn.ReLU)]
            for number, layer in enumerate(dense, start=1):
                self.after(layer, self.keeps_all(f"box.hidden.{number}"))

        def keep_detections(arguments: tuple, _: dict, result: Any) -> None:
            logits, deltas, proposals, image_shapes = arguments
            self.keep("box.level", _levels(heads.box_roi_pool, proposals))
            self.keep("box.logits", logits)
            self.keep("box.probabilities", F.softmax(logits, -1))
            self.keep("box.deltas", deltas.unflatten(1, (-1, 4)))
            boxes, scores, classes = (value[0] for value in result)
            self.keep("detections.boxes", boxes)
            self.keep("detections.scores", scores)
            self.keep("detections.classes", classes)
            decoded = box_ops.clip_boxes_to_image(heads.box_coder.decode(deltas, proposals), image_shapes[0])
            self.keep("detections.proposal", self._origin(decoded, boxes, scores, classes))

        self.around(heads, "postprocess_detections", keep_detections)

    def _origin(self, decoded: Tensor, boxes: Tensor, scores: Tensor, classes: Tensor) -> Tensor:
        """The proposal whose decoded box and probability of the class are exactly those of each detection."""
        rows = []
        for box, score, label in zip(boxes, scores, classes):
            same_box = (decoded[:, label] == box).all(dim=1)
            same_score = self.tensors["box.probabilities"][:, label] == score
            matches = torch.where(same_box & same_score)[0]
            expect(len(matches) > 0, "a detection stems from no proposal")
            rows.append(matches[0])
        return torch.stack(rows) if rows else torch.zeros(0, dtype=torch.int64)

    def _watch_masks(self, heads: nn.Module) -> None:
        self.after(heads.mask_roi_pool, self.keeps_all("mask.pooled"))
        for number, layer in enumerate(heads.mask_head, start=1):
            self.after(layer, self.keeps_all(f"mask.hidden.{number}"))
        self.after(heads.mask_predictor.relu, self.keeps_all("mask.upsampled"))
        self.after(heads.mask_predictor, self.keeps_all("mask.logits"))

        def action(output: Any) -> None:
            detections = self.tensors["detections.boxes"]
            self.keep("mask.level", _levels(heads.mask_roi_pool, [detections]))
            self.keep("mask.probabilities", output[0][0]["masks"][:, 0])

        self.after(heads, action)

    def _watch_keypoints(self, heads: nn.Module) -> None:
        self.after(heads.keypoint_roi_pool, self.keeps_all("keypoint.pooled"))
        rectified = [layer for layer in heads.keypoint_head if isinstance(layer, nn.ReLU)]
        for number, layer in enumerate(rectified, start=1):
            self.after(layer, self.keeps_all(f"keypoint.hidden.{number}"))
        self.after(heads.keypoint_predictor, self.keeps_all("keypoint.heatmaps"))


def _keep_output(recorder: _Recorder, output: dict[str, Tensor]) -> None:
    recorder.keep("output.boxes", output["boxes"])
    recorder.keep("output.scores", output["scores"])
    recorder.keep("output.classes", output["labels"])
    if "masks" in output:
        recorder.keep("output.masks", (output["masks"][:, 0] >= 0.5).to(torch.uint8))
    if "keypoints" in output:
        position, score = output["keypoints"][..., :2], output["keypoints_scores"][..., None]
        recorder.keep("output.keypoints", torch.cat([position, score], dim=-1))


def _poolers(model: GeneralizedRCNN) -> list[nn.Module]:
    names = ("box_roi_pool", "mask_roi_pool", "keypoint_roi_pool")
    poolers = (getattr(model.roi_heads, name, None) for name in names)
    return [pooler for pooler in poolers if pooler is not None]


def _levels(pool: nn.Module, boxes: list[Tensor]) -> Tensor:
    """The pyramid level that each box is pooled from; the pooler counts from its finest."""
    return pool.map_levels(boxes) + FINEST_LEVEL


def _array(value: Tensor) -> np.ndarray:
    return (value.float() if value.is_floating_point() else value).contiguous().numpy()


def read_image(path: str | Path) -> np.ndarray:
    """An image file's pixels: RGB, uint8, shape (height, width, 3)."""
    try:
        return np.asarray(Image.open(path).convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise ToolError(f"{path}: {error}") from None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", help="a PNG or JPEG file")
    parser.add_argument("--weights", required=True, help="a torchvision checkpoint (.pth or .safetensors), any width")
    parser.add_argument("--output", required=True, help="the bundle to write (.safetensors)")
    parser.add_argument("--stages", action="append", help="a pattern of names to keep, such as 'fpn.*'; repeatable")
    parser.add_argument(
        "--batch-norm-epsilon", type=float,
        help="of the backbone; default 0 for the first version, as with the published weights, 1e-5 for the second",
    )
    parser.add_argument("--settings", default="{}", help='arguments of the model as JSON, such as {"min_size": 400}')
    parser.add_argument("--double", action="store_true", help="compute in float64 (the bundle is float32 all the same)")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        settings = json.loads(arguments.settings)
        settings.pop("batch_norm_epsilon", None)
        model = models.load(arguments.weights, arguments.batch_norm_epsilon, **settings)
        if arguments.double:
            model.double()
        tensors = record(
            model, read_image(arguments.image), path=arguments.output, image_path=arguments.image,
            weights_path=arguments.weights, stages=arguments.stages,
        )
    except (ToolError, json.JSONDecodeError, TypeError) as error:
        return fail(error)
    print(f"{arguments.output}: {len(tensors)} tensors, {len(tensors.get('output.scores', []))} detections")
    return 0


if __name__ == "__main__":
    sys.exit(main())
