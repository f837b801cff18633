"""Writes the expected values of the stage tests in Tests/InferenceTests.

    python3 Tools/make_pipeline_goldens.py Tests/InferenceTests/Fixtures

Needs what Tools/requirements-resizing.txt lists. What torchvision has is called there; what
only detectron2 has is restated here in PyTorch. Inputs are multiples of a power of two, so that JSON holds
them exactly; where a result is a decision (a pixel of a mask, the place of a maximum), inputs that decide
narrowly are not used.
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.roi_heads import heatmaps_to_keypoints, paste_masks_in_image
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.models.resnet import Bottleneck
from torchvision.ops import roi_align
from torchvision.ops.poolers import LevelMapper, MultiScaleRoIAlign

# --- Masks -------------------------------------------------------------------------------------------------


def runs(mask):
    """Run lengths of zeros and ones in turn, row by row, zeros first."""
    flat = mask.reshape(-1).astype(np.int8)
    edges = np.flatnonzero(np.diff(flat)) + 1
    bounds = np.concatenate([[0], edges, [flat.size]])
    lengths = np.diff(bounds).tolist()
    return ([0] if flat[0] else []) + lengths


def pasted_by_torchvision(values, box, size):
    return paste_masks_in_image(values[None, None], box[None], size)[0, 0]


def pasted_by_detectron2(values, box, size):
    """Every pixel's centre, in the box's own coordinates from -1 to 1, read from the mask: _do_paste_mask, restated."""
    height, width = size
    x1, y1, x2, y2 = box
    x = (torch.arange(width, dtype=torch.float32) + 0.5 - x1) / (x2 - x1) * 2 - 1
    y = (torch.arange(height, dtype=torch.float32) + 0.5 - y1) / (y2 - y1) * 2 - 1
    grid = torch.stack([x[None].expand(height, width), y[:, None].expand(height, width)], dim=-1)
    return functional.grid_sample(values[None, None], grid[None], align_corners=False)[0, 0]


def pasting():
    generator = torch.Generator().manual_seed(3)
    size = (40, 53)
    boxes = [
        [5, 7, 33, 35], [5.25, 7.5, 19.75, 30.125], [0, 0, 53, 40], [-6.5, -3.25, 20, 18], [30, 20, 70.5, 66],
        [-20, -30, 90, 80], [10.25, 10.25, 11, 11], [10.5, 10.5, 10.75, 10.875], [0, 0, 1, 1], [52, 39, 53, 40],
        [0, 12, 53, 13.5], [22.5, 0, 23.25, 40], [-0.75, -0.5, 4.5, 3.25], [47.5, 35.125, 53.75, 40.5],
        [3.125, 5.875, 50.5, 38.75], [-40, 5, 10, 25], [-0.5, 10, 0.5, 12], [52.5, 0, 53.5, 3], [0.125, 0.125, 0.375, 40],
        [-2, -2, 55, 42],
    ]  # fmt: skip
    rows = torch.rand(20, 4, generator=generator) * torch.tensor([45.0, 32.0, 30.0, 25.0])
    boxes += [[x, y, x + w + 0.5, y + h + 0.5] for x, y, w, h in (torch.round(rows * 64) / 64).tolist()]
    maps, cases = [], []
    for side in (28, 14, 7, 1):
        coarse = torch.rand(1, 1, 5, 5, generator=generator)
        smooth = functional.interpolate(coarse, size=(side, side), mode="bicubic")[0, 0].clamp(0, 1)
        noisy = torch.rand(side, side, generator=generator)
        for values in (smooth, noisy, torch.full((side, side), 0.75)):
            maps.append({"side": side, "values": torch.round(values * 1024).int().reshape(-1).tolist()})
    for index, entry in enumerate(maps):
        values = torch.tensor(entry["values"], dtype=torch.float32).reshape(entry["side"], -1) / 1024
        for box in boxes[index % 3 :: 3]:
            tensor = torch.tensor(box, dtype=torch.float32)
            case = {"map": index, "box": box}
            for name, paste in (("torchvision", pasted_by_torchvision), ("detectron2", pasted_by_detectron2)):
                soft = paste(values, tensor, size)
                if (soft - 0.5).abs().min() > 2e-5:
                    case[name] = runs((soft >= 0.5).numpy())
            cases.append(case)
    assert sum("torchvision" in case for case in cases) > 100 and sum("detectron2" in case for case in cases) > 100
    return {"size": list(size), "maps": maps, "cases": cases}


# --- Keypoints ---------------------------------------------------------------------------------------------


def keypoint_probabilities(heatmaps, boxes, peaks):
    """detectron2's score: a softmax over the map as it was pooled, read at the maximum of the enlarged map."""
    scores = torch.zeros(heatmaps.shape[:2])
    for detection in range(len(boxes)):
        for keypoint in range(heatmaps.shape[1]):
            total = (heatmaps[detection, keypoint] - peaks[detection, keypoint]).exp().sum()
            scores[detection, keypoint] = 1 / total
    return scores


