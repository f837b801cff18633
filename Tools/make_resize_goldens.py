"""Writes the expected values of Tests/InferenceTests/{ImageResize,ResizeRule}Tests.swift.

    python3 Tools/make_resize_goldens.py Tests/InferenceTests/Fixtures

Needs what Tools/requirements-resizing.txt lists: Pillow before 13, which at times resizes rows before columns
and so rounds differently. Pictures are made by a formula that the
tests repeat; of each result, a hash of all bytes and some samples are kept.
"""

import json
import pathlib
import sys

import cv2
import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.models.detection.transform import _resize_image_and_masks

MEAN = np.float32([0.485, 0.456, 0.406])
STD = np.float32([0.229, 0.224, 0.225])


def picture(height, width):
    """Smooth in one corner, noise in the other."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return ((x * x * 7 + y * y * 13 + x * y * 3 + c * 680) // 8 % 256).astype(np.uint8)


def fnv(data):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return format(value, "016x")


def samples(array):
    """About 500 elements at even distances, by a step that meets all channels and columns."""
    flat = array.reshape(-1)
    step = max(len(flat) // 500, 1) | 1
    return step, flat[::step].tolist()


SIZES = [
    ((24, 32), (40, 53)), ((30, 41), (13, 17)), ((48, 64), (80, 107)), ((97, 130), (30, 41)),
    ((361, 640), (751, 1333)), ((480, 640), (800, 1066)), ((120, 90), (99, 71)), ((900, 1200), (800, 1067)), ((640, 426), (1202, 800)),
    ((20, 30), (10, 15)), ((40, 60), (10, 15)), ((33, 47), (33, 80)), ((33, 47), (90, 47)), ((33, 47), (33, 47)),
    ((5, 1), (9, 3)), ((1, 1), (4, 5)), ((7, 9), (1, 1)), ((2, 200), (3, 11)), ((200, 2), (11, 3)),
]


def resized():
    cases = []
    for (height, width), (new_height, new_width) in SIZES:
        image = picture(height, width)
        case = {"size": [height, width], "target": [new_height, new_width]}

        normalised = (torch.from_numpy(image) / 255 - torch.from_numpy(MEAN)) / torch.from_numpy(STD)
        result = torch.nn.functional.interpolate(
            normalised.permute(2, 0, 1)[None].contiguous(), size=(new_height, new_width), mode="bilinear",
            align_corners=False)[0].permute(1, 2, 0).contiguous().numpy()
        case["torch"] = {"hash": fnv(result.astype("<f4").tobytes()), "samples": samples(result)[1]}

        result = np.asarray(Image.fromarray(image).resize((new_width, new_height), Image.BILINEAR))
        case["pillow"] = {"hash": fnv(result.tobytes()), "samples": samples(result)[1]}

        result = cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
        case["opencv"] = {"hash": fnv(result.tobytes()), "samples": samples(result)[1]}
        case["step"] = samples(result)[0]
        cases.append(case)
    return cases


def detectron2(height, width):
    """ResizeShortestEdge.get_output_shape, restated."""
    scale = 800 / min(height, width)
    h, w = (800, scale * width) if height < width else (scale * height, 800)
    if max(h, w) > 1333:
        scale = 1333 / max(h, w)
        h, w = h * scale, w * scale
    return [int(h + 0.5), int(w + 0.5)]


def mmdetection(height, width):
    """mmcv's rescale_size, restated."""
    scale = min(1333 / max(height, width), 800 / min(height, width))
    return [int(height * scale + 0.5), int(width * scale + 0.5)]


def sizes():
    """torchvision's own function; it also resizes, so not too many."""
    rng = np.random.default_rng(1)
    wanted = [(480, 640), (375, 500), (426, 640), (361, 640), (1080, 1920), (210, 620), (3000, 4000), (800, 1333)]
    wanted += [(short, short + 100) for short in (97, 161, 334, 335, 337, 369, 371, 385, 386, 387, 388, 390, 398,
                                                  539, 578, 607, 610, 644, 653, 668)]
    wanted += [(int(h), int(w)) for h, w in rng.integers(40, 1500, (120, 2))]
    wanted += [(w, h) for h, w in wanted]
    cases = []
    for height, width in wanted:
        result, _ = _resize_image_and_masks(torch.zeros(1, height, width), 800, 1333)
        cases.append({"size": [height, width], "torchvision": list(result.shape[-2:]),
                      "detectron2": detectron2(height, width), "mmdetection": mmdetection(height, width)})
    return cases


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, value in (("resized", resized()), ("resized-sizes", sizes())):
        (folder / f"{name}.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, Pillow {PIL.__version__}, "
          f"OpenCV {cv2.__version__}, {torch.backends.cpu.get_cpu_capability()}")


main()
