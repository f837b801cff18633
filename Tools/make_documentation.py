#!/usr/bin/env python3
"""Builds the reference of MaskRCNN and Kernels with DocC, the walkthrough pages among its articles.

    make_documentation.py [--build .build/release] [--output .build/documentation]

Needs a release build, and the toolchain's own docc. Any warning ends it with code 1. Standard library only.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"Inference": [n for n in range(1, 20) if n != 16], "Kernels": [7, 16]}
SYSTEM = ["CPNG", "CJPEG", "CZlib", "CCairo", "COpenBLAS"]


def run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"make_documentation: {command[0]}: {(result.stderr or result.stdout).strip()}")
    return result.stdout + result.stderr


def symbol_graph(module: str, build: Path, output: Path) -> None:
    """What the module's public declarations and their comments are."""
    target = run("swiftc", "-print-target-info")
    triple = re.search(r'"triple"\s*:\s*"([^"]+)"', target)
    assert triple is not None
    maps = [f"-Xcc=-fmodule-map-file={ROOT}/Sources/{name}/module.modulemap" for name in SYSTEM]
    flags = [part for option in maps for part in option.split("=", 1)]
    run(
        "swift-symbolgraph-extract", "-module-name", module, "-I", str(build / "Modules"), *flags,
        "-target", triple.group(1), "-minimum-access-level", "public", "-skip-synthesized-members",
        "-output-dir", str(output),
    )  # fmt: skip


def article(page: Path, others: set[str]) -> str:
    """A page as DocC reads it: links to pages and figures by name, links to sources as plain code."""
    text = page.read_text()
    text = re.sub(r"\]\((\d\d-[a-z-]+)\.md\)", lambda m: f"](doc:{m[1]})" if m[1] in others else "](#)", text)
    text = re.sub(r"\[([^\]]*)\]\(#\)", r"\1", text)
    text = re.sub(r"\]\(\.\./Figures/([^)]+)\)", r"](\1)", text)
    text = re.sub(r"\[`?([^\]`]+)`?\]\(\.\./[^)]+\)", r"`\1`", text)
    text = re.sub(r"</?details>|<summary>(.*?)</summary>", lambda m: m[1] or "", text)
    return text


def build_module(module: str, build: Path, output: Path) -> str:
    pages = [next((ROOT / "Walkthroughs").glob(f"{n:02}-*.md")) for n in PAGES[module]]
    with tempfile.TemporaryDirectory() as temporary:
        catalog, graphs = Path(temporary) / f"{module}.docc", Path(temporary) / "graphs"
        shutil.copytree(ROOT / "Sources" / module / f"{module}.docc", catalog)
        graphs.mkdir()
        names = {page.stem for page in pages}
        for page in pages:
            text = article(page, names)
            (catalog / page.name).write_text(text)
            for figure in re.findall(r"\]\(([\w-]+\.png)\)", text):
                shutil.copy(ROOT / "Figures" / figure, catalog / figure)
        symbol_graph(module, build, graphs)
        return run(
            "docc", "convert", str(catalog), "--additional-symbol-graph-dir", str(graphs),
            "--fallback-display-name", module, "--fallback-bundle-identifier", module,
            "--output-dir", str(output / module),
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=".build/release", type=Path, help="the folder of a release build")
    parser.add_argument("--output", default=".build/documentation", type=Path, help="where the archives go")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    warned = False
    for module in PAGES:
        remarks = build_module(module, arguments.build, arguments.output)
        warned = warned or "warning:" in remarks
        print(remarks.strip() or f"{arguments.output / module}: built without warnings")
    sys.exit(1 if warned else 0)


if __name__ == "__main__":
    main()
