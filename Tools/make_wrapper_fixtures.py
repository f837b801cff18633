#!/usr/bin/env python3
"""Writes Tests/FormatsTests/Fixtures/Wrapped: one small state dict in the wrappers that training code puts around it.

    python3 Tools/make_wrapper_fixtures.py

needs torch and safetensors; the tests need neither. The wrappers are PyTorch's own where it has them: data parallelism,
`torch.compile`, weight averages. Lightning's is written down here: it calls the network by its attribute's name.
"""

import json
import pathlib
import warnings
from collections import OrderedDict

import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

FOLDER = pathlib.Path(__file__).parent.parent / "Tests/FormatsTests/Fixtures/Wrapped"


def tree(**children):
    """A module of the given children."""
    module = nn.Module()
    for name, child in children.items():
        module.add_module(name, child)
    return module


class Network(nn.Module):
    """Three of torchvision's parameters, and a counter of a batch norm."""

    def __init__(self):
        super().__init__()
        self.backbone = tree(body=tree(conv1=nn.Conv2d(3, 2, 1, bias=False), bn1=nn.BatchNorm2d(2)))
        self.rpn = tree(head=tree(cls_logits=nn.Conv2d(2, 1, 1)))
        with torch.no_grad():
            self.backbone.body.conv1.weight.copy_(torch.arange(6.0).reshape(2, 3, 1, 1))


def prefixed(state, prefix):
    return OrderedDict((prefix + name, value) for name, value in state.items())


def main():
    warnings.simplefilter("ignore")
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(0)
    network = Network()
    state = network.state_dict()
    averaged = AveragedModel(network)
    averaged.update_parameters(network)
    optimizer = torch.optim.Adam(network.parameters())
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    other = OrderedDict((name, value + 1) for name, value in state.items())
    files = {
        "compiled": torch.compile(network).state_dict(),
        "compiled-parallel": nn.DataParallel(torch.compile(network)).state_dict(),
        "averaged": averaged.state_dict(),
        "lightning": {
            "epoch": 3, "global_step": 40, "pytorch-lightning_version": "2.5.0",
            "state_dict": prefixed(state, "model.") | {"loss.weight": torch.ones(4)},
            "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5)}},
            "optimizer_states": [optimizer.state_dict()], "hyper_parameters": {"lr": 0.1},
        },
        "net": {"net": state, "epoch": 1},
        "beside-numbers": {**state, "epoch": 1, "names": ["a", "b"], "best": None},
        "nested": {"checkpoint": {"model": state}, "optimizer": optimizer.state_dict()},
        "model-and-average": {"model": state, "model_ema": averaged.state_dict(), "epoch": 1},
        "student-and-teacher": {"student": state, "teacher": other},
        "student-and-teacher-in-one": prefixed(state, "student.") | prefixed(other, "teacher."),
        "whole": {"model": network, "epoch": 1},
    }
    for name, contents in files.items():
        torch.save(contents, FOLDER / f"{name}.pth")
    torch.save(files["net"], FOLDER / "net-legacy.pth", _use_new_zipfile_serialization=False)

    save_file({"module." + name: value.contiguous() for name, value in state.items()} | {"extra": torch.ones(4)},
              FOLDER / "parallel.safetensors")
    parts = FOLDER / "parts"
    parts.mkdir(exist_ok=True)
    names, weight_map = list(state), {}
    for number, chosen in enumerate((names[:2], names[2:]), 1):
        part = f"model-{number:05}-of-00002.safetensors"
        save_file({name: state[name].contiguous() for name in chosen}, parts / part, {"format": "pt"})
        weight_map |= dict.fromkeys(chosen, part)
    index = {"metadata": {"total_size": sum(t.numel() * t.element_size() for t in state.values())},
             "weight_map": weight_map}
    (parts / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


if __name__ == "__main__":
    main()
