#!/usr/bin/env python3
"""Builds the packages of Tests/Products: the README's examples, each depending on one product of this package.

    python3 Tools/build_products.py [--scratch-path .build/products]

Then it looks at what each program links: inference, training and evaluation no Cairo, evaluation no C library that this
package brings. Exit code 0: all is as it should be; 1: a line for each fault.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CAIRO = ("libcairo", "libfontconfig")
OTHERS = ("libpng", "libturbojpeg", "libjpeg", "libopenblas", "libz")
# What no program of a product may link.
FORBIDDEN = {"Inference": CAIRO, "Training": CAIRO, "Evaluation": CAIRO + OTHERS, "Figures": ()}


def build(name: str, scratch: Path) -> Path:
    """Builds a package of Tests/Products without optimisation; the path of its program."""
    package = ROOT / "Tests/Products" / name
    command = ["swift", "build", "--package-path", str(package), "--scratch-path", str(scratch)]
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit(f"build_products: {package.relative_to(ROOT)} does not build")
    path = subprocess.run([*command, "--show-bin-path"], check=True, capture_output=True, text=True).stdout.strip()
    return Path(path) / f"{name}Example"


def libraries(program: Path) -> list[str]:
    """The names of the shared libraries that a program needs itself, `libcairo.so.2`; what these need in turn is
    their own matter."""
    command = ["otool", "-L"] if sys.platform == "darwin" else ["objdump", "-p"]
    text = subprocess.run([*command, str(program)], check=True, capture_output=True, text=True).stdout
    if sys.platform == "darwin":
        return [Path(line.split()[0]).name for line in text.splitlines()[1:]]
    return [line.split()[1] for line in text.splitlines() if line.split()[:1] == ["NEEDED"]]


def faults(name: str, linked: list[str]) -> list[str]:
    """What a program links that it must not."""
    wrong = [library for library in linked if library.startswith(FORBIDDEN[name])] if FORBIDDEN[name] else []
    return [f"Tests/Products/{name} links {library}" for library in wrong]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch-path", type=Path, default=ROOT / ".build/products", help="where to build")
    scratch = parser.parse_args().scratch_path
    found: list[str] = []
    for name in FORBIDDEN:
        linked = libraries(build(name, scratch))
        # A program that links nothing was not looked at.
        if not linked:
            found.append(f"Tests/Products/{name}: its libraries cannot be read")
        found += faults(name, linked)
    for fault in found:
        print(f"build_products: {fault}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
