#!/usr/bin/env python3
"""Checks the programs that keep the pages' code true: `python3 test_pages.py`. Standard library only."""

import tempfile
import unittest
import unittest.mock
from pathlib import Path

import quote_sources
import run_pages

PAGE = """Text.

```console
$ maskrcnn record --output a.safetensors --stages 'fpn.*'
a.safetensors: 16 stages
$ maskrcnn inspect a.safetensors
```

```python
x = 1
```

Between.

```python
assert x == 2
```
"""

SOURCE = """struct A {
    /// Twice { is not code.
    func twice(
        _ x: Int
    ) -> Int {
        let text = "}"
        return x * 2
    }

    let last = 1
}
"""


class RunPages(unittest.TestCase):
    def test_only_recordings_are_run(self) -> None:
        self.assertEqual(
            run_pages.recordings(PAGE), [["record", "--output", "a.safetensors", "--stages", "fpn.*"]]
        )

    def test_code_stands_on_the_lines_of_the_page(self) -> None:
        lines = PAGE.split("\n")
        code = run_pages.program(PAGE).split("\n")
        self.assertEqual(code[lines.index("x = 1")], "x = 1")
        self.assertEqual(code[lines.index("assert x == 2")], "assert x == 2")

    def test_a_wrong_number_is_a_fault(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "18-any.md"
            page.write_text(PAGE, encoding="utf-8")
            self.assertIn('18-any.md", line 16', run_pages.run(page, "true") or "")
            page.write_text(PAGE.replace("x == 2", "x == 1"), encoding="utf-8")
            self.assertIsNone(run_pages.run(page, "true"))

    def test_a_page_on_a_formula_needs_code(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, fault in [("07-any.md", "no Python"), ("19-any.md", None)]:
                page = Path(folder) / name
                page.write_text("Nothing.\n", encoding="utf-8")
                self.assertEqual(run_pages.run(page, "true"), fault)


class QuoteSources(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "Sources" / "One").mkdir(parents=True)
        (self.root / "Sources" / "One" / "A.swift").write_text(SOURCE, encoding="utf-8")
        root = unittest.mock.patch.object(quote_sources, "ROOT", self.root)
        root.start()
        self.addCleanup(root.stop)

    def test_up_to_the_brace_that_closes(self) -> None:
        path, first = quote_sources.find("A.swift", "func twice(")
        quoted = quote_sources.quotation(path, first, None)
        self.assertEqual(quoted.split("\n")[0], "func twice(")
        self.assertEqual(quoted.split("\n")[-2], "}")
        self.assertNotIn("last", quoted)

    def test_as_many_lines_as_the_mark_says(self) -> None:
        path, first = quote_sources.find("One/A.swift", "let text")
        self.assertEqual(quote_sources.quotation(path, first, 2), 'let text = "}"\nreturn x * 2\n')

    def test_a_renamed_file_is_found(self) -> None:
        path, _ = quote_sources.find("Old.swift", "let last")
        self.assertEqual(path.name, "A.swift")

    def test_a_mark_means_one_line(self) -> None:
        for beginning in ["let ", "nothing"]:
            with self.assertRaises(quote_sources.QuoteError):
                quote_sources.find("A.swift", beginning)


if __name__ == "__main__":
    unittest.main()
