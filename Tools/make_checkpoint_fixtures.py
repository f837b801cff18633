"""Writes Tests/LoadingTests/Fixtures: checkpoints as detectron2 and MMDetection write them, and what they compute.

    python3 Tools/make_checkpoint_fixtures.py

needs torch and numpy; the tests themselves need none of them. The published files are large, so these have their
names, containers and conventions, but narrow layers of random numbers. checkpoints.json holds, for each of them, what
the framework's own rules make of fixed inputs: written down here layer by layer under the framework's names, in
float64, without anything of this project.
"""

import json
import pathlib
import pickle
import sys
import types
from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F

folder = pathlib.Path(__file__).parent.parent / "Tests" / "LoadingTests" / "Fixtures"
STEM, OUTPUT, PYRAMID, HIDDEN = 4, 6, 4, 5
GROUPS = 2  # of group norms
STAGES = range(4)


# Parameters. A module is its name and what it needs; `names` of a framework says what it is called.


def parameters(modules, seed):
    """Random parameters for (name, kind, shape) rows."""
    generator = np.random.default_rng(seed)
    state = OrderedDict()
    for name, kind, shape in modules:
        if kind in ("norm", "group norm"):
            state[name + ".weight"] = generator.uniform(0.6, 1.4, shape)
            state[name + ".bias"] = generator.normal(0, 0.2, shape)
            if kind == "group norm":
                continue
            state[name + ".running_mean"] = generator.normal(0, 0.2, shape)
            state[name + ".running_var"] = generator.uniform(0.5, 2, shape)
            continue
        fan_in = np.prod(shape[1:])
        state[name + ".weight"] = generator.normal(0, np.sqrt(2 / fan_in), shape)
        if kind == "layer":
            outputs = shape[1] if "deconv" in name or "upsample" in name or "lowres" in name else shape[0]
            state[name + ".bias"] = generator.normal(0, 0.3, (outputs,))
    return OrderedDict((name, value.astype(np.float32)) for name, value in state.items())


def scaled_input(state, name, deviation):
    """Makes the first convolution fit a picture that is not divided by its deviation."""
    state[name] = (state[name] / deviation).astype(np.float32)


