"""Seeded weights that behave: random, yet every layer's output has a sane scale and the model detects things.

Untouched random weights let activations explode or vanish, give every anchor the same score, and detect nothing
or everything. Here each layer is drawn at random and then, in data-flow order, measured on the photographs
and rescaled: batch norms take their statistics from what they see, other layers are given the mean and the
deviation asked for. No training is involved, so nothing is recognised; but every stage works with values that
resemble those of a trained model, which is what a comparison of two implementations needs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.ops import FrozenBatchNorm2d

NORMS = (nn.BatchNorm2d, FrozenBatchNorm2d)
# Lines of blurs by the size of the kernel.
BLURS = {2: [1.0, 1.0], 3: [0.5, 1.0, 0.5], 4: [0.25, 0.75, 0.75, 0.25]}

# Means and deviations given to the last layers; deltas are small, as those of a trained model.
OBJECTNESS = (-3.0, 1.8)
# About this many anchors of each level, p2 first, per proposal that is kept, reach one common objectness.
GOOD_ANCHORS = (0.6, 0.4, 0.25, 0.15, 0.06)
PROPOSAL_DELTAS = (0.0, 0.25)
BOX_DELTAS = (0.0, 1.0)
MASK_LOGITS = (0.5, 3.0)
HEATMAPS = (-2.0, 3.0)
HIDDEN = (0.2, 1.0)


@torch.no_grad()
def calibrate(model: GeneralizedRCNN, images: list[Tensor], seed: int, detections: int) -> None:
    """Gives a model seeded weights with which it finds about `detections` objects on each image.

    `images` are float tensors of shape (3, height, width) in 0…1.
    """
    draw(model, torch.Generator().manual_seed(seed))
    with _norms_learn_statistics(model):
        model.backbone(model.transform(images)[0].tensors)

    # From here on image by image, exactly as the model will run.
    batches = [model.transform([image])[0] for image in images]
    features = [model.backbone(batch.tensors) for batch in batches]

    _calibrate_proposal_head(model.rpn.head, features, model.rpn.post_nms_top_n())
    heads = model.roi_heads
    proposals = [model.rpn(batch, maps)[0][0] for batch, maps in zip(batches, features)]
    sizes = [batch.image_sizes for batch in batches]
    pooled = _pool(heads.box_roi_pool, features, proposals, sizes)
    described = _calibrate_box_head(heads.box_head, pooled)
    logits = standardise(heads.box_predictor.cls_score, described, *_class_logits(heads))
    deltas = standardise(heads.box_predictor.bbox_pred, described, *BOX_DELTAS)

    def detect(image: int, rows: Tensor | slice = slice(None), shift: float = 0.0) -> Tensor:
        """The boxes found among some of an image's proposals when the background's scores are shifted."""
        shifted = logits[image][rows].clone()
        shifted[:, 0] += shift
        chosen = proposals[image][rows]
        return heads.postprocess_detections(shifted, deltas[image][rows], [chosen], sizes[image])[0][0]

    # One shift of the background's score does not suit all: what is blurred, or pooled from a coarse level, scores low.
    groups = [(i, rows) for i in range(len(images)) for rows in _rows_by_level(heads.box_roi_pool, proposals[i])]
    share = detections * len(images) / len(groups)
    # No more than one in four of the boxes that a group could give.
    most = (heads.box_predictor.cls_score.out_features - 1) / 4
    score = heads.box_predictor.cls_score
    limit, heads.detections_per_img = heads.detections_per_img, 1000
    for _ in range(8):
        shifts = [
            bisect(lambda shift: len(detect(i, rows, shift)), min(share, most * len(rows)))
            for i, rows in groups
        ]
        steer(score, [0], [described[i][rows] for i, rows in groups], shifts)
        logits = [score(x) for x in described]
    # The background's last shift leaves the widest gap around the score threshold.
    counts = [[len(detect(i, shift=step / 400)) for i in range(len(images))] for step in range(-100, 101)]
    score.bias[0] += (longest_run(counts) - 100) / 400
    logits = [score(x) for x in described]
    heads.detections_per_img = limit
    boxes = [detect(i) for i in range(len(images))]
    del pooled, described

    if heads.has_mask():
        regions = _pool(heads.mask_roi_pool, features, boxes, sizes)
        for block in heads.mask_head:
            regions = _run_block(block, regions)
        predictor = heads.mask_predictor
        regions = standardise(predictor.conv5_mask, regions, *HIDDEN)
        standardise(predictor.mask_fcn_logits, [x.relu() for x in regions], *MASK_LOGITS)
    if heads.has_keypoint():
        regions = _pool(heads.keypoint_roi_pool, features, boxes, sizes)
        for layer in heads.keypoint_head:
            if isinstance(layer, nn.Conv2d):
                regions = [x.relu() for x in standardise(layer, regions, *HIDDEN)]
        standardise(heads.keypoint_predictor.kps_score_lowres, regions, *HEATMAPS)


def draw(
    model: nn.Module,
    generator: torch.Generator,
    is_norm: Callable[[nn.Module], bool] = lambda module: isinstance(module, NORMS),
    is_last: Callable[[str], bool] = lambda name: name.endswith(".bn3"),
) -> None:
    """Draws all weights: scaled to the fan-in for convolutions and dense layers, near one for norms. `is_last` knows
    the name of the last norm of a residual branch.

    Two things keep rounding errors from growing from layer to layer, as they do in a network of plain noise and do
    not in a trained one: kernels are mostly smooth, and the last norm of a residual branch is small.
    """
    for name, module in model.named_modules():
        if is_norm(module):
            module.weight.uniform_(*((0.2, 0.5) if is_last(name) else (0.5, 1.5)), generator=generator)
            module.bias.normal_(0, 0.2, generator=generator)
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            transposed = isinstance(module, nn.ConvTranspose2d)
            fan_in = module.weight.transpose(0, 1)[0].numel() if transposed else module.weight[0].numel()
            module.weight.normal_(0, fan_in**-0.5, generator=generator)
            if module.bias is not None:
                module.bias.normal_(0, 0.1, generator=generator)
            if not isinstance(module, nn.Linear):
                _smooth(module.weight)


def _smooth(weight: Tensor) -> None:
    """Makes kernels mostly blurs, so that masks and heat maps come out as shapes, not as noise."""
    size = weight.shape[-1]
    if size == 7:
        # The stem: random oriented filters, without their finest detail.
        line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
        blurred = F.conv2d(weight.view(-1, 1, size, size), torch.outer(line, line)[None, None], padding=2)
        weight.copy_(3 * blurred.view_as(weight))
    elif size in BLURS:
        line = torch.tensor(BLURS[size])
        strength = weight[:, :, 1, 1].clone()
        weight.mul_(0.2).add_(strength[:, :, None, None] * torch.outer(line, line))


@contextmanager
def _norms_learn_statistics(model: nn.Module) -> Iterator[None]:
    """While the block runs, each batch norm first takes its mean and variance from what it is given."""

    def learn(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        norm.running_mean.copy_(inputs[0].mean(dim=(0, 2, 3)))
        norm.running_var.copy_(inputs[0].var(dim=(0, 2, 3)).clamp(min=1e-3))

    hooks = [norm.register_forward_pre_hook(learn) for norm in model.modules() if isinstance(norm, NORMS)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def standardise(layer: nn.Module, inputs: list[Tensor], mean: float, deviation: float) -> list[Tensor]:
    """Rescales a layer so that each output channel has this mean and deviation; returns its outputs."""
    outputs = torch.cat([layer(x).transpose(0, 1).flatten(1) for x in inputs], dim=1)
    scale = deviation / outputs.std(dim=1).clamp(min=1e-3)
    shift = mean - outputs.mean(dim=1) * scale
    del outputs
    channels = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
    shape = [1] * layer.weight.ndim
    shape[channels] = -1
    layer.weight.mul_(scale.view(shape))
    layer.bias.mul_(scale).add_(shift)
    return [layer(x) for x in inputs]


def _run_block(block: nn.Sequential, inputs: list[Tensor]) -> list[Tensor]:
    """Calibrates and runs a convolution, perhaps a batch norm, and a rectifier."""
    if any(isinstance(layer, NORMS) for layer in block):
        with _norms_learn_statistics(block):
            block(torch.cat(inputs))
        return [block(x) for x in inputs]
    return [x.relu() for x in standardise(block[0], inputs, *HIDDEN)]


def _calibrate_box_head(head: nn.Module, pooled: list[Tensor]) -> list[Tensor]:
    if hasattr(head, "fc6"):
        hidden = [x.relu() for x in standardise(head.fc6, [x.flatten(1) for x in pooled], *HIDDEN)]
        return [x.relu() for x in standardise(head.fc7, hidden, *HIDDEN)]
    values = pooled
    for layer in head:
        if isinstance(layer, nn.Sequential):
            values = _run_block(layer, values)
        elif isinstance(layer, nn.Linear):
            values = standardise(layer, values, *HIDDEN)
        else:
            values = [layer(x) for x in values]
    return values


def steer(layer: nn.Module, channels: list[int], groups: list[Tensor], shifts: list[float]) -> None:
    """Shifts some output channels of a dense layer or a 1×1 convolution by a different amount for each group of inputs.

    The weights change as little as they can such that each group's mean input gets its shift. Groups have shape
    (rows, inputs). Directions in which the groups hardly differ are left alone.
    """
    means = torch.stack([torch.cat([x.mean(dim=0), torch.ones(1)]) for x in groups])
    change = torch.linalg.pinv(means, rtol=0.03) @ torch.tensor(shifts)
    for channel in channels:
        layer.weight[channel] += change[:-1].view_as(layer.weight[channel])
        layer.bias[channel] += change[-1]


def _calibrate_proposal_head(head: nn.Module, features: list[dict[str, Tensor]], proposals: int) -> None:
    """Gives objectness and deltas their spread, and each level its share of the best anchors.

    The finest level has two hundred times the anchors of the coarsest: with scores alike it would supply all proposals.
    """
    levels = list(zip(*(maps.values() for maps in features)))
    hidden = [value for level in levels for value in level]
    for block in head.conv:
        hidden = [x.relu() for x in standardise(block[0], hidden, *HIDDEN)]
    standardise(head.bbox_pred, hidden, *PROPOSAL_DELTAS)

    images = len(features)
    good = [max(1, round(share * proposals * images)) for share in GOOD_ANCHORS]
    groups = [hidden[i : i + images] for i in range(0, len(hidden), images)]
    rows = [torch.cat([x[0].flatten(1).T for x in group]) for group in groups]
    anchors = list(range(head.cls_logits.out_channels))
    for _ in range(6):
        standardise(head.cls_logits, hidden, *OBJECTNESS)
        reached = []
        for group, count in zip(groups, good):
            logits = torch.cat([head.cls_logits(x).flatten() for x in group])
            reached.append(logits.topk(min(count, max(1, len(logits) // 4))).values[-1].item())
        common = sum(reached) / len(reached)
        steer(head.cls_logits, anchors, rows, [(common - value) / 2 for value in reached])


def _class_logits(heads: nn.Module) -> tuple[float, float]:
    """Mean and deviation of the class scores: wide enough that probabilities spread over the whole range rather than
    crowd at the threshold, but with few classes not so wide that they crowd at one."""
    return 0.0, max(2.0, min(6.0, heads.box_predictor.cls_score.out_features / 2))


def _rows_by_level(pooler: nn.Module, boxes: Tensor) -> list[Tensor]:
    """The numbers of the boxes that are pooled from each level, but for levels that have next to none."""
    levels = pooler.map_levels([boxes])
    rows = [torch.where(levels == level)[0] for level in levels.unique()]
    return [x for x in rows if len(x) >= 5]


def _pool(pooler: nn.Module, features: list, boxes: list[Tensor], sizes: list) -> list[Tensor]:
    """Pools each image's boxes, with scales inferred anew for each image."""
    pooled = []
    for maps, regions, size in zip(features, boxes, sizes):
        pooler.scales, pooler.map_levels = None, None
        pooled.append(pooler(maps, [regions], size))
    return pooled


def longest_run(values: list[list[int]]) -> int:
    """The middle index of the longest run of equal values."""
    start, best = 0, (0, 0)
    for index in range(1, len(values) + 1):
        if index == len(values) or values[index] != values[start]:
            best = max(best, (index - start, (start + index - 1) // 2))
            start = index
    return best[1]


def bisect(count: Callable[[float], float], wanted: float) -> float:
    """The shift of the background's score at which `count(shift)`, a falling function, passes `wanted`.

    No shift if it never does: to ask for more boxes than there are would only let all pass with a score of one.
    """
    low, high = -40.0, 80.0
    if count(low) <= wanted:
        return 0.0
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if count(middle) > wanted else (low, middle)
    return high
