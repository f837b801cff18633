#!/usr/bin/env python3
"""Writes Tests/CommandsTests/Fixtures/Documented: what the commands of the README and of the help texts are tried on.

    python3 Tools/make_documented_fixtures.py .build/release/maskrcnn

needs torch, safetensors and Pillow; the tests need none of them. Three scenes that the project draws stand in for
photographs, as JPEG files, and a narrow model under torchvision's names, as PyTorch saves it, for the published one.
"""

import pathlib
import subprocess
import sys
import tempfile

import torch
from PIL import Image
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).parent.parent
FOLDER = ROOT / "Tests/CommandsTests/Fixtures/Documented"


def main():
    program = sys.argv[1]
    (FOLDER / "photos").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scenes:
        subprocess.run([program, "scenes", "--count", "3", "--seed", "5", "--size", "192", "--output", scenes],
                       check=True, stdout=subprocess.DEVNULL)
        for index, name in enumerate(["street.jpg", "photos/park.jpg", "photos/desk.jpg"]):
            scene = Image.open(f"{scenes}/images/{index:06}.png").convert("RGB")
            assert scene.size in [(256, 192), (192, 256)]
            scene.resize((256, 192)).save(FOLDER / name, quality=88)
    state = load_file(ROOT / "Tests/VerificationTests/Fixtures/Golden/mask.weights.safetensors")
    torch.save(state, FOLDER / "model.pth")


if __name__ == "__main__":
    main()
