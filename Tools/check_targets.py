#!/usr/bin/env python3
"""Checks the walls between the package's targets.

    python3 Tools/check_targets.py

- A target imports only targets and products that Package.swift declares for it, and declares none that it does
  not import. (A test target may depend on an executable that its tests run.)
- Targets stand in Package.swift below everything they depend on.
- No target declares a type of its own name: `MaskRCNN.MaskRCNN` would hide the module.
- The table of Sources/README.md names every target once, in the order of Package.swift, with the imports that
  Package.swift declares; the file that it calls the target's door exists.
- The Swift examples of README.md are those of Tests/Products, letter by letter, which `make products` builds.

Exit code 0: all of it holds; 1: a line for each fault.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What comes with the toolchain or the system.
TOOLCHAIN = {"Darwin", "Dispatch", "Foundation", "FoundationXML", "Glibc", "Synchronization", "Testing"}
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)",
    re.MULTILINE,
)


def dumped_package(root: Path) -> dict:
    """What SwiftPM reads in Package.swift."""
    command = ["swift", "package", "--package-path", str(root), "dump-package"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"check_targets: swift package dump-package: {result.stderr.strip()}")
    return json.loads(result.stdout)


def folder(target: dict) -> str:
    parent = "Tests" if target["type"] == "test" else "Sources"
    return target.get("path") or f"{parent}/{target['name']}"


def dependencies(target: dict) -> list[str]:
    """Names of the targets and products that a target declares, in its order."""
    return [next(iter(entry.values()))[0] for entry in target["dependencies"]]


def sources(root: Path, target: dict) -> dict[str, str]:
    """A target's Swift files by path, with comments and multi-line strings left out."""
    texts = {}
    for path in sorted((root / folder(target)).rglob("*.swift")):
        text = re.sub(r'"""[\s\S]*?"""', '""', path.read_text(encoding="utf-8"))
        texts[str(path.relative_to(root))] = re.sub(r"//.*|/\*[\s\S]*?\*/", "", text)
    return texts


def target_faults(root: Path, package: dict) -> list[str]:
    """What is wrong with imports, declared dependencies, order and names."""
    faults = []
    kinds = {target["name"]: target["type"] for target in package["targets"]}
    above: set[str] = set()
    for target in package["targets"]:
        name = target["name"]
        declared = dependencies(target)
        if target["type"] != "system":
            texts = sources(root, target)
            imported: dict[str, str] = {}
            for path, text in texts.items():
                for module in IMPORT.findall(text):
                    imported.setdefault(module, path)
                if re.search(rf"^(?:\w+ )*(?:struct|class|enum|protocol|actor) {name}\b", text, re.MULTILINE):
                    faults.append(f"{path}: declares a type with the name of its module, {name}")
            for module, path in sorted(imported.items()):
                if module not in declared and module not in TOOLCHAIN:
                    faults.append(f"{path}: imports {module}, which Package.swift does not declare for {name}")
            for module in declared:
                runs = target["type"] == "test" and kinds.get(module) == "executable"
                if module not in imported and not runs:
                    faults.append(f"Package.swift: {name} depends on {module} and imports it nowhere")
        for module in declared:
            if module in kinds and module not in above:
                faults.append(f"Package.swift: {name} stands above {module}, which it depends on")
        above.add(name)
    return faults


def readme_faults(root: Path, package: dict) -> list[str]:
    """Where the table of Sources/README.md and Package.swift say different things."""
    path = root / "Sources/README.md"
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"`\w+`", cells[0]):
            rows[cells[0].strip("`")] = cells
    # What only tests use is no room.
    expected = [t for t in package["targets"] if t["type"] != "system" and folder(t).startswith("Sources/")]
    names = [target["name"] for target in expected]
    faults = []
    if list(rows) != names:
        missing = [name for name in names if name not in rows]
        extra = [name for name in rows if name not in names]
        what = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(extra)}" if extra else "has another order"
        faults.append(f"Sources/README.md: the table {what}, compared with Package.swift")
    for target in expected:
        cells = rows.get(target["name"])
        if cells is None:
            continue
        declared = dependencies(target)
        said = re.findall(r"\w+", cells[3])
        if said != declared:
            faults.append(
                f"Sources/README.md: {target['name']} imports {', '.join(said) or 'nothing'}; "
                f"Package.swift declares {', '.join(declared) or 'nothing'}"
            )
        link = re.search(r"\]\(([^)]+)\)", cells[2])
        if link is None or not (root / "Sources" / link.group(1)).is_file():
            faults.append(f"Sources/README.md: the door of {target['name']} is no file")
    return faults


def example_faults(root: Path) -> list[str]:
    """Examples of the README that are not built, and built ones that it does not show."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```swift\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    built = {
        path.parent.name: path.read_text(encoding="utf-8") for path in (root / "Tests/Products").glob("*/main.swift")
    }
    faults = [
        f"README.md: does not show Tests/Products/{n}/main.swift as it is" for n, t in built.items() if t not in shown
    ]
    first_lines = [text.splitlines()[0] for text in shown if text not in built.values()]
    return faults + [
        f"README.md: the example that begins with '{line}' is in no Tests/Products" for line in first_lines
    ]


def main() -> None:
    package = dumped_package(ROOT)
    faults = target_faults(ROOT, package) + readme_faults(ROOT, package) + example_faults(ROOT)
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
