"""The notebooks as programs: their cells, their blanks, the solutions that are folded away, and what checks say.

A blank is a code cell with the tag `blank`. Its solution is the Python block in the next `<details>` whose summary is
“Solution”; both define the same functions with the same arguments, and only the blank has a `...`.
"""

import ast
import contextlib
import io
import re
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import jupytext

FOLDER = Path(__file__).resolve().parent.parent / "Notebooks-md"
SOLUTION = re.compile(r"<details>\s*<summary>Solution</summary>\s*```python\n(.*?)```\s*</details>", re.DOTALL)
WIDTH = 96  # characters that a cell shows beside the list of files on a laptop
HINT = re.compile(r"<details>\s*<summary>Hint</summary>")


class NotebookError(Exception):
    """What is wrong with a notebook, in one line that begins with its name."""


def read(path: Path):
    """A notebook, with its blanks' solutions: the notebook, indices of the blanks' cells, and as many solutions."""
    notebook = jupytext.read(path)
    blanks, solutions = [], []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and "blank" in cell.metadata.get("tags", []):
            if len(blanks) > len(solutions):
                raise NotebookError(f"{path.name}: a blank without a solution before the next blank: {_first(notebook.cells[blanks[-1]].source)}")
            blanks.append(index)
        elif cell.cell_type == "markdown":
            found = SOLUTION.findall(cell.source)
            if len(solutions) + len(found) > len(blanks):
                raise NotebookError(f"{path.name}: a solution without a blank: {_first(found[-1])}")
            if found and not HINT.search(cell.source):
                raise NotebookError(f"{path.name}: a solution without a hint before it: {_first(found[-1])}")
            solutions += found
    if len(blanks) != len(solutions):
        raise NotebookError(f"{path.name}: the last blank has no solution")
    for index, solution in zip(blanks, solutions, strict=True):
        _compare(path, notebook.cells[index].source, solution)
    for line in "\n".join([*code(notebook), *solutions]).splitlines():
        if len(line) > WIDTH:
            raise NotebookError(f"{path.name}: {len(line)} characters, {WIDTH} at most: {line.strip()}")
    return notebook, blanks, solutions


def _first(source: str) -> str:
    return source.strip().splitlines()[0]


def _defined(source: str) -> dict[str, str]:
    """The names that a cell defines, each with a function's arguments."""
    names = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef):
            names[statement.name] = ast.unparse(statement.args)
        elif isinstance(statement, ast.Assign):
            names |= {ast.unparse(target): "" for target in statement.targets}
    return names


def _compare(path: Path, blank: str, solution: str) -> None:
    has_ellipsis = lambda source: any(isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(ast.parse(source)))
    if not has_ellipsis(blank):
        raise NotebookError(f"{path.name}: a blank without a ...: {_first(blank)}")
    wanted, given = _defined(blank), _defined(solution)
    for name, arguments in wanted.items():
        if given.get(name) != arguments:
            raise NotebookError(f"{path.name}: the solution lacks {name}({arguments}), which its blank has")


def solved(path: Path):
    """The notebook with the solutions in place of its blanks."""
    notebook, blanks, solutions = read(path)
    for index, solution in zip(blanks, solutions, strict=True):
        notebook.cells[index].source = solution.rstrip()
    return notebook


@dataclass
class Result:
    """What running a notebook's cells left: what checks found, what was printed, and the first fault."""

    outcomes: list = field(default_factory=list)
    printed: str = ""
    fault: str | None = None


def run(cells: list[str], name: str) -> Result:
    """Runs cells of a notebook in this process, in names of their own; plots are drawn, and shown to nobody."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    if str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))
    import reference

    reference.outcomes.clear()
    result, names, output = Result(), {"__name__": "notebook"}, io.StringIO()
    with contextlib.redirect_stdout(output), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, cell in enumerate(cells, start=1):
            try:
                exec(compile(cell, f"{name}, code cell {number}", "exec"), names)
            except Exception as error:
                result.fault = f"{name}, code cell {number}: {type(error).__name__}: {error}\n{cell}"
                break
            finally:
                plt.close("all")
    result.outcomes, result.printed = list(reference.outcomes), output.getvalue()
    return result


def code(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def paths() -> list[Path]:
    found = sorted(FOLDER.glob("[0-9]*.md"))
    if not found:
        raise NotebookError(f"{FOLDER}: no notebooks")
    return found
