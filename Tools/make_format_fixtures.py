"""Writes the small files in Tests/FormatsTests/Fixtures with the libraries that own the formats.

    python3 Tools/make_format_fixtures.py

needs torch, numpy and safetensors; the tests themselves need none of them. Every array holds values of one
formula, which the tests compute for themselves: element i (row-major, of the array that was made, before any
slicing) of an array with salt s is v = (37 i + 11 s) mod 101 − 50. Floats are v / 8, so that all precisions
hold them exactly; unsigned bytes are v + 50; Booleans are whether v is odd.
"""

import argparse
import pathlib
from collections import OrderedDict

import numpy as np
import safetensors.torch
import torch

folder = pathlib.Path(__file__).parent.parent / "Tests" / "FormatsTests" / "Fixtures"


def values(shape, salt):
    count = int(np.prod(shape, dtype=np.int64))
    return ((np.arange(count, dtype=np.int64) * 37 + 11 * salt) % 101 - 50).reshape(shape)


def array(shape, salt, dtype):
    v = values(shape, salt)
    if np.dtype(dtype).kind == "f":
        v = v / 8
    elif np.dtype(dtype).kind == "u":
        v = v + 50
    elif dtype == np.bool_:
        v = v % 2 != 0
    return np.asarray(v, dtype)


def tensor(shape, salt, dtype=np.float32):
    return torch.from_numpy(array(shape, salt, dtype))


whole = tensor([4, 5], 12)
everything = OrderedDict(
    [
        ("float", tensor([2, 3], 1)),
        ("double", tensor([2, 3], 2, np.float64)),
        ("half", tensor([2, 3], 3, np.float16)),
        ("bfloat", tensor([2, 3], 4).to(torch.bfloat16)),
        ("long", tensor([5], 5, np.int64)),
        ("int", tensor([5], 6, np.int32)),
        ("short", tensor([5], 7, np.int16)),
        ("char", tensor([5], 8, np.int8)),
        ("byte", tensor([5], 9, np.uint8)),
        ("bool", tensor([5], 10, np.bool_)),
        ("transposed", tensor([3, 4], 11).t()),
        ("whole", whole),
        ("part", whole[1:3, 1:]),
        ("row", whole[2]),
        ("parameter", torch.nn.Parameter(tensor([2, 2], 13))),
        ("scalar", tensor([], 14)),
        ("empty", torch.zeros(0, 3)),
    ]
)
torch.save(everything, folder / "zip.pth")
torch.save(everything, folder / "legacy.pth", _use_new_zipfile_serialization=False)
# Types without a storage class of their own are saved in another way.
torch.save({"unsigned": tensor([2, 2], 15, np.uint16)}, folder / "untyped.pth")

# A training checkpoint: an optimizer with state, and an object that only Python knows.
layer = torch.nn.Linear(3, 2)
with torch.no_grad():
    layer.weight.copy_(tensor([2, 3], 1))
    layer.bias.copy_(tensor([2], 2))
state = {"module." + name: value.clone() for name, value in layer.state_dict().items()}
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
layer(torch.ones(1, 3)).sum().backward()
optimizer.step()
training = {"epoch": 3, "model": state, "optimizer": optimizer.state_dict(), "arguments": argparse.Namespace(lr=0.1)}
torch.save(training, folder / "training.pth")
torch.save(training, folder / "training-legacy.pth", _use_new_zipfile_serialization=False)
torch.save({"state_dict": OrderedDict(state), "meta": {"version": "1"}}, folder / "state_dict.pth")

# What has to be refused.
torch.save(layer, folder / "module.pth")
torch.save({"model": {"weight": tensor([2], 1), "arguments": argparse.Namespace(lr=0.1)}}, folder / "foreign.pth")
torch.jit.script(torch.nn.ReLU()).save(folder / "script.pth")

contiguous = {
    name: value.detach().clone().contiguous()
    for name, value in everything.items()
}
safetensors.torch.save_file(contiguous, folder / "everything.safetensors", {"format": "pt", "note": 'a "quoted" ü'})

arrays = {
    "float": array([2, 3], 1, np.float32),
    "double": array([2, 3], 2, np.float64),
    "half": array([2, 3], 3, np.float16),
    "long": array([5], 5, np.int64),
    "byte": array([5], 9, np.uint8),
    "bool": array([5], 10, np.bool_),
    "fortran": np.asfortranarray(array([3, 4], 11, np.float32)),
    "big": array([2, 3], 16, np.float32).astype(">f4"),
    "scalar": array([], 14, np.float32),
    "empty": np.zeros((0, 3), np.float32),
    "zeros": np.zeros((40, 40), np.float32),
}
np.savez_compressed(folder / "compressed.npz", **arrays)
del arrays["zeros"]
np.savez(folder / "stored.npz", **arrays)
(folder / "arrays").mkdir(exist_ok=True)
np.save(folder / "arrays" / "fpn.p2.npy", arrays["float"])
np.save(folder / "arrays" / "box.level.npy", arrays["long"])

# The keys of torchvision's models, to hold our table of names against.
import torchvision.models.detection as detection  # noqa: E402

models = {
    "torchvision": detection.maskrcnn_resnet50_fpn(weights=None, weights_backbone=None),
    "torchvision-v2": detection.maskrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None),
    "torchvision-keypoint": detection.keypointrcnn_resnet50_fpn(weights=None, weights_backbone=None),
}
for name, model in models.items():
    (folder / f"{name}.keys").write_text("".join(key + "\n" for key in model.state_dict()))
