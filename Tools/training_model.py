"""Torchvision's Mask R-CNN with a keypoint head, as a training configuration of `maskrcnn train` describes it.

Torchvision fixes more than the configuration does (its box loss, for instance), and takes objects without keypoints
through the keypoint head. A configuration that it cannot follow is refused; the keypoint head gets persons alone.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch
from bundles import ToolError
from models import residual_network
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.roi_heads import RoIHeads, fastrcnn_loss, keypointrcnn_loss, maskrcnn_loss
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import MultiScaleRoIAlign

Json = Mapping[str, Any]

LOSS_NAMES = {
    "loss_objectness": "rpn.objectness",
    "loss_rpn_box_reg": "rpn.deltas",
    "loss_classifier": "box.logits",
    "loss_box_reg": "box.deltas",
    "loss_mask": "mask.logits",
    "loss_keypoint": "keypoint.heatmaps",
}
"""What the parts of the loss are called by torchvision, and in `metrics.jsonl`."""

_LOSS_WEIGHTS = {
    "loss_objectness": "objectness",
    "loss_rpn_box_reg": "proposalBoxes",
    "loss_classifier": "classes",
    "loss_box_reg": "boxes",
    "loss_mask": "masks",
    "loss_keypoint": "keypoints",
}

# What torchvision does, by the configuration's members; another value is refused.
_FIXED: dict[str, Any] = {
    "network.backbone.groups": 1,
    "network.backbone.stridePlacement": "conv2",
    "network.masks.isClassAgnostic": False,
    "network.masks.output": "sigmoid",
    "accumulationSteps": 1,
    "frozen": [],
    "anchorMatching.allowsLowQuality": True,
    "anchorSampling.order": "random",
    "proposalMatching.allowsLowQuality": False,
    "proposalSampling.order": "random",
    "masksAreBinary": False,
}


def member(configuration: Json, path: str) -> Any:
    """The member that a path such as `network.classes` names."""
    value: Any = configuration
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise ToolError(f"configuration: {path}: no such member, which the PyTorch model needs")
        value = value[name]
    return value


def check(configuration: Json) -> None:
    """Refuses what torchvision's model cannot do, and networks without a keypoint head."""
    member(configuration, "network.keypoints.count")
    for path, expected in _FIXED.items():
        if member(configuration, path) != expected:
            raise ToolError(f"configuration: {path}: torchvision has {expected!r} and nothing else")
    if abs(member(configuration, "boxLoss.smoothL1") - 1 / 9) > 1e-4:
        raise ToolError("configuration: boxLoss: torchvision has smooth L1 with 1/9 and nothing else")


