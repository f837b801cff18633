#!/usr/bin/env python3
"""Executes every notebook of Notebooks-md from its first cell to its last; stops at the first cell that fails.

    run_notebooks.py [NOTEBOOK.md ...]

Needs what Notebooks-md/requirements.txt lists; `make notebooks` sets that up in an environment of its own.
"""

import sys
from pathlib import Path

import jupytext
import nbclient

FOLDER = Path(__file__).resolve().parent.parent / "Notebooks-md"


def execute(path: Path) -> str | None:
    """Runs one notebook; what went wrong in it, or None."""
    notebook = jupytext.read(path)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        return str(error)
    return None


def main() -> None:
    paths = [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("[0-9]*.md"))
    if not paths:
        sys.exit(f"run_notebooks: {FOLDER}: no notebooks")
    for path in paths:
        fault = execute(path)
        if fault is not None:
            sys.exit(f"run_notebooks: {path.name}: {fault}")
        print(f"{path.name}: every cell ran", flush=True)


if __name__ == "__main__":
    main()
