#!/usr/bin/env python3
"""Checks the notebooks' checks: `python3 test_notebooks.py`, in the notebooks' environment.

Mistakes are put into the solutions, and the check has to name them.
"""

import contextlib
import io
import re
import sys
import tempfile
import unittest
from pathlib import Path

import notebooks
from notebook_mistakes import MISTAKES
from notebooks import FOLDER, NotebookError

sys.path.insert(0, str(FOLDER))
import numpy as np  # noqa: E402
import reference  # noqa: E402


class Mistakes(unittest.TestCase):
    def test_every_notebook_has_mistakes(self) -> None:
        with_blanks = {path.stem for path in notebooks.paths() if notebooks.read(path)[1]}
        self.assertEqual(with_blanks, set(MISTAKES))
        for name, mistakes in MISTAKES.items():
            self.assertGreaterEqual(len(mistakes), 2, name)

    def test_checks_name_the_mistake(self) -> None:
        for name, mistakes in MISTAKES.items():
            solved = notebooks.solved(FOLDER / f"{name}.md")
            # Plots are not looked at here.
            cells = [cell for cell in notebooks.code(solved) if "plots.attempt" not in cell]
            for replacements, check, words in mistakes:
                with self.subTest(notebook=name, mistake=replacements):
                    wrong = list(cells)
                    for old, new in replacements:
                        self.assertTrue(any(old in cell for cell in cells), f"{old} is in no cell")
                        wrong = [cell.replace(old, new) for cell in wrong]
                    needed = _until(wrong, check)
                    result = notebooks.run(needed, name)
                    self.assertIsNone(result.fault)
                    outcome = {found: (what, message) for found, what, message in result.outcomes}[check]
                    self.assertEqual(outcome[0], "wrong", outcome[1])
                    self.assertIn(words, outcome[1])

    def test_what_goes_wrong_is_told_where_it_goes_wrong(self) -> None:
        """A fault of the reader's code is told with its line, and stops nothing."""

        def faulty(values):
            return np.stack([values, values[1:]])

        with self.assertRaises(reference.Wrong) as caught:
            reference.call(faulty, np.zeros(3))
        self.assertIn("faulty stops with ValueError", str(caught.exception))
        self.assertIn("return np.stack([values, values[1:]])", str(caught.exception))

    def test_no_answer_stops_a_notebook(self) -> None:
        """Whatever a reader's function returns, a check prints; nothing is raised, and nothing of this is right."""

        def faulty(*_):
            raise KeyError("x")

        answers = [None, "words", np.zeros(0), np.zeros((2, 3, 4)), [[1, 2], [3]], (np.zeros(3), ...), {"a": 1}, np.nan]
        functions = [faulty, *(lambda *_, answer=answer: answer for answer in answers)]
        for path in notebooks.paths():
            notebook, blanks, _ = notebooks.read(path)
            cells = notebooks.code(notebook)
            names = {}
            if blanks:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(cells[0], names)
            for cell in cells:
                found = re.fullmatch(r"(check_\w+)\((.*)\)", cell.strip())
                for function in functions if found else []:
                    with self.subTest(check=found[1], function=function), contextlib.redirect_stdout(io.StringIO()) as printed:
                        reference.outcomes.clear()
                        names[found[1]](*[function] * len(found[2].split(",")))
                        self.assertNotEqual(reference.outcomes[0][1], "right")
                        self.assertIn(printed.getvalue()[0], "✗…")
                        self.assertNotIn(reference.UNREADABLE, printed.getvalue())

    def test_arguments_are_copies(self) -> None:
        values = np.zeros(3)
        reference.call(lambda given: given.fill(1) or given, values)
        self.assertEqual(values.sum(), 0)


def _until(cells: list[str], check: str) -> list[str]:
    """The cells up to the one that calls the check, without the other checks."""
    call = f"{check}("
    last = next(i for i, cell in enumerate(cells) if cell.startswith(call))
    return [cell for cell in cells[: last + 1] if not cell.startswith("check_") or cell.startswith(call)]


