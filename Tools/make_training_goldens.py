#!/usr/bin/env python3
"""Writes what torchvision's own training computes, for the tests in Tests/TrainingTests.

    python3 Tools/make_training_goldens.py Tests/TrainingTests/Fixtures

Two narrow models (masks; keypoints) in training mode, two pictures each that need no resizing. Both samplers
take the first candidates in order, so that no random numbers are involved. For each model: the weights at the
start, the pictures and their objects, every part of the loss, the gradient of the sum by every parameter, and
the losses of ten steps of SGD. Names are torchvision's.
"""

import json
import sys
from pathlib import Path

import models
import numpy as np
import torch
from models import Architecture
from safetensors.torch import save_file

SETTINGS = {
    "min_size": 96,
    "max_size": 128,
    "rpn_pre_nms_top_n_train": 60,
    "rpn_post_nms_top_n_train": 40,
    "rpn_batch_size_per_image": 64,
    "box_batch_size_per_image": 32,
}
OPTIMIZER = {"lr": 0.005, "momentum": 0.9, "weight_decay": 1e-4}
WIDTHS = {"stem": 8, "stages": (3, 4, 6, 8), "blocks": (2, 1, 1, 1), "pyramid": 8, "box_hidden": 16}
ARCHITECTURES = {
    "mask": Architecture("mask", classes=4, mask_channels=(8, 8, 8, 8), mask_upsampled=8, **WIDTHS),
    "keypoint": Architecture("keypoint", classes=2, keypoint_channels=(8, 8), keypoints=3, **WIDTHS),
}


class FirstInOrder:
    """torchvision's BalancedPositiveNegativeSampler without the random permutation."""

    def __init__(self, count: int, share: float):
        self.count, self.share = count, share

    def __call__(self, labels):
        positives, negatives = [], []
        for image in labels:
            positive, negative = torch.where(image >= 1)[0], torch.where(image == 0)[0]
            positive = positive[: int(self.count * self.share)]
            negative = negative[: self.count - len(positive)]
            for chosen, masks in ((positive, positives), (negative, negatives)):
                mask = torch.zeros_like(image, dtype=torch.uint8)
                mask[chosen] = 1
                masks.append(mask)
        return positives, negatives


def picture(seed: int, kind: str, classes: int):
    """Discs and boxes on a gradient, 96 × 128: the picture (uint8) and its objects."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:96, 0:128].astype(np.float64)
    image = np.stack([40 + x, 90 + y, 160 - x / 2 + y / 3], axis=-1) + random.normal(0, 8, (96, 128, 3))
    boxes, masks, labels, keypoints = [], [], [], []
    for index in range(4):
        width, height = random.integers(18, 60, 2)
        left, top = random.integers(0, 128 - width), random.integers(0, 96 - height)
        if index % 2:
            mask = ((x - left + 0.5 - width / 2) / width) ** 2 + ((y - top + 0.5 - height / 2) / height) ** 2 < 0.25
        else:
            mask = (x >= left) & (x < left + width) & (y >= top) & (y < top + height)
        image[mask] = random.uniform(0, 255, 3)
        rows, columns = np.where(mask)
        boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        masks.append(mask)
        labels.append(1 if kind == "keypoint" else 1 + index % (classes - 1))
        points = [[left + random.uniform(0, width), top + random.uniform(0, height), random.integers(0, 3)] for _ in range(3)]
        keypoints.append([[0, 0, 0] if p[2] == 0 else p for p in points])
    return image.clip(0, 255).astype(np.uint8), {
        "boxes": torch.tensor(np.array(boxes), dtype=torch.float32),
        "labels": torch.tensor(labels),
        "masks": torch.tensor(np.array(masks), dtype=torch.uint8),
        "keypoints": torch.tensor(np.array(keypoints), dtype=torch.float32),
    }


def initialise(model: torch.nn.Module, seed: int) -> None:
    """Weights large enough for every part to matter, norms away from 1 and 0."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.state_dict().items():
        if name.endswith("running_var"):
            parameter.copy_(torch.rand(parameter.shape, generator=generator) + 0.5)
        elif name.endswith("running_mean") or parameter.ndim == 1 and name.endswith("bias"):
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.05)
        elif parameter.ndim == 1:
            parameter.copy_(torch.rand(parameter.shape, generator=generator) * 0.5 + 0.75)
        else:
            fan_in = parameter[0].numel()
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * (1.6 / fan_in) ** 0.5)


def train(architecture: Architecture, seed: int, double: bool = False):
    """Ten steps from seeded weights: the weights before them, the examples, the first gradients, all losses."""
    model = models.build(architecture, batch_norm_epsilon=0.0, **SETTINGS).train()
    model.rpn.fg_bg_sampler = FirstInOrder(SETTINGS["rpn_batch_size_per_image"], 0.5)
    model.roi_heads.fg_bg_sampler = FirstInOrder(SETTINGS["box_batch_size_per_image"], 0.25)
    initialise(model, seed)
    if double:
        model = model.double()
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    examples = [picture(number, architecture.kind, architecture.classes) for number in (1, 2)]
    images = [torch.from_numpy(image.copy()).permute(2, 0, 1) / 255 for image, _ in examples]
    wanted = ["boxes", "labels", "masks" if architecture.kind == "mask" else "keypoints"]
    targets = [{key: target[key] for key in wanted} for _, target in examples]
    if double:
        images = [image.double() for image in images]
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], **OPTIMIZER)
    gradients, history = {}, []
    for step in range(10):
        losses = model(images, targets)
        history.append({key: value.item() for key, value in losses.items()})
        optimizer.zero_grad()
        sum(losses.values()).backward()
        if step == 0:
            gradients = {k: p.grad.clone() for k, p in model.named_parameters() if p.grad is not None}
        optimizer.step()
    return weights, examples, wanted, gradients, history


def robust(architecture: Architecture):
    """The first seed whose losses float64 arithmetic confirms: no sampled box hangs on a rounding error."""
    for seed in range(100):
        result = train(architecture, seed)
        exact = train(architecture, seed, double=True)[-1]
        errors = [abs(a[key] - b[key]) / max(1, b[key]) for a, b in zip(result[-1], exact) for key in b]
        if max(errors) < 1e-4:
            return seed, result
    raise SystemExit("no seed among the first 100 gives losses that float64 confirms")


def main(output: Path) -> None:
    torch.set_num_threads(1)
    output.mkdir(parents=True, exist_ok=True)
    for name, architecture in ARCHITECTURES.items():
        seed, (weights, examples, wanted, gradients, history) = robust(architecture)
        tensors = {f"weights/{key}": value for key, value in weights.items()}
        tensors |= {f"gradients/{key}": value for key, value in gradients.items()}
        for index, (image, target) in enumerate(examples):
            tensors[f"image.{index}"] = torch.from_numpy(image.copy())
            for key in wanted:
                value = target[key]
                tensors[f"{key}.{index}"] = value if value.dtype != torch.int64 else value.to(torch.int32)
        path = output / f"{name}.training.safetensors"
        metadata = {
            "seed": str(seed), "settings": json.dumps(SETTINGS), "optimizer": json.dumps(OPTIMIZER),
            "losses": json.dumps(history),
        }  # fmt: skip
        save_file({key: value.contiguous() for key, value in tensors.items()}, path, metadata=metadata)
        path.chmod(0o644)
        print(f"{path.name}: seed {seed}, {path.stat().st_size / 1e3:.0f} kB", history[0], history[-1], sep="\n  ")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
