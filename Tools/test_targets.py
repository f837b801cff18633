#!/usr/bin/env python3
"""Checks that `check_targets.py` and `build_products.py` see what they are for: `python3 Tools/test_targets.py`."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import build_products
import check_targets

TABLE = "| `A` | a | [`A`](A/A.swift) | – |\n| `B` | b | [`B`](B/B.swift) | A |\n"


def target(name: str, *dependencies: str, kind: str = "regular") -> dict:
    return {"name": name, "type": kind, "dependencies": [{"byName": [each, None]} for each in dependencies]}


class Targets(unittest.TestCase):
    """A package of two targets, of which B imports A, with one fault at a time."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)
        self.write("Sources/A/A.swift", "import Foundation\npublic struct Thing {}\n")
        self.write("Sources/B/B.swift", 'import A\nlet text = """\n    import C\n    """  // import D\n')
        self.write("Sources/README.md", TABLE)
        self.package = {"targets": [target("A"), target("B", "A")]}

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def faults(self) -> list[str]:
        return check_targets.target_faults(self.root, self.package) + check_targets.readme_faults(
            self.root, self.package
        )

    def assert_one_fault(self, *words: str) -> None:
        faults = self.faults()
        self.assertEqual(len(faults), 1, faults)
        for word in words:
            self.assertIn(word, faults[0])

    def test_a_sound_package_has_no_fault(self) -> None:
        self.assertEqual(self.faults(), [])

    def test_an_undeclared_import(self) -> None:
        for line in ["import C", "@testable import C", "@_exported import C", "public import C", "import struct C.D"]:
            self.write("Sources/A/Other.swift", line + "\n")
            self.assert_one_fault("Sources/A/Other.swift", "imports C")

    def test_a_dependency_that_is_not_imported(self) -> None:
        self.write("Sources/B/B.swift", "let number = 1\n")
        self.assert_one_fault("B depends on A")

    def test_a_test_target_may_run_a_program_without_importing_it(self) -> None:
        self.package["targets"] += [target("P", kind="executable"), target("PTests", "P", kind="test")]
        self.write("Sources/P/P.swift", "")
        self.write("Sources/README.md", TABLE + "| `P` | p | [`P`](P/P.swift) | – |\n")
        self.assertEqual(self.faults(), [])

    def test_the_wrong_order(self) -> None:
        self.package["targets"].reverse()
        self.assertTrue(any("B stands above A" in fault for fault in self.faults()))

    def test_a_type_with_the_name_of_its_module(self) -> None:
        self.write("Sources/A/A.swift", "public struct A {}\n")
        self.assert_one_fault("Sources/A/A.swift", "name of its module")

    def test_a_table_that_says_something_else(self) -> None:
        self.write("Sources/README.md", TABLE.replace("| A |", "| – |"))
        self.assert_one_fault("Sources/README.md: B imports nothing", "declares A")
        self.write("Sources/README.md", TABLE.replace("A/A.swift", "A/Gone.swift"))
        self.assert_one_fault("door of A")
        self.write("Sources/README.md", TABLE.splitlines()[0] + "\n")
        self.assert_one_fault("lacks B")


class Examples(unittest.TestCase):
    def test_the_readme_and_the_products_show_the_same(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "Tests/Products/One").mkdir(parents=True)
            (root / "Tests/Products/One/main.swift").write_text("import One\n", encoding="utf-8")
            (root / "README.md").write_text("```swift\nimport One\n```\n", encoding="utf-8")
            self.assertEqual(check_targets.example_faults(root), [])
            (root / "README.md").write_text("```swift\nimport Two\n```\n", encoding="utf-8")
            self.assertEqual(len(check_targets.example_faults(root)), 2)

    def test_a_program_that_links_cairo(self) -> None:
        linked = ["libc.so.6", "libcairo.so.2", "libpng16.so.16"]
        self.assertEqual(len(build_products.faults("Inference", linked)), 1)
        self.assertEqual(len(build_products.faults("Evaluation", linked)), 2)
        self.assertEqual(build_products.faults("Figures", linked), [])


if __name__ == "__main__":
    unittest.main()