def build(configuration: Json) -> GeneralizedRCNN:
    """The model in training mode, with untrained weights."""
    check(configuration)
    channels = member(configuration, "network.features.pyramid.channels")
    height, longest = member(configuration, "input.shorterSides"), member(configuration, "input.longestSide")
    return GeneralizedRCNN(
        _backbone(configuration),
        _proposal_network(configuration, channels),
        _heads(configuration, channels),
        GeneralizedRCNNTransform(height, longest, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ).train()


def _group_norm(configuration: Json, path: str) -> partial:
    return partial(nn.GroupNorm, member(configuration, path + ".norm.group"))


def _backbone(configuration: Json) -> BackboneWithFPN:
    body = member(configuration, "network.backbone")
    norm = _group_norm(configuration, "network.backbone")
    return BackboneWithFPN(
        residual_network(body["stem"], body["widths"], body["outputs"], body["blocks"], norm),
        return_layers={f"layer{i + 1}": str(i) for i in range(4)},
        in_channels_list=body["outputs"],
        out_channels=member(configuration, "network.features.pyramid.channels"),
        norm_layer=_group_norm(configuration, "network.features.pyramid"),
    )


def _proposal_network(configuration: Json, channels: int) -> RegionProposalNetwork:
    network = member(configuration, "network.proposals")
    if network["channels"] != channels:
        raise ToolError(f"configuration: network.proposals.channels: torchvision has the pyramid's {channels}")
    matching, sampling = member(configuration, "anchorMatching"), member(configuration, "anchorSampling")
    limits, testing = member(configuration, "proposals"), member(configuration, "testing.proposals")
    anchors = AnchorGenerator(
        tuple(tuple(sizes) for sizes in network["anchorSizes"]),
        (tuple(network["aspectRatios"]),) * len(network["anchorSizes"]),
    )
    proposals = ProposalNetwork(
        anchors,
        RPNHead(channels, anchors.num_anchors_per_location()[0], conv_depth=network["convolutions"]),
        fg_iou_thresh=matching["objectOverlap"],
        bg_iou_thresh=matching["backgroundOverlap"],
        batch_size_per_image=sampling["count"],
        positive_fraction=sampling["objectShare"],
        pre_nms_top_n={"training": limits["preNMSTopN"], "testing": testing["preNMSTopN"]},
        post_nms_top_n={"training": limits["postNMSTopN"], "testing": testing["postNMSTopN"]},
        nms_thresh=testing["nmsThreshold"],
    )
    proposals.beta = member(configuration, "proposalBoxLoss.smoothL1")
    return proposals


class ProposalNetwork(RegionProposalNetwork):
    """Torchvision's, with the configuration's smooth L1 in place of its own 1/9."""

    beta = 1 / 9

    def compute_loss(self, objectness: Tensor, deltas: Tensor, labels: list[Tensor], targets: list[Tensor]) -> Any:
        objects, background = (torch.cat(masks).nonzero()[:, 0] for masks in self.fg_bg_sampler(labels))
        sampled = torch.cat([objects, background])
        wanted = torch.cat(targets)[objects]
        boxes = nn.functional.smooth_l1_loss(deltas[objects], wanted, beta=self.beta, reduction="sum")
        logits, classes = objectness.flatten()[sampled], torch.cat(labels)[sampled]
        return nn.functional.binary_cross_entropy_with_logits(logits, classes), boxes / len(sampled)


def _heads(configuration: Json, channels: int) -> "TrainingHeads":
    network = member(configuration, "network")
    boxes, keypoints = network["boxes"], network["keypoints"]
    masks = member(configuration, "network.masks.head.fullyConvolutional")
    hidden = member(configuration, "network.boxes.head.twoLayers.hidden")
    classes = network["classes"] + 1
    matching, sampling = member(configuration, "proposalMatching"), member(configuration, "proposalSampling")
    testing = member(configuration, "testing.boxes")

    def pool(size: int) -> MultiScaleRoIAlign:
        return MultiScaleRoIAlign(["0", "1", "2", "3"], output_size=size, sampling_ratio=2)

    heads = TrainingHeads(
        box_roi_pool=pool(boxes["poolSize"]),
        box_head=TwoMLPHead(channels * boxes["poolSize"] ** 2, hidden),
        box_predictor=FastRCNNPredictor(hidden, classes),
        fg_iou_thresh=matching["objectOverlap"],
        bg_iou_thresh=matching["backgroundOverlap"],
        batch_size_per_image=sampling["count"],
        positive_fraction=sampling["objectShare"],
        bbox_reg_weights=None,
        score_thresh=testing["scoreThreshold"],
        nms_thresh=testing["nmsThreshold"],
        detections_per_img=testing["detectionsPerImage"],
        mask_roi_pool=pool(network["masks"]["poolSize"]),
        mask_head=MaskRCNNHeads(
            channels,
            [masks["channels"]] * masks["convolutions"],
            1,
            norm_layer=_group_norm(configuration, "network.masks.head.fullyConvolutional"),
        ),
        mask_predictor=MaskRCNNPredictor(masks["channels"], masks["channels"], classes),
        keypoint_roi_pool=pool(keypoints["poolSize"]),
        keypoint_head=_keypoint_layers(channels, keypoints),
        keypoint_predictor=KeypointRCNNPredictor(keypoints["channels"], keypoints["count"]),
    )
    heads.mask_count = configuration.get("maskCount")
    heads.keypoint_count = configuration.get("keypointCount")
    return heads


def _keypoint_layers(inputs: int, keypoints: Json) -> nn.Module:
    """Torchvision's keypoint head, which it has without norms only, with those of the configuration."""
    norm, channels = keypoints.get("norm", "bias"), keypoints["channels"]
    layers = []
    for index in range(keypoints["convolutions"]):
        convolution = nn.Conv2d(inputs if index == 0 else channels, channels, 3, padding=1, bias=norm == "bias")
        nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
        if convolution.bias is not None:
            nn.init.zeros_(convolution.bias)
        norms = [] if norm == "bias" else [nn.GroupNorm(norm["group"], channels)]
        layers.append(nn.Sequential(convolution, *norms, nn.ReLU()))
    return nn.Sequential(*layers)


class TrainingHeads(RoIHeads):
    """Torchvision's heads and losses, of which the keypoint head sees only objects that have keypoints.

    Torchvision's own would take every object through it, shapes as well as persons, for a loss of nothing; and it
    knows no limit to how many objects have a mask or keypoint loss.
    """

    mask_count: int | None = None
    keypoint_count: int | None = None

    def forward(self, features: Any, proposals: Any, image_shapes: Any, targets: Any = None) -> Any:
        proposals, matched, labels, deltas = self.select_training_samples(proposals, targets)
        logits, regression = self.box_predictor(self.box_head(self.box_roi_pool(features, proposals, image_shapes)))
        class_loss, box_loss = fastrcnn_loss(logits, regression, labels, deltas)
        losses = {"loss_classifier": class_loss, "loss_box_reg": box_loss}

        objects = [label > 0 for label in labels]
        boxes, rows = _chosen(proposals, objects), _chosen(matched, objects)
        everything = boxes, rows
        some = [_some(len(r), self.mask_count) for r in rows]
        boxes, rows = _chosen(boxes, some), _chosen(rows, some)
        output = self.mask_predictor(self.mask_head(self.mask_roi_pool(features, boxes, image_shapes)))
        masks, classes = [t["masks"] for t in targets], [t["labels"] for t in targets]
        losses["loss_mask"] = maskrcnn_loss(output, boxes, masks, classes, rows)

        keypoints = [t["keypoints"] for t in targets]
        boxes, rows = everything
        persons = [(k[r, :, 2] > 0).any(1) for k, r in zip(keypoints, rows, strict=True)]
        boxes, rows = _chosen(boxes, persons), _chosen(rows, persons)
        some = [_some(len(r), self.keypoint_count) for r in rows]
        boxes, rows = _chosen(boxes, some), _chosen(rows, some)
        if any(len(r) for r in rows):
            maps = self.keypoint_predictor(self.keypoint_head(self.keypoint_roi_pool(features, boxes, image_shapes)))
            # Torchvision's loss takes a view that channels-last memory does not have.
            losses["loss_keypoint"] = keypointrcnn_loss(maps.contiguous(), boxes, keypoints, rows)
        return [], losses


def _some(count: int, limit: int | None) -> Tensor:
    """Indices of at most `limit` of `count` things, drawn at random."""
    return torch.randperm(count)[:limit]


def _chosen(values: list[Tensor], masks: list[Tensor]) -> list[Tensor]:
    return [value[mask] for value, mask in zip(values, masks, strict=True)]


def weighted(losses: Mapping[str, Tensor], configuration: Json) -> Tensor:
    """The sum of the losses' parts, each by its weight."""
    weights = member(configuration, "lossWeights")
    return torch.stack([value * weights[_LOSS_WEIGHTS[name]] for name, value in losses.items()]).sum()


# From the names in the project's own files to torchvision's, the first rule that fits.
_NAMES = [
    (r"backbone\.stem\.norm\.", lambda m: "backbone.body.bn1."),
    (r"backbone\.stem\.", lambda m: "backbone.body.conv1."),
    (r"backbone\.c(\d)\.(\d+)\.shortcut\.norm\.", lambda m: f"backbone.body.layer{int(m[1]) - 1}.{m[2]}.downsample.1."),
    (r"backbone\.c(\d)\.(\d+)\.shortcut\.", lambda m: f"backbone.body.layer{int(m[1]) - 1}.{m[2]}.downsample.0."),
    (r"backbone\.c(\d)\.(\d+)\.conv(\d)\.norm\.", lambda m: f"backbone.body.layer{int(m[1]) - 1}.{m[2]}.bn{m[3]}."),
    (r"backbone\.c(\d)\.(\d+)\.conv(\d)\.", lambda m: f"backbone.body.layer{int(m[1]) - 1}.{m[2]}.conv{m[3]}."),
    (r"fpn\.lateral\.p(\d)\.norm\.", lambda m: f"backbone.fpn.inner_blocks.{int(m[1]) - 2}.1."),
    (r"fpn\.lateral\.p(\d)\.", lambda m: f"backbone.fpn.inner_blocks.{int(m[1]) - 2}.0."),
    (r"fpn\.p(\d)\.norm\.", lambda m: f"backbone.fpn.layer_blocks.{int(m[1]) - 2}.1."),
    (r"fpn\.p(\d)\.", lambda m: f"backbone.fpn.layer_blocks.{int(m[1]) - 2}.0."),
    (r"rpn\.hidden\.(\d+)\.", lambda m: f"rpn.head.conv.{int(m[1]) - 1}.0."),
    (r"rpn\.objectness\.", lambda m: "rpn.head.cls_logits."),
    (r"rpn\.deltas\.", lambda m: "rpn.head.bbox_pred."),
    (r"box\.hidden\.(\d)\.", lambda m: f"roi_heads.box_head.fc{int(m[1]) + 5}."),
    (r"box\.logits\.", lambda m: "roi_heads.box_predictor.cls_score."),
    (r"box\.deltas\.", lambda m: "roi_heads.box_predictor.bbox_pred."),
    (r"mask\.hidden\.(\d+)\.norm\.", lambda m: f"roi_heads.mask_head.{int(m[1]) - 1}.1."),
    (r"mask\.hidden\.(\d+)\.", lambda m: f"roi_heads.mask_head.{int(m[1]) - 1}.0."),
    (r"mask\.upsampled\.", lambda m: "roi_heads.mask_predictor.conv5_mask."),
    (r"mask\.logits\.", lambda m: "roi_heads.mask_predictor.mask_fcn_logits."),
    (r"keypoint\.hidden\.(\d+)\.norm\.", lambda m: f"roi_heads.keypoint_head.{int(m[1]) - 1}.1."),
    (r"keypoint\.hidden\.(\d+)\.", lambda m: f"roi_heads.keypoint_head.{int(m[1]) - 1}.0."),
    (r"keypoint\.heatmaps\.", lambda m: "roi_heads.keypoint_predictor.kps_score_lowres."),
]


def torchvision_name(name: str) -> str:
    """What torchvision calls a parameter of the project's own files."""
    for pattern, replacement in _NAMES:
        if match := re.match(pattern, name):
            return replacement(match) + name[match.end() :]
    raise ToolError(f"{name}: torchvision's model has no such parameter")


def load(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Takes over weights under the project's own names: all of them, and no others, each of the same shape."""
    try:
        model.load_state_dict({torchvision_name(name): value for name, value in state.items()})
    except RuntimeError as error:
        raise ToolError(f"the two networks differ: {' '.join(str(error).split())}") from None


def optimizer(model: nn.Module, configuration: Json) -> torch.optim.Optimizer:
    """The configuration's update rule, in PyTorch's fastest form."""
    decay = member(configuration, "weightDecay")
    parameters = list(model.parameters())
    vectors = [p for p in parameters if p.ndim < 2]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": decay},
        {"params": vectors, "weight_decay": decay if member(configuration, "decaysVectors") else 0.0},
    ]
    rule = member(configuration, "updateRule")
    if "sgd" in rule:
        return torch.optim.SGD(groups, lr=0.0, momentum=rule["sgd"]["momentum"], fused=True)
    if "adamW" in rule:
        betas = (rule["adamW"]["beta1"], rule["adamW"]["beta2"])
        return torch.optim.AdamW(groups, lr=0.0, betas=betas, eps=1e-8, fused=True)
    raise ToolError(f"configuration: updateRule: {', '.join(rule)} is not known")


def learning_rate(configuration: Json, step: int) -> float:
    """The rate of a step, counting from 0."""
    schedule = member(configuration, "learningRate")
    rate = schedule["base"]
    if step < schedule["warmUpSteps"]:
        rate *= schedule["warmUpStart"] + (1 - schedule["warmUpStart"]) * step / schedule["warmUpSteps"]
    return rate * schedule["dropFactor"] ** sum(step >= drop for drop in schedule["drops"])


def batches(sizes: list[tuple[int, int]], configuration: Json) -> Iterator[list[int]]:
    """Indices of the pictures of one step after another, without end: all wide or all upright, as the configuration
    has it. What does not fill a batch is left for another round. `sizes` are heights and widths.
    """
    size, grouped = member(configuration, "batchSize"), member(configuration, "groupsByAspectRatio")
    generator = torch.Generator().manual_seed(member(configuration, "seed"))
    while True:
        order = torch.randperm(len(sizes), generator=generator).tolist()
        parts = [order]
        if grouped:
            parts = [[i for i in order if (sizes[i][0] > sizes[i][1]) == upright] for upright in (False, True)]
        whole = [part[i : i + size] for part in parts for i in range(0, len(part) - size + 1, size)]
        if not whole:
            raise ToolError(f"{len(sizes)} pictures do not fill a batch of {size}")
        yield from (whole[i] for i in torch.randperm(len(whole), generator=generator).tolist())


def train_step(
    model: GeneralizedRCNN, rule: torch.optim.Optimizer, images: list[Tensor], targets: list[dict[str, Tensor]],
    configuration: Json, step: int
) -> dict[str, Tensor]:  # fmt: skip
    """Takes one step; returns the losses before it."""
    losses = model(images, targets)
    rule.zero_grad()
    weighted(losses, configuration).backward()
    if (largest := member(configuration, "largestGradientNorm")) is not None:
        nn.utils.clip_grad_norm_(model.parameters(), largest)
    for group in rule.param_groups:
        group["lr"] = learning_rate(configuration, step)
    rule.step()
    return losses
