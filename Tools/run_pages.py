#!/usr/bin/env python3
"""Runs the Python of the walkthroughs' pages: every formula once more, compared with the recorded stages.

    run_pages.py [--maskrcnn .build/release/maskrcnn] [PAGE.md ...]

Each page runs in a folder of its own. First the commands `maskrcnn record` of its console blocks, which leave the files
that the Python reads; then the blocks that are marked as python, one after the other, as one program. Stops at the
first page that fails. Needs NumPy and safetensors; `make notebooks` calls it in the notebooks' environment.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Pages on a formula, each of which has to have it in NumPy too: all but those on checking and on claims.
PAGES_WITH_CODE = range(1, 18)


def blocks(text: str, language: str) -> list[tuple[int, list[str]]]:
    """The fenced blocks of a language: the number of the first line inside, from 0, and the lines."""
    found, inside, fence = [], None, None
    for number, line in enumerate(text.split("\n")):
        if fence is None and line.startswith("```"):
            fence, inside = line[3:].strip(), (number + 1, [])
        elif line.startswith("```"):
            if fence == language:
                found.append(inside)
            fence = None
        elif fence is not None:
            inside[1].append(line)
    return found


def recordings(text: str) -> list[list[str]]:
    """The page's commands that record stages of the shipped picture, as words."""
    lines = [line for _, lines in blocks(text, "console") for line in lines if line.startswith("$ maskrcnn record ")]
    return [shlex.split(line)[2:] for line in lines]


def program(text: str) -> str:
    """All Python of a page, on the lines on which it stands there: what fails is reported by the page's line."""
    lines = []
    for first, inside in blocks(text, "python"):
        lines += [""] * (first - len(lines)) + inside
    return "\n".join(lines) + "\n"


def run(page: Path, maskrcnn: str) -> str | None:
    """What went wrong on a page, or None."""
    text = page.read_text(encoding="utf-8")
    code = program(text)
    if not code.strip():
        number = page.name[:2]
        return "no Python" if number.isdigit() and int(number) in PAGES_WITH_CODE else None
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(ROOT / "Sources", Path(folder) / "Sources")
        for words in recordings(text):
            result = subprocess.run([maskrcnn, *words], cwd=folder, capture_output=True, text=True, check=False)
            if result.returncode != 0:
                return result.stderr.strip()
        previous = Path.cwd()
        os.chdir(folder)
        try:
            exec(compile(code, str(page), "exec"), {"__name__": "page"})
        except Exception:
            return traceback.format_exc()
        finally:
            os.chdir(previous)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maskrcnn", default=str(ROOT / ".build/release/maskrcnn"), help="the program")
    parser.add_argument("pages", nargs="*", type=Path, help="pages; by default all")
    arguments = parser.parse_args()
    maskrcnn = str(Path(arguments.maskrcnn).resolve())
    if not os.access(maskrcnn, os.X_OK):
        sys.exit(f"run_pages: {arguments.maskrcnn}: no such program; build it first")
    pages = [page.resolve() for page in arguments.pages] or sorted((ROOT / "Walkthroughs").glob("[0-9]*.md"))
    if not pages:
        sys.exit(f"run_pages: {ROOT / 'Walkthroughs'}: no pages")
    for page in pages:
        fault = run(page, maskrcnn)
        if fault is not None:
            sys.exit(f"run_pages: {page.name}: {fault}")
        print(f"{page.name}: {len(blocks(page.read_text(encoding='utf-8'), 'python'))} blocks ran", flush=True)


if __name__ == "__main__":
    main()
