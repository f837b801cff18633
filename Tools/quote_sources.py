#!/usr/bin/env python3
"""The lines of Swift that the walkthroughs' pages quote are those of the source: compares them, or quotes them anew.

    quote_sources.py [--update] [PAGE.md ...]

A page quotes by a mark and a block of Swift, which this program fills in:

    <!-- quote: BoxCoder.swift: public func scaled(_ delta: BoxDelta) -->
    ```swift
    ```

The mark has a file below Sources, by its name or path, and the beginning of exactly one line in it. What is quoted
goes from that line to the brace that closes what it opens, or as many lines as the mark says at its end, `(4 lines)`.
If the file is no longer there, the only other one that has the line is taken. Without --update, exit code 1 if a quote
differs from its source. Standard library only.
"""

import argparse
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"<!-- quote: (\S+\.swift): (.+?)(?: \((\d+) lines\))? -->\n```swift\n(.*?)```\n", re.DOTALL)


class QuoteError(Exception):
    """A mark that does not lead to one place in the sources."""


def places(path: Path, beginning: str) -> list[int]:
    return [i for i, line in enumerate(path.read_text(encoding="utf-8").split("\n")) if line.strip().startswith(beginning)]


def find(name: str, beginning: str) -> tuple[Path, int]:
    """The one file and line that a mark means."""
    files = sorted((ROOT / "Sources").rglob("*.swift"))
    named = [path for path in files if path.as_posix().endswith("/" + name)]
    for candidates in [named, files]:
        found = [(path, line) for path in candidates for line in places(path, beginning)]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise QuoteError(f"{name}: {len(found)} lines begin with: {beginning}")
    raise QuoteError(f"{name}: no line of the sources begins with: {beginning}")


def quotation(path: Path, first: int, count: int | None) -> str:
    """The lines from `first` on: `count` of them, or up to the closing brace; without their common indentation."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if count is None:
        depth, opened, count = 0, False, 0
        for line in lines[first:]:
            code = re.sub(r'"(?:[^"\\]|\\.)*"|//.*', "", line)
            depth += code.count("{") - code.count("}")
            opened = opened or "{" in code
            count += 1
            if opened and depth <= 0:
                break
    return textwrap.dedent("\n".join(lines[first : first + count])) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="quote anew")
    parser.add_argument("pages", nargs="*", type=Path, help="pages; by default all")
    arguments = parser.parse_args()
    faults = []
    for page in arguments.pages or sorted((ROOT / "Walkthroughs").glob("*.md")):
        text = page.read_text(encoding="utf-8")

        def quoted(mark: re.Match[str], page: Path = page) -> str:
            name, beginning, count, present = mark.groups()
            try:
                path, first = find(name, beginning)
            except QuoteError as fault:
                faults.append(f"{page.name}: {fault}")
                return mark.group()
            source = quotation(path, first, int(count) if count else None)
            if source != present and not arguments.update:
                faults.append(f"{page.name}: differs from {path.relative_to(ROOT)}, line {first + 1}: {beginning}")
            lines = f" ({count} lines)" if count else ""
            return f"<!-- quote: {path.name}: {beginning}{lines} -->\n```swift\n{source}```\n"

        updated = MARK.sub(quoted, text)
        if arguments.update and updated != text:
            page.write_text(updated, encoding="utf-8")
            print(f"{page.name}: quoted anew")
    for fault in faults:
        print(f"quote_sources: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
