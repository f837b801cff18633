"""Writes the expected values of Tests/KernelsTests from PyTorch and torchvision.

    python3 Tools/make_kernel_goldens.py Tests/KernelsTests/Fixtures

Needs torch, torchvision and numpy. Inputs are not stored: both sides compute them from `pattern`, which is
exact in float32. Maps are written channels last, as the Swift code holds them; null stands for NaN.
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torchvision.ops import FrozenBatchNorm2d, roi_align, roi_pool


def pattern(shape, seed):
    """Numbers from -1 to 1, spread by an integer hash of their index; `pattern` in Pattern.swift."""
    x = (np.arange(math.prod(shape), dtype=np.uint64) + 1) * (2 * seed + 2654435761) & 0xFFFFFFFF
    x = (x ^ x >> 15) * 2246822519 & 0xFFFFFFFF
    x = (x ^ x >> 13) * 3266489917 & 0xFFFFFFFF
    x ^= x >> 16
    return ((x >> 8).astype(np.float64) / 2**23 - 1).astype(np.float32).reshape(shape)


def tensor(shape, seed, dtype=torch.float64):
    return torch.from_numpy(pattern(shape, seed)).to(dtype)


def channels_first(maps):
    return maps.movedim(-1, -3)


def numbers(values):
    """The shortest decimals that read back as the same float32."""
    flat = np.asarray(values, dtype=np.float32).reshape(-1)
    return [None if np.isnan(x) else float(str(x)) for x in flat]


def maps_last(values):
    return numbers(values.movedim(-3, -1).numpy())


def convolutions():
    """In float64, so that the expected values carry one rounding only."""
    cases = []
    for name, shape, outputs, kernel, stride, padding, groups, steps, relu, *dilation in [
        ("1×1", [1, 3, 4, 3], 5, 1, 1, 0, 1, "", False),
        ("3×3", [1, 5, 6, 2], 3, 3, 1, 1, 1, "", False),
        ("3×3 of stride 2", [2, 5, 4, 3], 2, 3, 2, 1, 1, "scale shift", True),
        ("7×7 of stride 2, a stem", [1, 9, 8, 3], 4, 7, 2, 3, 1, "scale shift", True),
        ("3×3 without padding", [1, 5, 7, 9], 2, 3, 1, 0, 1, "shift", False),
        ("3×3 in groups", [1, 4, 5, 8], 12, 3, 1, 1, 4, "scale shift", False),
        ("1×1 in groups, stride 2", [2, 3, 3, 6], 4, 1, 2, 0, 2, "", False),
        ("the end of a residual block", [1, 3, 4, 5], 9, 1, 1, 0, 1, "scale shift residual", True),
        ("3×3 of one position", [1, 1, 1, 4], 3, 3, 1, 1, 1, "shift", False),
        ("2×2, an even kernel", [1, 4, 3, 2], 3, 2, 1, 1, 1, "", False),
        ("3×3 of dilation 2", [2, 5, 7, 3], 4, 3, 1, 2, 1, "scale shift", True, 2),
        ("3×3 of dilation 3 in groups", [1, 8, 6, 4], 6, 3, 1, 3, 2, "", False, 3),
    ]:
        dilation = dilation[0] if dilation else 1
        x = channels_first(tensor(shape, 1))
        weight = tensor([outputs, shape[3] // groups, kernel, kernel], 2)
        y = F.conv2d(x, weight, stride=stride, padding=padding, groups=groups, dilation=dilation)
        if "scale" in steps:
            y = y * tensor([outputs], 3)[:, None, None]
        if "shift" in steps:
            y = y + tensor([outputs], 4)[:, None, None]
        if "residual" in steps:
            y = y + channels_first(tensor([y.shape[0], y.shape[2], y.shape[3], outputs], 5))
        cases.append({
            "name": name, "input": shape, "outputs": outputs, "kernel": kernel, "stride": stride,
            "padding": padding, "groups": groups, **({"dilation": dilation} if dilation > 1 else {}),
            "scale": "scale" in steps, "shift": "shift" in steps,
            "residual": "residual" in steps, "relu": relu,
            "output": maps_last(y.relu() if relu else y)})
    return cases


def transposed_convolutions():
    cases = []
    for name, shape, outputs, kernel, stride, padding, bias, relu in [
        ("2×2 of stride 2, the mask head's", [2, 2, 3, 5], 3, 2, 2, 0, True, True),
        ("4×4 of stride 2, the keypoint head's", [1, 3, 2, 4], 9, 4, 2, 1, True, False),
        ("3×3 of stride 1", [1, 3, 4, 2], 2, 3, 1, 1, False, False),
        ("3×3 of stride 2", [1, 2, 3, 3], 2, 3, 2, 0, True, False),
        ("one position", [1, 1, 1, 3], 2, 4, 2, 1, True, False),
        ("stride beyond the kernel, with gaps", [1, 2, 3, 2], 2, 1, 3, 0, True, False),
    ]:
        x = channels_first(tensor(shape, 1))
        weight = tensor([shape[3], outputs, kernel, kernel], 2)
        y = F.conv_transpose2d(x, weight, tensor([outputs], 4) if bias else None, stride, padding)
        cases.append({
            "name": name, "input": shape, "outputs": outputs, "kernel": kernel, "stride": stride,
            "padding": padding, "bias": bias, "relu": relu,
            "output": maps_last(y.relu() if relu else y)})
    return cases


def layers():
    result = {}

    shape = [3, 2, 3, 4]
    flat = channels_first(tensor(shape, 1)).flatten(1)
    result["dense"] = {"input": shape, "outputs": 5, "output": numbers(
        F.linear(flat, tensor([5, flat.shape[1]], 2), tensor([5], 3)))}

    result["maxPooling"] = []
    for shape, kernel, stride, padding in [
            ([1, 7, 6, 3], 3, 2, 1), ([2, 4, 5, 2], 2, 2, 0), ([1, 5, 4, 3], 1, 2, 0), ([1, 1, 1, 2], 3, 2, 1)]:
        # Minus two: all numbers are negative, so that padding with 0 would show.
        y = F.max_pool2d(channels_first(tensor(shape, 1)) - 2, kernel, stride, padding)
        result["maxPooling"].append({
            "input": shape, "kernel": kernel, "stride": stride, "padding": padding, "output": maps_last(y)})

    result["upsampling"] = []
    for mode in ("nearest", "bilinear"):
        for source, size in [([3, 5], [6, 10]), ([3, 5], [5, 9]), ([4, 3], [7, 11]), ([1, 1], [2, 3]),
                             ([7, 9], [4, 5]), ([2, 2], [2, 2]), ([1, 100], [1, 167])]:
            x = channels_first(tensor([1, *source, 2], 1, torch.float32))
            y = F.interpolate(x, size, mode=mode, **({"align_corners": False} if mode == "bilinear" else {}))
            result["upsampling"].append(
                {"mode": mode, "input": [*source, 2], "output": maps_last(y), "height": size[0],
                 "width": size[1]})

    shape = [2, 3, 2, 6]
    x = channels_first(tensor(shape, 1))
    weight, bias, mean, variance = (tensor([6], seed) for seed in (2, 3, 4, 5))
    variance = variance.abs() + 0.01
    result["groupNorm"] = [
        {"input": shape, "groups": groups, "output": maps_last(F.group_norm(x, groups, weight, bias, 1e-5))}
        for groups in (1, 3, 6)]
    # In float32, where the order of the operations shows.
    result["frozenBatchNorm"] = []
    for epsilon in (0.0, 1e-5):
        norm = FrozenBatchNorm2d(6, eps=epsilon)
        norm.weight, norm.bias, norm.running_mean, norm.running_var = (
            v.float() for v in (weight, bias, mean, variance))
        result["frozenBatchNorm"].append({
            "epsilon": epsilon, "input": shape, "variance": numbers(norm.running_var),
            "output": maps_last(norm(x.float()))})

    result["softmax"] = {"input": [4, 7], "output": numbers((tensor([4, 7], 1) * 20).softmax(1))}
    places = torch.tensor([-1000, -104, -88, -20, -1, -1e-6, 0, 1e-6, 1, 20, 88, 104, 1000], dtype=torch.float64)
    result["sigmoid"] = {"input": numbers(places), "output": numbers(places.sigmoid())}
    return result


# In pixels of a 68 × 52 image, whose map at stride 4 is 17 × 13.
BOXES = {
    "inside": [5.3, 7.1, 40.9, 33.3],
    "the whole image": [0, 0, 68, 52],
    "smaller than a position": [10.2, 10.3, 10.5, 10.4],
    "without area": [20, 20, 20, 20],
    "edges in the wrong order": [40, 30, 20, 10],
    "in the upper left corner": [0, 0, 8, 8],
    "in the lower right corner": [60, 44, 68, 52],
    "over the upper left corner": [-20, -12, 30, 20],
    "over the lower right corner": [50, 40, 100, 90],
    "outside, lower right": [200, 200, 240, 260],
    "outside, upper left": [-100, -100, -50, -50],
    "around the image": [-30, -30, 120, 100],
    "first sample at -1, last at the height": [-8, 8, 40, 56],
    "corners between two positions": [2, 6, 22, 30],
    "negative corners between two positions": [-2, -6, 10, 14],
    "long and thin": [3, 20, 65, 21.5],
}


def regions():
    boxes = torch.tensor(list(BOXES.values()), dtype=torch.float32)
    rois = torch.cat([torch.zeros(len(boxes), 1), boxes], 1)
    shape = [13, 17, 2]
    x = channels_first(tensor([1, *shape], 1, torch.float32))
    size = 3
    result = {"map": shape, "outputSize": size, "scale": 0.25, "names": list(BOXES),
              "boxes": numbers(boxes), "align": []}
    for aligned in (False, True):
        for samples in (2, -1, 3):
            y = roi_align(x, rois, size, 0.25, samples, aligned)
            result["align"].append({
                "subtractsHalfPixel": aligned, "samplesPerAxis": samples if samples > 0 else None,
                "output": maps_last(y)})
    result["pool"] = maps_last(roi_pool(x, rois, size, 0.25))
    return result


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in {"convolutions": convolutions, "transposed-convolutions": transposed_convolutions,
                        "layers": layers, "regions": regions}.items():
        (folder / f"{name}.json").write_text(
            json.dumps(build(), separators=(",", ":"), ensure_ascii=False) + "\n")
    (folder / "README.md").write_text(
        "Expected values, written by `Tools/make_kernel_goldens.py` and `make_gradient_goldens.py` with torch "
        f"{torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}, "
        f"numpy {np.__version__}.\n")


if __name__ == "__main__":
    main()
