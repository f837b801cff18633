"""Writes the gradients that PyTorch's autograd computes of convolutions and dense layers.

    python3 Tools/make_convolution_gradient_goldens.py Tests/KernelsTests/Fixtures

Needs torch and numpy. Inputs, weights and gradients by the output are not stored: both sides compute them from
`pattern`, with seeds 1, 2 and 6 (the scale: 3). Everything in float64, so that the expected values carry one
rounding only. Maps are written channels last, weights in PyTorch's order.
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F


def pattern(shape, seed):
    """Numbers from -1 to 1, spread by an integer hash of their index; `pattern` in Pattern.swift."""
    x = (np.arange(math.prod(shape), dtype=np.uint64) + 1) * (2 * seed + 2654435761) & 0xFFFFFFFF
    x = (x ^ x >> 15) * 2246822519 & 0xFFFFFFFF
    x = (x ^ x >> 13) * 3266489917 & 0xFFFFFFFF
    x ^= x >> 16
    return torch.from_numpy((x >> 8).astype(np.float64) / 2**23 - 1).reshape(shape)


def numbers(values):
    """The shortest decimals that read back as the same float32."""
    return [float(str(x)) for x in values.detach().numpy().astype(np.float32).reshape(-1)]


def gradients(shape, weight_shape, compute):
    """By the input and by the weight, of the inner product of the output with a fixed gradient."""
    x = pattern(shape, 1).requires_grad_()
    weight = pattern(weight_shape, 2).requires_grad_()
    y = compute(x.movedim(-1, -3), weight)
    y = y.movedim(-3, -1) if y.ndim == 4 else y
    (y * pattern(list(y.shape), 6)).sum().backward()
    return {"output": list(y.shape), "byInput": numbers(x.grad), "byWeight": numbers(weight.grad)}


def convolutions():
    cases = []
    for name, shape, outputs, kernel, stride, padding, groups, scaled, *dilation in [
        ("1×1", [2, 3, 4, 3], 5, 1, 1, 0, 1, True),
        ("1×1 of stride 2", [1, 5, 4, 3], 2, 1, 2, 0, 1, False),
        ("3×3", [2, 5, 6, 2], 3, 3, 1, 1, 1, True),
        ("3×3 of stride 2", [2, 5, 4, 3], 2, 3, 2, 1, 1, True),
        ("7×7 of stride 2, a stem", [1, 9, 8, 3], 2, 7, 2, 3, 1, True),
        ("3×3 without padding", [1, 5, 7, 4], 2, 3, 1, 0, 1, False),
        ("3×3 in groups", [1, 4, 5, 8], 12, 3, 1, 1, 4, True),
        ("1×1 in groups, stride 2", [2, 3, 3, 6], 4, 1, 2, 0, 2, False),
        ("3×3 of dilation 2", [1, 5, 6, 3], 2, 3, 1, 2, 1, True, 2),
    ]:
        dilation = dilation[0] if dilation else 1

        def compute(x, weight):
            y = F.conv2d(x, weight, stride=stride, padding=padding, groups=groups, dilation=dilation)
            return y * pattern([outputs], 3)[:, None, None] if scaled else y

        cases.append({
            "name": name, "input": shape, "outputs": outputs, "kernel": kernel, "stride": stride,
            "padding": padding, "groups": groups, **({"dilation": dilation} if dilation > 1 else {}), "scale": scaled,
            "gradients": gradients(shape, [outputs, shape[3] // groups, kernel, kernel], compute)})
    return cases


def transposed_convolutions():
    cases = []
    for name, shape, outputs, kernel, stride, padding in [
        ("2×2 of stride 2, the mask head's", [2, 2, 3, 5], 3, 2, 2, 0),
        ("4×4 of stride 2, the keypoint head's", [1, 3, 2, 4], 3, 4, 2, 1),
        ("3×3 of stride 1", [1, 3, 4, 2], 2, 3, 1, 1),
    ]:
        cases.append({
            "name": name, "input": shape, "outputs": outputs, "kernel": kernel, "stride": stride,
            "padding": padding,
            "gradients": gradients(
                shape, [shape[3], outputs, kernel, kernel],
                lambda x, weight: F.conv_transpose2d(x, weight, None, stride, padding))})
    return cases


def dense_layer():
    shape, outputs = [3, 2, 3, 4], 5
    return {"input": shape, "outputs": outputs, "gradients": gradients(
        shape, [outputs, math.prod(shape[1:])], lambda x, weight: F.linear(x.flatten(1), weight))}


def main():
    torch.set_num_threads(1)
    values = {
        "writtenWith": f"torch {torch.__version__.split('+')[0]}, numpy {np.__version__}",
        "convolutions": convolutions(), "transposedConvolutions": transposed_convolutions(),
        "dense": dense_layer()}
    path = pathlib.Path(sys.argv[1]) / "convolution-gradients.json"
    path.write_text(json.dumps(values, separators=(",", ":"), ensure_ascii=False) + "\n")


main()
