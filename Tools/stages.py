"""The table of stages, as `maskrcnn stages --json` prints it: names, order, rows. It is in `stages.json` beside this
file; a test of the program fails when the two differ.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One line of the table: all stages that differ in a level or number only."""

    pattern: re.Pattern[str]
    kind: str
    rows: str | None
    selects: bool
    repeats: str
    section: int
    index: int
    name: str


@dataclass(frozen=True)
class Stage:
    """One stage: its line of the table, and the level or number in its name."""

    name: str
    entry: Entry
    member: str
    row_stages: tuple[str, ...]
    """The stages of its rows: boxes, scores, classes where there are any, and what else is known of a row."""

    @property
    def kind(self) -> str:
        return self.entry.kind

    @property
    def rows(self) -> str | None:
        return self.entry.rows

    @property
    def selects(self) -> bool:
        return self.entry.selects

    @property
    def points_to_proposals(self) -> bool:
        """Whether its numbers are rows of the proposals: what is known of a row beside its class."""
        return self.selects and self.kind == "indices" and self.name != self.row_stages[2]

    @property
    def position(self) -> tuple[int, int, int, int]:
        """What comes first is made first. Levels repeat a whole section, numbers only their own line."""
        digits = re.sub(r"\D", "", self.member)
        number = int(digits) if digits else 0
        levels = {"once": (0, number), "coarsest level first": (-number, 0), "finest level first": (number, 0)}
        level, rest = levels[self.entry.repeats]
        return self.entry.section, level, self.entry.index, rest


class Table:
    """All stages that there are."""

    def __init__(self, path: Path) -> None:
        self.entries: list[Entry] = []
        section = 0
        for index, row in enumerate(json.loads(path.read_text())["stages"]):
            if self.entries and self.entries[-1].repeats != row["repeats"]:
                section += 1
            self.entries.append(
                Entry(
                    re.compile(row["pattern"]), row["kind"], row.get("rows"), row["selects"], row["repeats"], section,
                    index, row["name"],
                )  # fmt: skip
            )

    def row_stages(self, rows: str, member: str = "") -> tuple[str, ...]:
        """The stages that are selected together as these rows; `member` is the level of candidates."""
        return tuple(
            re.sub("[#@]", member, entry.name) for entry in self.entries if entry.selects and entry.rows == rows
        )

    def stage(self, name: str) -> Stage | None:
        """The stage of that name; none if there is no such stage."""
        for entry in self.entries:
            if found := entry.pattern.match(name):
                member = next(iter(found.groups()), "")
                return Stage(name, entry, member, self.row_stages(entry.rows, member) if entry.rows else ())
        return None

    def in_data_flow_order(self, names: Iterable[str]) -> list[str]:
        """Each stage after what it is made from; names that are none of the table's come last."""

        def position(name: str) -> tuple[bool, tuple[int, int, int, int], str]:
            stage = self.stage(name)
            return stage is None, stage.position if stage else (0, 0, 0, 0), name

        return sorted(names, key=position)


TABLE = Table(Path(__file__).with_name("stages.json"))
