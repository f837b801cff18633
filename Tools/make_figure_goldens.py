#!/usr/bin/env python3
"""Writes the small pictures that Tests/FiguresTests compares the thirty figures with.

    python3 Tools/make_figure_goldens.py --maskrcnn .build/release/maskrcnn [NAME …]

Draws the figures of the model and the picture that ship with the project, and reduces each to a fifth of its pixels:
squares of five by five become their mean, rounded. Look at every picture that changed.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

FIXTURES = Path(__file__).resolve().parent.parent / "Tests/FiguresTests/Fixtures/Gallery"
SIDE = 5
# The last column of the costs has the times of a run, which are another each time: pixels from the left that count.
KEPT = {"30-cost": 1010}


def reduced(picture: np.ndarray) -> np.ndarray:
    """The mean of each square, `[height / 5, width / 5, 3]`; what fills no square is left out."""
    height, width = (length // SIDE for length in picture.shape[:2])
    squares = picture[: height * SIDE, : width * SIDE].astype(int).reshape(height, SIDE, width, SIDE, 3)
    return ((squares.sum(axis=(1, 3)) + SIDE * SIDE // 2) // (SIDE * SIDE)).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="figures, as the command names them; all by default")
    parser.add_argument("--maskrcnn", required=True, help="the program")
    options = parser.parse_args()
    FIXTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([options.maskrcnn, "figures", *options.names, "--output", folder], check=True)
        for path in sorted(Path(folder).glob("*.png")):
            picture = np.asarray(Image.open(path).convert("RGB"))[:, : KEPT.get(path.stem)]
            Image.fromarray(reduced(picture)).save(FIXTURES / path.name, optimize=True)
            print(FIXTURES / path.name)


if __name__ == "__main__":
    main()
