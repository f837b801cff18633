#!/usr/bin/env python3
"""Writes what PyTorch and torchvision say of targets, losses and optimisers, for Tests/TrainingTests.

    python3 Tools/make_loss_goldens.py Tests/TrainingTests/Fixtures

Needs torch, torchvision and numpy. Losses are computed in float64, their gradients by autograd; targets and
optimisers in float32, as the frameworks compute them. Decoding of boxes is restated here, since only
torchvision's own conventions can be had from torchvision.
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.models.detection.roi_heads import keypoints_to_heatmap, project_masks_on_boxes
from torchvision.ops import generalized_box_iou_loss
from torchvision.ops._utils import _loss_inter_union

RANDOM = np.random.default_rng(1)


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().double().reshape(-1).tolist()]


def normal(*shape, scale=1.0, dtype=torch.float64):
    """Random numbers that float32 holds exactly."""
    values = (RANDOM.normal(0, scale, shape) * 1024).round() / 1024
    return torch.tensor(values, dtype=dtype)


# Targets


def mask_targets():
    """An ellipse that touches the lower edge of a picture, and boxes on, across and beside it."""
    height, width = 20, 24
    y, x = np.mgrid[0:height, 0:width]
    mask = ((x - 11.3) / 7.2) ** 2 + ((y - 14.1) / 8.4) ** 2 < 1
    boxes = [[4, 6, 19, 20], [2.25, 3.5, 15.75, 18.125], [0, 0, 24, 20], [10.5, 11.25, 13, 13.5],
             [0, 0, 3.5, 4], [-3, 8, 30, 27], [17.3, 2.2, 21.9, 19.4]]
    cases = []
    for side in (3, 7):
        tensor = torch.tensor(boxes)
        masks = torch.tensor(mask[None]).to(torch.uint8)
        targets = project_masks_on_boxes(masks, tensor, torch.zeros(len(boxes), dtype=torch.int64), side)
        cases.append({"side": side, "targets": numbers(targets)})
    return {"height": height, "width": width, "bits": mask.astype(int).reshape(-1).tolist(),
            "boxes": sum(boxes, []), "cases": cases}


def keypoint_targets():
    """Inside, on every edge, on both corners, outside on every side, and not labelled."""
    boxes = [[10, 20, 50, 100], [0.5, 0.25, 7.75, 3.5]]
    keypoints = []
    for left, top, right, bottom in boxes:
        middle_x, middle_y = (left + right) / 2 + 0.1, (top + bottom) / 2 + 0.2
        places = [(middle_x, middle_y), (left, middle_y), (right, middle_y), (middle_x, top), (middle_x, bottom),
                  (left, top), (right, bottom), (left - 0.01, middle_y), (right + 0.01, middle_y),
                  (middle_x, top - 0.01), (middle_x, bottom + 0.01), (right - 1e-4, bottom - 1e-4)]
        keypoints.append([[x, y, 1 + index % 2] for index, (x, y) in enumerate(places)] + [[middle_x, middle_y, 0]])
    keypoints, boxes = torch.tensor(keypoints), torch.tensor(boxes, dtype=torch.float32)
    cases = []
    for side in (7, 56):
        cells, valid = keypoints_to_heatmap(keypoints, boxes, side)
        cells = [c if v else None for c, v in zip(cells.reshape(-1).tolist(), valid.reshape(-1).tolist())]
        cases.append({"side": side, "cells": cells})
    return {"boxes": numbers(boxes), "keypoints": numbers(keypoints), "cases": cases}


# Losses of boxes

LIMIT = math.log(1000 / 16)
CODERS = {
    "torchvision.proposals": ((1, 1, 1, 1), False),
    "torchvision.detections": ((0.1, 0.1, 0.2, 0.2), False),
    "mmdetection.detections": ((0.1, 0.1, 0.2, 0.2), True),
}


def decode(delta, reference, factors, both_sides):
    x1, y1, x2, y2 = reference
    width, height = x2 - x1, y2 - y1
    delta = delta * torch.tensor(factors, dtype=delta.dtype)
    size = delta[2:].clamp(-LIMIT if both_sides else None, LIMIT).exp() * torch.stack([width, height])
    centre = torch.stack([x1 + width / 2, y1 + height / 2]) + delta[:2] * torch.stack([width, height])
    return torch.cat([centre - size / 2, centre + size / 2])


def encode(box, reference, factors):
    def parts(b):
        return (b[:2] + b[2:]) / 2, b[2:] - b[:2]
    (centre, size), (old_centre, old_size) = parts(box), parts(reference)
    delta = torch.cat([(centre - old_centre) / old_size, (size / old_size).log()])
    return delta / torch.tensor(factors, dtype=box.dtype)


def box_losses():
    # Reference, target and what the decoded box is like before the factors of the coder.
    pairs = [
        ("overlapping", [10, 10, 50, 40], [20, 15, 65, 50], [0.1, -0.05, 0.2, 0.1]),
        ("inside", [0, 0, 100, 80], [10, 10, 90, 70], [0.02, 0.03, -0.9, -0.7]),
        ("around", [30, 30, 60, 60], [35, 38, 50, 52], [-0.05, 0.1, 0.5, 0.6]),
        ("apart", [0, 0, 20, 20], [60, 70, 90, 85], [0.1, 0.1, 0.1, -0.1]),
        ("side by side", [0, 0, 20, 20], [40, 5, 60, 15], [0.1, 0.1, 0.1, -0.1]),
        ("far too large", [10, 10, 12, 13], [0, 0, 80, 70], [0.3, 0.2, 4.5, 5]),
        ("far too small", [0, 0, 300, 200], [140, 80, 170, 110], [0.01, -0.02, -4.5, -4.8]),
    ]
    losses = [("smoothL1", 1 / 9), ("smoothL1", 1.0), ("smoothL1", 0.0), ("iou", None), ("giou", None)]
    cases = []
    for coder, (factors, both_sides) in CODERS.items():
        for name, reference, target, change in pairs:
            reference, target = (torch.tensor(b, dtype=torch.float64) for b in (reference, target))
            start = torch.tensor(change, dtype=torch.float32).double() / torch.tensor(factors, dtype=torch.float64)
            start = start.float().double()
            for loss, beta in losses:
                delta = start.clone().requires_grad_()
                if loss == "smoothL1":
                    wanted = encode(target, reference, factors)
                    value = F.smooth_l1_loss(delta, wanted, beta=beta, reduction="sum")
                else:
                    box = decode(delta, reference, factors, both_sides)[None]
                    if loss == "iou":
                        intersection, union = _loss_inter_union(box, target[None])
                        value = (1 - intersection / (union + 1e-7)).sum()
                    else:
                        value = generalized_box_iou_loss(box, target[None], reduction="sum")
                gradient, = torch.autograd.grad(value, delta, allow_unused=True)
                cases.append({
                    "name": name, "coder": coder, "loss": loss, "beta": beta, "reference": numbers(reference),
                    "target": numbers(target), "delta": numbers(delta), "value": value.item(),
                    "gradient": numbers(torch.zeros(4) if gradient is None else gradient)})
    return cases


# Losses of classes, masks and keypoints


def summed(function, logits):
    """A sum and its gradient."""
    logits = logits.clone().requires_grad_()
    value = function(logits)
    gradient, = torch.autograd.grad(value, logits)
    return {"sum": value.item(), "gradient": numbers(gradient)}


def sigmoid_losses():
    logits = torch.tensor([-30, -3.5, -1, -1e-3, 0, 0.25, 2, 17, 80] * 3, dtype=torch.float64)
    targets = torch.tensor([0.0] * 9 + [1.0] * 9 + [0.3125] * 9, dtype=torch.float64)
    values = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return {"logits": numbers(logits), "targets": numbers(targets), "values": numbers(values)}


def class_loss():
    logits, labels = normal(6, 5, scale=3), [0, 4, 1, 1, 3, 0]
    result = summed(lambda x: F.cross_entropy(x, torch.tensor(labels), reduction="sum"), logits)
    return {"logits": numbers(logits), "labels": labels, **result}


def mask_losses():
    """Logits are `[regions, side, side, channels]`."""
    labels, side = [2, 1, 3], 4
    targets = torch.tensor(RANDOM.integers(0, 9, (3, side, side)) / 8, dtype=torch.float64)

    def sigmoid(channel):
        def loss(logits):
            chosen = torch.stack([logits[index, :, :, channel(label)] for index, label in enumerate(labels)])
            return F.binary_cross_entropy_with_logits(chosen, targets, reduction="sum")
        return loss

    def softmax(logits):
        wanted = (targets >= 0.5) * torch.tensor(labels)[:, None, None]
        return F.cross_entropy(logits.reshape(-1, 5), wanted.reshape(-1), reduction="sum")

    cases = []
    for name, channels, loss in [("sigmoid", 5, sigmoid(lambda label: label)), ("softmax", 5, softmax),
                                 ("agnostic", 1, sigmoid(lambda label: 0))]:
        logits = normal(3, side, side, channels, scale=2)
        cases.append({"name": name, "channels": channels, "logits": numbers(logits), **summed(loss, logits)})
    return {"side": side, "labels": labels, "targets": numbers(targets), "cases": cases}


def keypoint_loss():
    """Heatmaps are `[regions, side, side, keypoints]`; a region's keypoint without a target has null."""
    side, targets = 4, [[5, None, 15], [0, 9, None]]
    heatmaps = normal(2, side, side, 3, scale=2)

    def loss(heatmaps):
        maps = heatmaps.permute(0, 3, 1, 2).reshape(6, side * side)
        flat = sum(targets, [])
        chosen = [index for index, target in enumerate(flat) if target is not None]
        return F.cross_entropy(maps[chosen], torch.tensor([flat[i] for i in chosen]), reduction="sum")

    return {"side": side, "targets": targets, "heatmaps": numbers(heatmaps), **summed(loss, heatmaps)}