def keypoints():
    generator = torch.Generator().manual_seed(5)
    boxes = torch.tensor([
        [10, 20, 66, 76], [3.25, 4.5, 40.125, 90.75], [0, 0, 9.5, 3.25], [5, 5, 5.5, 5.25], [7, 8, 7, 8],
        [100.5, 50.25, 228.125, 151.5], [-3, -2, 14.25, 30], [1, 1, 57.0625, 56.9375],
    ])  # fmt: skip
    heatmaps = torch.round(torch.randn(len(boxes), 3, 12, 12, generator=generator) * 256) / 256
    # A maximum at the border is enlarged with the border repeated.
    heatmaps[1, 1] = 0
    heatmaps[1, 1, 0, 11] = 4
    heatmaps[2, 1, 11, 11] = 6
    xy, peaks = heatmaps_to_keypoints(heatmaps, boxes)
    probabilities = keypoint_probabilities(heatmaps, boxes, peaks)
    return {
        "shape": list(heatmaps.shape),
        "heatmaps": (heatmaps * 256).int().reshape(-1).tolist(),
        "boxes": boxes.tolist(),
        "places": xy[:, :, :2].tolist(),
        "logits": peaks.tolist(),
        "probabilities": probabilities.tolist(),
    }


# --- Anchors and levels ------------------------------------------------------------------------------------


