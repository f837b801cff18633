"""Writes the gradients that Tests/KernelsTests expects of kernels without large weights, from PyTorch's autograd.

    python3 Tools/make_gradient_goldens.py Tests/KernelsTests/Fixtures

Needs torch, torchvision and numpy. Inputs (seed 1) and the gradients by the outputs (seed 6) are not stored: both
sides compute them from `pattern`. A tied input has five different numbers only, so that maxima have rivals.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from make_kernel_goldens import BOXES, channels_first, maps_last, numbers, pattern, tensor
from torchvision.ops import roi_align, roi_pool


def pulled_back(function, *inputs):
    """The gradients by `inputs`, given a gradient by the channels-last output."""
    inputs = [x.detach().requires_grad_() for x in inputs]
    y = function(*inputs)
    last = y.movedim(-3, -1) if y.dim() == 4 else y
    gradient = torch.from_numpy(pattern(list(last.shape), 6)).to(y.dtype)
    return torch.autograd.grad(y, inputs, channels_first(gradient) if y.dim() == 4 else gradient)


def inputs(shape, tied, dtype):
    x = tensor(shape, 1, dtype)
    return channels_first((2 * x).round() if tied else x)


def group_norm():
    shape = [2, 3, 2, 6]
    cases = []
    for groups in (1, 3, 6):
        x, weight, bias = pulled_back(
            lambda x, weight, bias: F.group_norm(x, groups, weight, bias, 1e-5),
            channels_first(tensor(shape, 1)), tensor([6], 2), tensor([6], 3))
        cases.append({"input": shape, "groups": groups, "inputGradient": maps_last(x),
                      "weightGradient": numbers(weight), "biasGradient": numbers(bias)})
    return cases


def max_pooling():
    cases = []
    for shape, kernel, stride, padding in [
            ([1, 7, 6, 3], 3, 2, 1), ([2, 4, 5, 2], 2, 2, 0), ([1, 5, 4, 3], 1, 2, 0), ([1, 1, 1, 2], 3, 2, 1),
            ([1, 5, 6, 9], 3, 1, 1)]:
        for tied in (False, True):
            x, = pulled_back(
                lambda x: F.max_pool2d(x, kernel, stride, padding), inputs(shape, tied, torch.float64))
            cases.append({"input": shape, "kernel": kernel, "stride": stride, "padding": padding, "tied": tied,
                          "inputGradient": maps_last(x)})
    return cases


def upsampling():
    """In float32, in which both sides compute where an output lies."""
    cases = []
    for mode in ("nearest", "bilinear"):
        for source, size in [([3, 5], [6, 10]), ([3, 5], [5, 9]), ([4, 3], [7, 11]), ([1, 1], [2, 3]),
                             ([7, 9], [4, 5]), ([2, 2], [2, 2]), ([1, 100], [1, 167])]:
            x, = pulled_back(
                lambda x: F.interpolate(
                    x, size, mode=mode, **({"align_corners": False} if mode == "bilinear" else {})),
                channels_first(tensor([1, *source, 2], 1, torch.float32)))
            cases.append({"mode": mode, "input": [*source, 2], "height": size[0], "width": size[1],
                          "inputGradient": maps_last(x)})
    return cases


def regions():
    """In float32 too. The gradients of all boxes add up."""
    boxes = torch.tensor(list(BOXES.values()), dtype=torch.float32)
    rois = torch.cat([torch.zeros(len(boxes), 1), boxes], 1)
    shape = [13, 17, 2]
    result = {"map": shape, "outputSize": 3, "scale": 0.25, "boxes": numbers(boxes), "align": [], "pool": []}
    for aligned in (False, True):
        for samples in (2, -1, 3):
            x, = pulled_back(
                lambda x: roi_align(x, rois, 3, 0.25, samples, aligned),
                inputs([1, *shape], False, torch.float32))
            result["align"].append({
                "subtractsHalfPixel": aligned, "samplesPerAxis": samples if samples > 0 else None,
                "mapGradient": maps_last(x)})
    for tied in (False, True):
        x, = pulled_back(lambda x: roi_pool(x, rois, 3, 0.25), inputs([1, *shape], tied, torch.float32))
        result["pool"].append({"tied": tied, "mapGradient": maps_last(x)})
    return result


def main():
    logits, = pulled_back(lambda x: (x * 4).softmax(1), tensor([4, 7], 1))
    result = {
        "groupNorm": group_norm(), "maxPooling": max_pooling(), "upsampling": upsampling(), "regions": regions(),
        # By what goes into the softmax: four times the pattern.
        "softmax": {"input": [4, 7], "logitsGradient": numbers(logits / 4)}}
    (pathlib.Path(sys.argv[1]) / "gradients.json").write_text(
        json.dumps(result, separators=(",", ":"), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
