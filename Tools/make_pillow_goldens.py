"""Writes what Pillow 13 makes of pictures whose rows it resizes first, for Tests/InferenceTests/ImageResizeTests.swift.

    python3 Tools/make_pillow_goldens.py Tests/InferenceTests/Fixtures

Needs Tools/requirements-pillow.txt: numpy, and Pillow 13, while make_resize_goldens.py needs an earlier one. The
pictures are those of make_resize_goldens.py; of each result a hash of all bytes and some samples are kept.
"""

import json
import pathlib
import sys

import numpy as np
import PIL
from PIL import Image


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


def main():
    assert PIL.__version__.startswith("13."), PIL.__version__
    cases = []
    # Twice as many rows as columns are lost, and one more; columns are won; and pictures that stay with columns first.
    for height, width, new_height, new_width in [
        (300, 100, 90, 30), (97, 41, 40, 12), (97, 41, 41, 13), (97, 41, 41, 12), (60, 20, 40, 30), (200, 2, 11, 3),
        (130, 97, 41, 30), (24, 32, 40, 53), (50, 33, 50, 10), (50, 33, 20, 33),
    ]:
        image = Image.fromarray(picture(height, width)).resize((new_width, new_height), Image.BILINEAR)
        flat = np.asarray(image).reshape(-1)
        step = max(len(flat) // 500, 1) | 1
        cases.append({
            "size": [height, width], "target": [new_height, new_width], "step": step,
            "pillow": {"hash": fnv(flat.tobytes()), "samples": flat[::step].tolist()}})
    path = pathlib.Path(sys.argv[1]) / "resized-pillow-13.json"
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    print(f"{path}: {len(cases)} sizes, Pillow {PIL.__version__}")


main()
