#!/usr/bin/env python3
"""Executes every notebook of Notebooks-md twice: with its blanks as they are, and with the solutions in them.

    run_notebooks.py [NOTEBOOK.md ...]

Untouched, every cell has to run, and every check has to say that something is not done yet. With the solutions, in a
Jupyter kernel, every check has to be content. Stops at the first notebook that fails. Needs what
Notebooks-md/requirements.txt lists; `make notebooks` sets that up in an environment of its own.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbclient
import nbformat
import notebooks
from notebooks import NotebookError

# A last cell that says what the checks found.
OUTCOMES = "import json as _json, reference as _reference; print(_json.dumps(_reference.outcomes))"


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


def solved(path: Path, checks: int) -> None:
    """Runs a notebook with its solutions, as Jupyter does."""
    notebook = notebooks.solved(path)
    if checks:
        notebook.cells.append(nbformat.v4.new_code_cell(OUTCOMES))
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        raise NotebookError(f"{path.name}: {error}") from None
    if not checks:
        return
    outcomes = json.loads(notebook.cells[-1].outputs[-1].text)
    for name, outcome, message in outcomes:
        if outcome != "right":
            raise NotebookError(f"{path.name}: {name}, with the solution: {message}")
    if len(outcomes) != checks:
        raise NotebookError(f"{path.name}: {len(outcomes)} checks with the solutions, {checks} without")


def main() -> None:
    try:
        paths = [Path(name).resolve() for name in sys.argv[1:]] or notebooks.paths()
        checks = [untouched(path) for path in paths]
        # A kernel is a process of its own.
        with ThreadPoolExecutor(max_workers=2) as pool:
            for path, count, done in zip(paths, checks, pool.map(solved, paths, checks), strict=True):
                assert done is None
                print(f"{path.name}: {count} checks, empty and with the solutions", flush=True)
    except NotebookError as error:
        sys.exit(f"run_notebooks: {error}")


if __name__ == "__main__":
    main()
