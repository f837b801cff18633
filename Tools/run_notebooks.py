#!/usr/bin/env python3
"""Executes every notebook of Notebooks-md twice: with its blanks as they are, and with the solutions in them.

    run_notebooks.py [NOTEBOOK.md ...]

Untouched, every cell has to run, and every check has to say that something is not done yet. With the solutions, in a
Jupyter kernel, every check has to be content. Stops at the first notebook that fails. Needs what
requirements-notebooks.txt lists; `make notebooks` sets that up in an environment of its own.
"""

import json
import sys
from pathlib import Path

import nbclient
import nbformat
import notebooks
from notebooks import NotebookError

# Between notebooks, which share a kernel: starting one takes longer than running most notebooks.
BEGINNING = "%reset -f\nimport reference\nreference.outcomes.clear()\ndel reference"
# Says what the checks found.
END = "import json, reference\nprint(json.dumps(reference.outcomes))"


def untouched(path: Path) -> int:
    """Runs a notebook as the reader finds it; returns how many checks it has."""
    notebook, blanks, _ = notebooks.read(path)
    result = notebooks.run(notebooks.code(notebook), path.name)
    if result.fault:
        raise NotebookError(result.fault)
    for name, outcome, message in result.outcomes:
        if outcome != "not done yet":
            raise NotebookError(f"{path.name}: {name}, with its blank empty: {message}")
    if blanks and not result.outcomes:
        raise NotebookError(f"{path.name}: blanks without a check")
    return len(result.outcomes)


def solved(paths: list[Path], checks: list[int]) -> None:
    """Runs notebooks with their solutions, one after the other, as Jupyter does."""
    joined, ends = nbformat.v4.new_notebook(), []
    for path in paths:
        cells = [cell for cell in notebooks.solved(path).cells if cell.cell_type == "code"]
        joined.cells += [nbformat.v4.new_code_cell(BEGINNING), *cells, nbformat.v4.new_code_cell(END)]
        ends.append(len(joined.cells) - 1)
    for number, cell in enumerate(joined.cells):
        cell.id = f"cell-{number}"  # copies of one notebook would have the same names
    client = nbclient.NotebookClient(
        joined, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(notebooks.FOLDER)}}
    )
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        failed = next(i for i, cell in enumerate(joined.cells) if any(o.output_type == "error" for o in cell.get("outputs", [])))
        name = paths[next(k for k, end in enumerate(ends) if failed <= end)].name
        raise NotebookError(f"{name}: {error}") from None
    for path, end, count in zip(paths, ends, checks, strict=True):
        outcomes = json.loads(joined.cells[end].outputs[-1].text)
        for name, outcome, message in outcomes:
            if outcome != "right":
                raise NotebookError(f"{path.name}: {name}, with the solution: {message}")
        if len(outcomes) != count:
            raise NotebookError(f"{path.name}: {len(outcomes)} checks with the solutions, {count} without")


def main() -> None:
    try:
        paths = [Path(name).resolve() for name in sys.argv[1:]] or notebooks.paths()
        checks = [untouched(path) for path in paths]
        print("with empty blanks: every cell runs, and every check says so", flush=True)
        solved(paths, checks)
    except NotebookError as error:
        sys.exit(f"run_notebooks: {error}")
    for path, count in zip(paths, checks, strict=True):
        print(f"{path.name}: {count} checks are content with the solutions")


if __name__ == "__main__":
    main()