# Optimisers


def optimizers():
    """Five steps; the vector has no gradient in the third. Weight decay 0.05, rate 0.02 halved after step 2."""
    gradients = [{"weight": normal(2, 3), "bias": normal(3)} for _ in range(5)]
    gradients[2]["bias"] = torch.zeros(3)
    start = {"weight": normal(2, 3), "bias": normal(3)}
    rates = [0.02, 0.02, 0.01, 0.01, 0.01]
    cases = []
    for rule in ("sgd", "adamW"):
        for decays_vectors in (True, False):
            parameters = {name: torch.nn.Parameter(value.float().clone()) for name, value in start.items()}
            groups = [{"params": [parameters["weight"]], "weight_decay": 0.05},
                      {"params": [parameters["bias"]], "weight_decay": 0.05 if decays_vectors else 0}]
            optimizer = (torch.optim.SGD(groups, lr=1.0, momentum=0.9) if rule == "sgd"
                         else torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.999), eps=1e-8))
            steps = []
            for step, rate in enumerate(rates):
                for group in optimizer.param_groups:
                    group["lr"] = rate
                for name, parameter in parameters.items():
                    parameter.grad = gradients[step][name].float().clone()
                optimizer.step()
                steps.append({name: numbers(value) for name, value in parameters.items()})
            cases.append({"rule": rule, "decaysVectors": decays_vectors, "steps": steps})
    return {"weightDecay": 0.05, "rates": rates, "start": {k: numbers(v) for k, v in start.items()},
            "gradients": [{k: numbers(v) for k, v in g.items()} for g in gradients], "cases": cases}


def main(output: pathlib.Path) -> None:
    torch.set_num_threads(1)
    goldens = {"maskTargets": mask_targets(), "keypointTargets": keypoint_targets(), "boxLosses": box_losses(),
               "sigmoidLosses": sigmoid_losses(), "classLoss": class_loss(), "maskLosses": mask_losses(),
               "keypointLoss": keypoint_loss(), "optimizers": optimizers()}
    output.mkdir(parents=True, exist_ok=True)
    (output / "losses.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