def anchors():
    """torchvision's anchors for padded pictures; of each level the strides that show in them, and some boxes."""
    generator = AnchorGenerator(((32,), (64,), (128,), (256,), (512,)), ((0.5, 1.0, 2.0),) * 5)
    cases = []
    for height, width in ((800, 1088), (1344, 800), (128, 160)):
        sizes = [(-(-height // s), -(-width // s)) for s in (4, 8, 16, 32, 64)]
        features = [torch.zeros(1, 1, *size) for size in sizes]
        images = ImageList(torch.zeros(1, 3, height, width), [(height, width)])
        boxes = generator(images, features)[0]
        levels, start = [], 0
        for h, w in sizes:
            level = boxes[start : start + 3 * h * w]
            start += 3 * h * w
            step = max(len(level) // 7, 1) | 1
            levels.append({"size": [h, w], "count": len(level), "step": step, "boxes": level[::step].tolist(),
                           "last": level[-1].tolist()})  # fmt: skip
        assert start == len(boxes)
        cases.append({"padded": [height, width], "levels": levels})
    return cases


def levels():
    """torchvision's LevelMapper and detectron2's rule, which differ in where the small number is added."""
    sides = [0, 1, 55.5, 56, 100, 223, 225, 300, 449, 900, 2000]
    for border in (112, 224, 448, 896):
        value = np.float32(border)
        down, up = np.nextafter(value, np.float32(0)), np.nextafter(value, np.float32(1e9))
        sides += [float(value), float(down), float(up), border * (1 - 4e-7), border * (1 - 1e-6), border * (1 - 3e-6)]
    boxes = torch.tensor([[0, 0, side, side] for side in sides], dtype=torch.float32)
    boxes = torch.cat([boxes, torch.tensor([[10.0, 20, 10, 90], [3, 4, 115, 116], [0, 0, 448, 28], [0, 0, 28, 1792],
                                            [5.5, 6.5, 229.5, 230.5]])])  # fmt: skip
    torchvision_levels = LevelMapper(2, 5)([boxes]) + 2
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    detectron2_levels = torch.floor(4 + torch.log2(areas.sqrt() / 224 + 1e-8)).clamp(2, 5)
    scales = []
    for size, padded in (((800, 1066), 32), ((751, 1333), 32), ((112, 155), 32), ((20, 30), 32), ((33, 40), 32)):
        heights = [-(-size[0] // padded) * padded // s for s in (4, 8, 16, 32)]
        widths = [-(-size[1] // padded) * padded // s for s in (4, 8, 16, 32)]
        pooler = MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2)
        maps = {str(i): torch.zeros(1, 1, h, w) for i, (h, w) in enumerate(zip(heights, widths))}
        pooler(maps, [torch.tensor([[0.0, 0, 10, 10]])], [size])
        mapper = pooler.map_levels
        scales.append({"size": list(size), "heights": heights, "widths": widths, "scales": list(pooler.scales),
                       "first": mapper.k_min, "levels": (mapper([boxes]) + mapper.k_min).tolist()})  # fmt: skip
    return {"boxes": boxes.double().tolist(), "torchvision": torchvision_levels.tolist(),
            "detectron2": detectron2_levels.int().tolist(), "scales": scales}  # fmt: skip


# --- Input -------------------------------------------------------------------------------------------------


def picture(height, width):
    """Smooth in one corner, noise in the other; the tests repeat the formula."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return ((x * x * 7 + y * y * 13 + x * y * 3 + c * 680) // 8 % 256).astype(np.uint8)


def detectron2_input(image, minimum, maximum):
    """ResizeShortestEdge, preprocess_image and ImageList.from_tensors, restated."""
    height, width = image.shape[:2]
    scale = minimum / min(height, width)
    h, w = (minimum, scale * width) if height < width else (scale * height, minimum)
    if max(h, w) > maximum:
        scale = maximum / max(h, w)
        h, w = h * scale, w * scale
    h, w = int(h + 0.5), int(w + 0.5)
    bgr = np.ascontiguousarray(image[:, :, ::-1])
    resized = np.asarray(Image.fromarray(bgr).resize((w, h), Image.BILINEAR))
    tensor = torch.as_tensor(resized.astype("float32").transpose(2, 0, 1))
    tensor = (tensor - torch.tensor([103.53, 116.28, 123.675])[:, None, None]) / torch.ones(3, 1, 1)
    tensor = functional.pad(tensor, (0, -w % 32, 0, -h % 32))
    return [h, w], tensor


def inputs():
    cases = []
    for height, width in ((40, 61), (97, 50), (64, 64)):
        image = picture(height, width)
        transform = GeneralizedRCNNTransform(80, 133, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        batch, _ = transform([torch.from_numpy(image).permute(2, 0, 1) / 255])
        case = {"size": [height, width]}
        for name, (size, tensor) in (
            ("torchvision", (list(batch.image_sizes[0]), batch.tensors[0])),
            ("detectron2", detectron2_input(image, 80, 133)),
        ):
            flat = tensor.permute(1, 2, 0).reshape(-1)
            step = (len(flat) // 400) | 1
            case[name] = {"resized": list(size), "padded": list(tensor.shape[1:]), "step": step,
                          "samples": [float(f"{v:.9g}") for v in flat[::step].tolist()],
                          "zeros": int((flat == 0).sum())}  # fmt: skip
        cases.append(case)
    return cases


# --- Networks ----------------------------------------------------------------------------------------------


def stage(inputs, planes, blocks, stride, groups, placement):
    """torchvision's bottlenecks; 4 · planes channels come out. detectron2 has the stride in the first convolution."""
    layers = []
    for index in range(blocks):
        step = stride if index == 0 else 1
        shortcut = None
        if step != 1 or inputs != 4 * planes:
            shortcut = nn.Sequential(nn.Conv2d(inputs, 4 * planes, 1, step, bias=False), nn.BatchNorm2d(4 * planes))
        block = Bottleneck(inputs, planes, step, shortcut, groups=groups)
        if placement == "conv1":
            block.conv1.stride, block.conv2.stride = (step, step), (1, 1)
        layers.append(block)
        inputs = 4 * planes
    return nn.Sequential(*layers)


class Trunk(nn.Module):
    """Stem and four stages; the fifth stage (c5) is also what a C4 model runs on every region."""

    def __init__(self, groups, placement, blocks=(2, 1, 1, 2), planes=(2, 2, 4, 4)):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        stages, inputs = [], 4
        for index in range(4):
            stages.append(stage(inputs, planes[index], blocks[index], 1 if index == 0 else 2, groups, placement))
            inputs = 4 * planes[index]
        self.stages = nn.ModuleList(stages)
        self.logits = nn.Linear(inputs, 3)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        outputs = {"backbone.stem": x}
        for index, blocks in enumerate(self.stages):
            x = blocks(x)
            outputs[f"backbone.c{index + 2}"] = x
        return outputs


def randomize(model, generator):
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            if tensor.dim() > 1:
                tensor.normal_(0, math.sqrt(2 / tensor[0].numel()), generator=generator)
            elif name.endswith("running_var") or (name.endswith("weight") and tensor.dim() == 1):
                tensor.uniform_(0.5, 1.5, generator=generator)
            else:
                tensor.normal_(0, 0.2, generator=generator)


def native(name, fifth):
    """The project's name of a parameter of Trunk; `fifth` is what c5 is called."""
    parts = name.split(".")
    if parts[0] in ("conv1", "bn1"):
        return "backbone.stem" + (".norm" if parts[0] == "bn1" else "") + f".{parts[1]}"
    if parts[0] == "logits":
        return f"box.logits.{parts[1]}"
    level = fifth if parts[1] == "3" else f"backbone.c{int(parts[1]) + 2}"
    rest = {"0": "shortcut", "1": "shortcut.norm"}.get(parts[4], "") if parts[3] == "downsample" else parts[3]
    if rest.startswith("bn"):
        rest = f"conv{rest[2]}.norm"
    return f"{level}.{parts[2]}.{rest}.{parts[-1]}"


def networks(folder):
    """Grouped convolutions and both places of the stride, alone and as a C4 model's head."""
    generator = torch.Generator().manual_seed(11)
    for name, groups, placement in (("grouped", 4, "conv2"), ("stride-first", 1, "conv1")):
        model = Trunk(groups, placement).eval()
        randomize(model, generator)
        x = torch.round(torch.randn(1, 3, 45, 70, generator=generator) * 64) / 64
        boxes = torch.tensor([[3.5, 4.25, 40, 37.75], [0, 0, 70, 45], [50.25, 20.5, 52, 23], [10, 10, 10, 10]])
        with torch.no_grad():
            tensors = {"expected." + key: value[0] for key, value in model(x).items()}
            # A C4 model: 14 × 14 aligned samples of c4, the fifth stage on each region, the mean over positions.
            c4 = tensors["expected.backbone.c4"][None]
            pooled = roi_align(c4, [boxes], 14, 1 / 16, sampling_ratio=0, aligned=True)
            c5 = model.stages[3](pooled)
            hidden = c5.mean(dim=[2, 3])
            tensors |= {"expected.box.hidden.1": hidden, "expected.box.logits": model.logits(hidden)}
        tensors |= {"input": x[0], "boxes": boxes}
        for key, value in model.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                tensors[native(key, "backbone.c5")] = value
        path = folder / f"{name}.safetensors"
        save_file({key: value.contiguous().clone() for key, value in tensors.items()}, path)
        path.chmod(0o644)


def main():
    folder = pathlib.Path(sys.argv[1])
    for make in (pasting, keypoints, anchors, levels, inputs):
        (folder / f"{make.__name__}.json").write_text(json.dumps(make(), separators=(",", ":")) + "\n")
    networks(folder)


main()