class Blocks:
    """The residual blocks of one framework: how their parts are called."""

    def __init__(self, norm, shortcut, shortcut_norm, kind="norm", basic=False):
        self.norm, self.shortcut, self.shortcut_norm = norm, shortcut, shortcut_norm
        self.kind, self.basic = kind, basic

    def modules(self, stage, inputs, width, outputs, groups):
        rows = []
        shapes = [(width, inputs, 1, 1), (width, width // groups, 3, 3), (outputs, width, 1, 1)]
        if self.basic:
            shapes = [(outputs, inputs, 3, 3), (outputs, outputs, 3, 3)]
        for k, shape in enumerate(shapes, 1):
            rows += [(f"{stage}.0.conv{k}", "convolution", shape), (f"{stage}.0." + self.norm(k), self.kind, shape[0])]
        rows.append((f"{stage}.0.{self.shortcut}", "convolution", (outputs, inputs, 1, 1)))
        rows.append((f"{stage}.0.{self.shortcut_norm}", self.kind, outputs))
        return rows

    def run(self, net, stage, x, stride, first, groups, dilation=1):
        """`first`: whether the 1×1 convolution has the stride."""
        name = f"{stage}.0"
        residual = x
        if f"{name}.{self.shortcut}.weight" in net.state:
            residual = net.norm(f"{name}.{self.shortcut_norm}", net.conv(f"{name}.{self.shortcut}", x, stride))
        if self.basic:
            y = F.relu(net.norm(f"{name}.{self.norm(1)}", net.conv(f"{name}.conv1", x, stride, 1)))
            return F.relu(net.norm(f"{name}.{self.norm(2)}", net.conv(f"{name}.conv2", y, 1, 1)) + residual)
        y = F.relu(net.norm(f"{name}.{self.norm(1)}", net.conv(f"{name}.conv1", x, stride if first else 1)))
        y = net.conv(f"{name}.conv2", y, 1 if first else stride, dilation, groups, dilation)
        y = F.relu(net.norm(f"{name}.{self.norm(2)}", y))
        y = net.norm(f"{name}.{self.norm(3)}", net.conv(f"{name}.conv3", y))
        return F.relu(y + residual)


DETECTRON2 = Blocks(lambda k: f"conv{k}.norm", "shortcut", "shortcut.norm")
MMDETECTION = Blocks(lambda k: f"bn{k}", "downsample.0", "downsample.1")
MMDETECTION_BASIC_GROUP = Blocks(lambda k: f"gn{k}", "downsample.0", "downsample.1", "group norm", basic=True)


class Net:
    """Layers of a state dict, in float64."""

    def __init__(self, state):
        self.state = {name: torch.from_numpy(value.astype(np.float64)) for name, value in state.items()}

    def conv(self, name, x, stride=1, padding=0, groups=1, dilation=1):
        return F.conv2d(
            x, self.state[name + ".weight"], self.state.get(name + ".bias"), stride, padding, dilation, groups
        )

    def norm(self, name, x):
        s = self.state
        if name + ".running_mean" not in s:
            return F.group_norm(x, GROUPS, s[name + ".weight"], s[name + ".bias"])
        return F.batch_norm(
            x, s[name + ".running_mean"], s[name + ".running_var"], s[name + ".weight"], s[name + ".bias"], eps=1e-5
        )

    def linear(self, name, x):
        return F.linear(x, self.state[name + ".weight"], self.state[name + ".bias"])

    def up(self, name, x, padding=0):
        return F.conv_transpose2d(x, self.state[name + ".weight"], self.state[name + ".bias"], 2, padding)


# Inputs, by formulas that the tests have too.


def picture():
    """Red, green and blue of 64 rows of 96 pixels."""
    y, x, c = np.mgrid[0:64, 0:96, 0:3]
    return (29 * y + 53 * x + 97 * c + 7 * x * y) % 256


def wave(*shape):
    values = (37 * np.arange(int(np.prod(shape))) + 11) % 101 - 50
    return torch.from_numpy(values.reshape(shape) / 50)


def network_input(order, mean, deviation):
    pixels = picture()[..., ::-1] if order == "bgr" else picture()
    return torch.from_numpy(((pixels - np.array(mean)) / np.array(deviation)).transpose(2, 0, 1)[None])


BGR = ("bgr", [103.53, 116.28, 123.675])
RGB = ("rgb", [123.675, 116.28, 103.53])
CAFFE = (*BGR, [1.0, 1.0, 1.0])
CAFFE2 = (*BGR, [57.375, 57.12, 58.395])
PYTORCH = (*RGB, [58.395, 57.12, 57.375])


def backbone(net, blocks, stem, stem_norm, stage, count, channels, first, groups, last_dilation=1):
    x = network_input(*channels)
    x = F.max_pool2d(F.relu(net.norm(stem_norm, net.conv(stem, x, 2, 3))), 3, 2, 1)
    maps = []
    for s in range(count):
        x = blocks.run(net, stage(s), x, 1 if s == 0 or s == 3 and last_dilation > 1 else 2, first, groups,
                       last_dilation if s == 3 else 1)
        maps.append(x)
    return maps


def backbone_modules(blocks, stem, stem_norm, stage, count, width, groups):
    rows = [(stem, "convolution", (STEM, 3, 7, 7)), (stem_norm, blocks.kind, STEM)]
    for s in range(count):
        rows += blocks.modules(stage(s), STEM if s == 0 else OUTPUT, width, OUTPUT, groups)
    return rows


def pyramid(net, maps, lateral, output):
    """The coarsest of p2 … p5, and p2, into which all of them go."""
    merged = net.conv(lateral(3), maps[3])
    p5 = net.conv(output(3), merged, 1, 1)
    for s in (2, 1, 0):
        merged = net.conv(lateral(s), maps[s]) + F.interpolate(merged, scale_factor=2, mode="nearest")
    return p5, net.conv(output(0), merged, 1, 1)


def rows_of(tensor):
    """Rounded to six digits."""
    return [float(f"{v:.6g}") for v in tensor.reshape(-1).tolist()]


def class_rows(logits, deltas, masks, classes):
    """Both frameworks: class k has row k, the background the last; deltas and masks know no background."""
    assert logits.shape[1] == classes + 1 and deltas.shape[1] == 4 * classes
    golden = {
        "backgroundLogit": rows_of(logits[:, classes]),
        "classLogits": [rows_of(logits[:, k]) for k in range(classes)],
        "classDeltas": [rows_of(deltas[:, 4 * k : 4 * k + 4]) for k in range(classes)],
    }
    if masks is not None:
        assert masks.shape[1] == classes
        # One row of pixels of each class's mask.
        golden["classMasks"] = [rows_of(masks[0, k, 3]) for k in range(classes)]
    return golden


def finest(p2):
    """One row of p2, position after position."""
    return rows_of(p2[0, :, 7].t())


# detectron2.


def detectron2_fpn(classes, seed, channels, first, width=3, groups=1, masks=True, keypoints=False):
    body = "backbone.bottom_up"
    names = (DETECTRON2, f"{body}.stem.conv1", f"{body}.stem.conv1.norm", lambda s: f"{body}.res{s + 2}", 4)
    modules = backbone_modules(*names, width, groups)
    for s in STAGES:
        modules.append((f"backbone.fpn_lateral{s + 2}", "layer", (PYRAMID, OUTPUT, 1, 1)))
        modules.append((f"backbone.fpn_output{s + 2}", "layer", (PYRAMID, PYRAMID, 3, 3)))
    rpn, box, mask = "proposal_generator.rpn_head", "roi_heads.box_predictor", "roi_heads.mask_head"
    modules += [
        (f"{rpn}.conv", "layer", (PYRAMID, PYRAMID, 3, 3)),
        (f"{rpn}.objectness_logits", "layer", (3, PYRAMID, 1, 1)),
        (f"{rpn}.anchor_deltas", "layer", (12, PYRAMID, 1, 1)),
        ("roi_heads.box_head.fc1", "layer", (HIDDEN, PYRAMID * 49)),
        ("roi_heads.box_head.fc2", "layer", (HIDDEN, HIDDEN)),
        (f"{box}.cls_score", "layer", (classes + 1, HIDDEN)),
        (f"{box}.bbox_pred", "layer", (4 * classes, HIDDEN)),
    ]
    if masks:
        modules += [(f"{mask}.mask_fcn{k}", "layer", (PYRAMID, PYRAMID, 3, 3)) for k in range(1, 5)]
        modules += [(f"{mask}.deconv", "layer", (PYRAMID, PYRAMID, 2, 2))]
        modules += [(f"{mask}.predictor", "layer", (classes, PYRAMID, 1, 1))]
    head = "roi_heads.keypoint_head"
    if keypoints:
        modules += [(f"{head}.conv_fcn{k}", "layer", (PYRAMID, PYRAMID, 3, 3)) for k in range(1, 9)]
        modules += [(f"{head}.score_lowres", "layer", (PYRAMID, 17, 4, 4))]
    state = parameters(modules, seed)
    if channels == CAFFE:
        scaled_input(state, f"{body}.stem.conv1.weight", 58)

    net = Net(state)
    maps = backbone(net, *names, channels, first, groups)
    p5, p2 = pyramid(net, maps, lambda s: f"backbone.fpn_lateral{s + 2}", lambda s: f"backbone.fpn_output{s + 2}")
    hidden = F.relu(net.conv(f"{rpn}.conv", p5, 1, 1))
    golden = {
        "coarsest": rows_of(p5[0].permute(1, 2, 0)),
        "finest": finest(p2),
        "objectness": rows_of(net.conv(f"{rpn}.objectness_logits", hidden)[0].permute(1, 2, 0)),
        "anchorDeltas": rows_of(net.conv(f"{rpn}.anchor_deltas", hidden)[0].permute(1, 2, 0)),
    }
    x = wave(2, PYRAMID, 7, 7).flatten(1)
    x = F.relu(net.linear("roi_heads.box_head.fc2", F.relu(net.linear("roi_heads.box_head.fc1", x))))
    mask_logits = None
    if masks:
        y = wave(1, PYRAMID, 4, 4)
        for k in range(1, 5):
            y = F.relu(net.conv(f"{mask}.mask_fcn{k}", y, 1, 1))
        mask_logits = net.conv(f"{mask}.predictor", F.relu(net.up(f"{mask}.deconv", y)))
    golden |= class_rows(net.linear(f"{box}.cls_score", x), net.linear(f"{box}.bbox_pred", x), mask_logits, classes)
    if keypoints:
        y = wave(1, PYRAMID, 4, 4)
        for k in range(1, 9):
            y = F.relu(net.conv(f"{head}.conv_fcn{k}", y, 1, 1))
        y = F.interpolate(net.up(f"{head}.score_lowres", y, 1), scale_factor=2, mode="bilinear", align_corners=False)
        golden["keypointRow"] = rows_of(y[0, :, 5].t())
    return state, golden


def detectron2_c4(classes, seed):
    names = (DETECTRON2, "backbone.stem.conv1", "backbone.stem.conv1.norm", lambda s: f"backbone.res{s + 2}", 3)
    rpn, box, mask = "proposal_generator.rpn_head", "roi_heads.box_predictor", "roi_heads.mask_head"
    modules = backbone_modules(*names, 3, 1) + DETECTRON2.modules("roi_heads.res5", OUTPUT, 3, OUTPUT, 1)
    modules += [
        (f"{rpn}.conv", "layer", (OUTPUT, OUTPUT, 3, 3)),
        (f"{rpn}.objectness_logits", "layer", (15, OUTPUT, 1, 1)),
        (f"{rpn}.anchor_deltas", "layer", (60, OUTPUT, 1, 1)),
        (f"{box}.cls_score", "layer", (classes + 1, OUTPUT)),
        (f"{box}.bbox_pred", "layer", (4 * classes, OUTPUT)),
        (f"{mask}.deconv", "layer", (OUTPUT, PYRAMID, 2, 2)),
        (f"{mask}.predictor", "layer", (classes, PYRAMID, 1, 1)),
    ]
    state = parameters(modules, seed)
    scaled_input(state, "backbone.stem.conv1.weight", 58)
    net = Net(state)
    c4 = backbone(net, *names, CAFFE, True, 1)[-1]
    # The anchors of one level are as many as those of all levels of a pyramid: their scores are enough here.
    hidden = F.relu(net.conv(f"{rpn}.conv", c4, 1, 1))
    c5 = DETECTRON2.run(net, "roi_heads.res5", wave(2, OUTPUT, 14, 14), 2, True, 1)
    x = c5.mean(dim=(2, 3))
    masks = net.conv(f"{mask}.predictor", F.relu(net.up(f"{mask}.deconv", c5)))
    return state, {
        "coarsest": rows_of(c4[0].permute(1, 2, 0)),
        "objectness": rows_of(net.conv(f"{rpn}.objectness_logits", hidden)[0].permute(1, 2, 0)),
    } | class_rows(net.linear(f"{box}.cls_score", x), net.linear(f"{box}.bbox_pred", x), masks, classes)


def detectron2_dc5(classes, seed):
    """No pyramid, a dilated c5, a box head of its own, one refined box for all classes."""
    names = (DETECTRON2, "backbone.stem.conv1", "backbone.stem.conv1.norm", lambda s: f"backbone.res{s + 2}", 4)
    rpn, box, mask = "proposal_generator.rpn_head", "roi_heads.box_predictor", "roi_heads.mask_head"
    modules = backbone_modules(*names, 3, 1) + [
        (f"{rpn}.conv", "layer", (OUTPUT, OUTPUT, 3, 3)),
        (f"{rpn}.objectness_logits", "layer", (15, OUTPUT, 1, 1)),
        (f"{rpn}.anchor_deltas", "layer", (60, OUTPUT, 1, 1)),
        ("roi_heads.box_head.fc1", "layer", (HIDDEN, OUTPUT * 49)),
        ("roi_heads.box_head.fc2", "layer", (HIDDEN, HIDDEN)),
        (f"{box}.cls_score", "layer", (classes + 1, HIDDEN)),
        (f"{box}.bbox_pred", "layer", (4, HIDDEN)),
        (f"{mask}.mask_fcn1", "layer", (PYRAMID, OUTPUT, 3, 3)),
        (f"{mask}.deconv", "layer", (PYRAMID, PYRAMID, 2, 2)),
        (f"{mask}.predictor", "layer", (classes, PYRAMID, 1, 1)),
    ]
    # A dilated stage keeps the size, and here the number of channels too: its first block needs no shortcut.
    state = parameters([row for row in modules if not row[0].startswith("backbone.res5.0.shortcut")], seed)
    scaled_input(state, "backbone.stem.conv1.weight", 58)
    net = Net(state)
    c5 = backbone(net, *names, CAFFE, True, 1, last_dilation=2)[-1]
    hidden = F.relu(net.conv(f"{rpn}.conv", c5, 1, 1))
    x = wave(2, OUTPUT, 7, 7).flatten(1)
    x = F.relu(net.linear("roi_heads.box_head.fc2", F.relu(net.linear("roi_heads.box_head.fc1", x))))
    y = F.relu(net.conv(f"{mask}.mask_fcn1", wave(1, OUTPUT, 4, 4), 1, 1))
    masks = net.conv(f"{mask}.predictor", F.relu(net.up(f"{mask}.deconv", y)))
    deltas = net.linear(f"{box}.bbox_pred", x)
    return state, {
        "coarsest": rows_of(c5[0].permute(1, 2, 0)),
        "objectness": rows_of(net.conv(f"{rpn}.objectness_logits", hidden)[0].permute(1, 2, 0)),
    } | class_rows(net.linear(f"{box}.cls_score", x), deltas.repeat(1, classes), masks, classes)


# MMDetection.


def mmdetection(classes, seed, channels, first, width=3, groups=1, blocks=MMDETECTION):
    stem_norm = "backbone." + blocks.norm(1)
    names = (blocks, "backbone.conv1", stem_norm, lambda s: f"backbone.layer{s + 1}", 4)
    modules = backbone_modules(*names, width, groups)
    for s in STAGES:
        modules.append((f"neck.lateral_convs.{s}.conv", "layer", (PYRAMID, OUTPUT, 1, 1)))
        modules.append((f"neck.fpn_convs.{s}.conv", "layer", (PYRAMID, PYRAMID, 3, 3)))
    box, mask = "roi_head.bbox_head", "roi_head.mask_head"
    modules += [
        ("rpn_head.rpn_conv", "layer", (PYRAMID, PYRAMID, 3, 3)),
        ("rpn_head.rpn_cls", "layer", (3, PYRAMID, 1, 1)),
        ("rpn_head.rpn_reg", "layer", (12, PYRAMID, 1, 1)),
        (f"{box}.fc_cls", "layer", (classes + 1, HIDDEN)),
        (f"{box}.fc_reg", "layer", (4 * classes, HIDDEN)),
        (f"{box}.shared_fcs.0", "layer", (HIDDEN, PYRAMID * 49)),
        (f"{box}.shared_fcs.1", "layer", (HIDDEN, HIDDEN)),
    ]
    modules += [(f"{mask}.convs.{k}.conv", "layer", (PYRAMID, PYRAMID, 3, 3)) for k in range(4)]
    modules += [(f"{mask}.upsample", "layer", (PYRAMID, PYRAMID, 2, 2))]
    modules += [(f"{mask}.conv_logits", "layer", (classes, PYRAMID, 1, 1))]
    state = parameters(modules, seed)
    if channels == CAFFE:
        scaled_input(state, "backbone.conv1.weight", 58)

    net = Net(state)
    maps = backbone(net, *names, channels, first, groups)
    p5, p2 = pyramid(net, maps, lambda s: f"neck.lateral_convs.{s}.conv", lambda s: f"neck.fpn_convs.{s}.conv")
    hidden = F.relu(net.conv("rpn_head.rpn_conv", p5, 1, 1))
    x = wave(2, PYRAMID, 7, 7).flatten(1)
    x = F.relu(net.linear(f"{box}.shared_fcs.1", F.relu(net.linear(f"{box}.shared_fcs.0", x))))
    y = wave(1, PYRAMID, 4, 4)
    for k in range(4):
        y = F.relu(net.conv(f"{mask}.convs.{k}.conv", y, 1, 1))
    masks = net.conv(f"{mask}.conv_logits", F.relu(net.up(f"{mask}.upsample", y)))
    golden = {
        "coarsest": rows_of(p5[0].permute(1, 2, 0)),
        "finest": finest(p2),
        "objectness": rows_of(net.conv("rpn_head.rpn_cls", hidden)[0].permute(1, 2, 0)),
        "anchorDeltas": rows_of(net.conv("rpn_head.rpn_reg", hidden)[0].permute(1, 2, 0)),
    } | class_rows(net.linear(f"{box}.fc_cls", x), net.linear(f"{box}.fc_reg", x), masks, classes)
    return state, golden


# Files.


def torch_state(state, counters=False):
    tensors = OrderedDict()
    for name, value in state.items():
        tensors[name] = torch.from_numpy(value)
        if counters and name.endswith("running_var"):
            tensors[name.replace("running_var", "num_batches_tracked")] = torch.tensor(7)
    return tensors


def write_pickle(name, state, protocol, old_numpy=False, **more):
    contents = pickle.dumps({"model": dict(state), "__author__": "Detectron2 Model Zoo", **more}, protocol)
    if old_numpy:  # NumPy 1 called the module numpy.core; protocol 2 has names without lengths.
        contents = contents.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    (folder / name).write_bytes(contents)


def odd_object():
    """An object of a class that exists only here, with an array and a method: as MMEngine leaves them in files."""
    module = types.ModuleType("mmengine.logging.history_buffer")
    sys.modules["mmengine"] = types.ModuleType("mmengine")
    sys.modules["mmengine.logging"] = types.ModuleType("mmengine.logging")
    sys.modules[module.__name__] = module
    buffer = type("HistoryBuffer", (), {"__module__": module.__name__, "mean": lambda self: 0})
    module.HistoryBuffer = buffer
    result = buffer()
    result.history = np.arange(3.0)
    result.last = np.float64(0.5)
    result.statistics = {"mean": getattr}
    return result


CAFFE_TEXT = """model = dict(
    type='MaskRCNN',
    backbone=dict(type='ResNet', depth=50, norm_eval=True, style='caffe'),
    bbox_coder=dict(target_means=[0.0, 0.0, 0.0, 0.0], target_stds=[1.0, 1.0, 1.0, 1.0]))
img_norm_cfg = dict(
    mean=[103.53, 116.28, 123.675], std=[1.0, 1.0, 1.0], to_rgb=False)
"""
PYTORCH_TEXT = """data_preprocessor = dict(
    bgr_to_rgb=True,
    mean=[
        123.675,
        116.28,
        103.53,
    ],
    std=[
        58.395,
        57.12,
        57.375,
    ])
model = dict(backbone=dict(groups=2, style='pytorch'))
"""


def main():
    folder.mkdir(exist_ok=True)
    goldens = {}

    state, goldens["detectron2-fpn.pkl"] = detectron2_fpn(80, 1, CAFFE, True)
    for level in range(5):  # Older files have some of the settings, too.
        state[f"proposal_generator.anchor_generator.cell_anchors.{level}"] = np.zeros((3, 4), np.float32)
    write_pickle("detectron2-fpn.pkl", state, 2, old_numpy=True, matching_heuristics=True)
    state, goldens["detectron2-keypoint.pkl"] = detectron2_fpn(1, 2, CAFFE, True, masks=False, keypoints=True)
    write_pickle("detectron2-keypoint.pkl", state, 4)
    state, goldens["detectron2-c4.pkl"] = detectron2_c4(3, 3)
    write_pickle("detectron2-c4.pkl", state, 5)
    state, goldens["detectron2-x101.pth"] = detectron2_fpn(3, 4, CAFFE2, False, width=16, groups=2, masks=False)
    torch.save({"model": torch_state(state), "iteration": 269999}, folder / "detectron2-x101.pth")

    state, goldens["mmdetection-2.pth"] = mmdetection(3, 5, CAFFE, True)
    meta = {"mmdet_version": "2.28.2", "config": CAFFE_TEXT, "CLASSES": ("cat", "dog", "tree"), "seed": None}
    checkpoint = {"meta": meta, "state_dict": torch_state(state, counters=True)}
    torch.save(checkpoint, folder / "mmdetection-2.pth", _use_new_zipfile_serialization=False)
    state, goldens["mmdetection-3.pth"] = mmdetection(2, 6, PYTORCH, False, width=8, groups=2)
    meta = {"cfg": PYTORCH_TEXT, "dataset_meta": {"classes": ["cat", "dog"], "palette": [(1, 2, 3), (4, 5, 6)]}}
    checkpoint = {"meta": meta, "state_dict": torch_state(state), "message_hub": {"log": odd_object()}}
    torch.save(checkpoint, folder / "mmdetection-3.pth", _use_new_zipfile_serialization=False)

    state, goldens["detectron2-dc5.pth"] = detectron2_dc5(3, 7)
    torch.save({"model": torch_state(state)}, folder / "detectron2-dc5.pth")
    state, goldens["mmdetection-basic.pth"] = mmdetection(2, 8, PYTORCH, False, blocks=MMDETECTION_BASIC_GROUP)
    torch.save({"meta": {"cfg": PYTORCH_TEXT}, "state_dict": torch_state(state)}, folder / "mmdetection-basic.pth")

    (folder / "checkpoints.json").write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
    for path in sorted(folder.iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1e3:.1f} kB")


main()