class Comparing(unittest.TestCase):
    """What `compare` says of arrays that differ in a known way."""

    def said(self, mine, expected, **options) -> str:
        with self.assertRaises(reference.Wrong) as caught:
            reference.compare("x", mine, np.asarray(expected), 1e-6, **options)
        return str(caught.exception)

    def test_shapes(self) -> None:
        matrix = np.arange(6.0).reshape(2, 3)
        self.assertIn("transpose(1, 0)", self.said(matrix.T, matrix))
        self.assertIn("only a reshape is missing", self.said(matrix.ravel(), matrix))
        self.assertIn("1 too few along the axis “row”", self.said(matrix[:1], matrix, axes=["row", "column"]))
        self.assertIn("1 too few along axis 1", self.said(matrix[:, :2], matrix, axes=["row"]))

    def test_offsets_and_factors(self) -> None:
        values = np.arange(1.0, 13).reshape(3, 4)
        corners = ["x1", "y1", "x2", "y2"]
        self.assertIn("too large by 0.5, half a pixel", self.said(values + 0.5, values, columns=corners))
        self.assertIn("too small by 1, one pixel", self.said(values - 1, values, columns=corners))
        self.assertIn("too large by 0.5. ", self.said(values + 0.5, values))
        self.assertIn("c by +0.5", self.said(values + [0, 0, 0.5, 0], values, columns=["a", "b", "c", "d"]))
        self.assertIn("2 times", self.said(2 * values, values))
        self.assertIn("every number is 0", self.said(0 * values, values))
        self.assertIn("1/4 of", self.said(values / 4, values))

    def test_orders(self) -> None:
        values = np.random.default_rng(0).normal(size=(5, 4))
        self.assertIn("in the order b a d c", self.said(values[:, [1, 0, 3, 2]], values, columns=list("abcd")))
        self.assertIn("the right rows in another order", self.said(values[[2, 0, 1, 4, 3]], values))
        self.assertIn("runs backwards", self.said(values[::-1], values))
        square = values[:4]
        self.assertIn("rows and columns are swapped", self.said(square.T, square))

    def test_first_place_with_both_values(self) -> None:
        values = np.zeros((3, 2))
        wrong = values.copy()
        wrong[1, 1] = 4
        said = self.said(wrong, values, axes=["row"], columns=["x", "y"])
        self.assertIn("First at row 1, y: yours is 4, the reference 0; 1 of 6 numbers", said)

    def test_one_number(self) -> None:
        self.assertEqual(self.said(2.5, 7.0), "x: Yours is 2.5, the reference 7.")

    def test_blanks_are_told_from_faults(self) -> None:
        self.assertRaises(reference.NotDone, reference.call, lambda: ... + 1)
        with self.assertRaises(reference.Wrong):
            reference.call(lambda: np.einsum("oi->o", np.zeros((2, 2, 1))))

    def test_not_numbers(self) -> None:
        self.assertIn("not a number", self.said(np.array([1, np.nan]), [1, 2]))
        self.assertIn("infinite", self.said(np.array([1, np.inf]), [1, 2]))
        for blank in [None, ..., [1, ...]]:
            with self.assertRaises(reference.NotDone):
                reference.compare("x", blank, np.zeros(2), 1e-6)


BLANK = """# A

```{{code-cell}} ipython3
:tags: [blank]

def f(x):
    {body}
```

<details>
<summary>{first}</summary>

Words.

</details>

<details>
<summary>Solution</summary>

```python
def {name}(x):
    return 1
```

</details>
"""


class Reading(unittest.TestCase):
    def read(self, **words: str):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "01-any.md"
            head = "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n---\n\n"
            path.write_text(head + BLANK.format(**({"body": "...", "first": "Hint", "name": "f"} | words)), encoding="utf-8")
            return notebooks.read(path)

    def test_solutions_go_with_blanks(self) -> None:
        _, blanks, solutions = self.read()
        self.assertEqual((len(blanks), solutions), (1, ["def f(x):\n    return 1\n"]))

    def test_faults(self) -> None:
        for words, fault in [({"body": "return 2"}, "without a ..."), ({"name": "g"}, "lacks f(x)"), ({"first": "Words"}, "without a hint")]:
            with self.subTest(fault=fault), self.assertRaisesRegex(NotebookError, fault.replace("(", r"\(").replace(")", r"\)")):
                self.read(**words)


if __name__ == "__main__":
    unittest.main()
