#!/usr/bin/env python3
"""Compares two bundles stage by stage, in data-flow order.

    compare_bundles.py REFERENCE CANDIDATE              both ran end to end
    compare_bundles.py REFERENCE CANDIDATE --isolated   the candidate ran each stage on the reference's own inputs

A continuous stage differs by ‖candidate − reference‖ / ‖reference‖. A discrete stage (candidates, proposals,
detections, output) may gain, lose or reorder rows when a score lies near a threshold; its rows are
paired one to one by overlap, class and score, and the share of pairs counts. End to end, what belongs to a
proposal or to a detection (box.*, mask.*, keypoint.*) is compared on the paired rows alone.

Exit code 0: all stages agree. 1: some differ. 2: bad usage or input.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

import numpy as np
from bundles import Bundle, ToolError, fail
from stages import TABLE, Stage

ISOLATED, END_TO_END = 1e-5, 1e-3
MINIMUM_OVERLAP, SCORE_TOLERANCE = 0.99, 1e-3
MINIMUM_SHARE = 0.99
"""Share of rows that must pair end to end. In isolation all must."""


@dataclass
class Row:
    """One line of the table."""

    stage: str
    shape: str
    relative: float | None
    absolute: float | None
    tolerance: float
    passed: bool
    note: str = ""

    def __post_init__(self) -> None:
        self.passed = bool(self.passed)  # NumPy's own kind of bool is not JSON


@dataclass
class Pairs:
    """Rows of the reference and of the candidate that are the same thing."""

    reference: np.ndarray
    candidate: np.ndarray
    total: int

    @property
    def share(self) -> float:
        return len(self.reference) / self.total if self.total else 1.0

    @property
    def in_place(self) -> bool:
        """Whether all rows pair, each with the row of the same number."""
        return self.share == 1 and bool(np.array_equal(self.reference, self.candidate))


@dataclass
class Comparison:
    """Two bundles and how strictly to compare them."""

    reference: Bundle
    candidate: Bundle
    isolated: bool
    tolerance: float
    overrides: list[tuple[str, float]]
    minimum_share: float

    def rows(self) -> list[Row]:
        """All stages that either bundle has, in data-flow order."""
        a, b = self.reference, self.candidate
        pairs: dict[tuple[str, ...], Pairs | None] = {}

        def paired(stages: tuple[str, ...]) -> Pairs | None:
            if stages not in pairs:
                pairs[stages] = self._pair(stages)
            return pairs[stages]

        result: list[Row] = []
        for name in TABLE.in_data_flow_order({*a, *b}):
            stage = TABLE.stage(name)
            if name not in b and self.isolated and name == "input.image":
                continue  # the one input that no stage makes
            if name not in b:
                result.append(Row(name, _text(a.shape(name)), None, None, 0, False, "missing from the candidate"))
            elif name not in a:
                result.append(Row(name, _text(b.shape(name)), None, None, 0, True, "not in the reference"))
            elif stage is None or stage.rows is None:
                result.append(self._continuous(name, a[name], b[name]))
            elif stage.selects:
                result.append(self._discrete(stage, paired(stage.row_stages), paired(TABLE.row_stages("proposals"))))
            elif stage.rows == "output" and stage.kind == "masks":
                result.append(self._masks(name, paired(stage.row_stages)))
            elif stage.rows == "output":
                result.append(self._keypoints(name, paired(stage.row_stages)))
            else:
                result.append(self._per_region(name, paired(stage.row_stages)))
        return result

    def limit(self, name: str) -> float:
        """The tolerance of a stage: the last override that matches, or the general one."""
        matching = [value for pattern, value in self.overrides if fnmatchcase(name, pattern)]
        return matching[-1] if matching else self.tolerance

    def _continuous(self, name: str, a: np.ndarray, b: np.ndarray, note: str = "") -> Row:
        limit = self.limit(name)
        if a.shape != b.shape:
            return Row(name, _text(a.shape), None, None, limit, False, f"candidate has shape {_text(b.shape)}")
        if not np.isfinite(b).all():
            return Row(name, _text(a.shape), None, None, limit, False, "candidate has values that are not finite")
        relative, absolute = _difference(a, b)
        exact = a.dtype.kind in "iu"
        passed = absolute == 0 if exact else relative <= limit
        return Row(name, _text(a.shape), relative, absolute, 0 if exact else limit, passed, note)

    def _per_region(self, name: str, pairs: Pairs | None) -> Row:
        """A tensor with a row per proposal or detection. In isolation the rows correspond as they are."""
        a, b = self.reference[name], self.candidate[name]
        if self.isolated or pairs is None or pairs.in_place or a.shape[1:] != b.shape[1:]:
            return self._continuous(name, a, b)
        note = f"on {len(pairs.reference)} of {pairs.total} paired rows"
        row = self._continuous(name, a[pairs.reference], b[pairs.candidate], note)
        row.shape = _text(a.shape)
        row.passed &= len(pairs.reference) > 0
        return row

    def _discrete(self, stage: Stage, pairs: Pairs | None, origins: Pairs | None) -> Row:
        name = stage.name
        a, b = self.reference[name], self.candidate[name]
        if pairs is None or a.shape[1:] != b.shape[1:]:
            return self._continuous(name, a, b)
        x, y = a[pairs.reference], b[pairs.candidate]
        if stage.points_to_proposals and origins is not None and not self.isolated:
            # Row numbers mean something only through the pairing of the proposals that they point to.
            partner = dict(zip(origins.reference.tolist(), origins.candidate.tolist()))
            x = np.array([partner.get(row, -1) for row in x.tolist()], dtype=np.int64)
        relative, absolute = _difference(x, y)
        needed = 1.0 if self.isolated else self.minimum_share
        passed = pairs.share >= needed and (not self.isolated or a.shape == b.shape)
        note = f"{pairs.share:.2%} paired"
        if len(a) != len(b):
            note += f", {len(b)} rows instead of {len(a)}"
        elif pairs.share == 1 and not pairs.in_place:
            note += ", in another order"
        if stage.points_to_proposals:
            same = float(np.mean(x == y)) if len(x) else 1.0
            note += f", {same:.2%} from the same proposal"
            passed = passed and same >= needed
            relative = absolute = None
        return Row(name, _text(a.shape), relative, absolute, 0, passed, note)

    def _masks(self, name: str, pairs: Pairs | None) -> Row:
        a, b = self.reference[name], self.candidate[name]
        limit = self.limit(name)
        if pairs is None or a.shape[1:] != b.shape[1:]:
            return self._continuous(name, a, b)
        overlaps = []
        for i, j in zip(pairs.reference, pairs.candidate):
            union = np.count_nonzero(a[i] | b[j])
            overlaps.append(np.count_nonzero(a[i] & b[j]) / union if union else 1.0)
        values = np.array(overlaps or [1.0])
        wrong = sum(np.count_nonzero(a[i] != b[j]) for i, j in zip(pairs.reference, pairs.candidate))
        note = f"{pairs.share:.2%} paired, mask IoU min {values.min():.5f} mean {values.mean():.5f}, {wrong} pixels differ"
        passed = pairs.share >= (1.0 if self.isolated else self.minimum_share) and 1 - values.mean() <= limit
        return Row(name, _text(a.shape), float(1 - values.mean()), float(1 - values.min()), limit, passed, note)

    def _keypoints(self, name: str, pairs: Pairs | None) -> Row:
        """A peak between two pixels may fall to either: the distance passes if nine in ten are closer than 0.1 pixel
        and none is farther than two."""
        a, b = self.reference[name], self.candidate[name]
        if pairs is None or a.shape[1:] != b.shape[1:]:
            return self._continuous(name, a, b)
        x, y = a[pairs.reference], b[pairs.candidate]
        distances = np.linalg.norm((x - y)[..., :2].astype(np.float64), axis=-1).ravel()
        largest = float(distances.max(initial=0))
        near = float(np.mean(distances < 0.1)) if len(distances) else 1.0
        relative, _ = _difference(x[..., 2], y[..., 2])
        shares = pairs.share >= (1.0 if self.isolated else self.minimum_share)
        passed = shares and largest <= 2 and near >= 0.9 and relative <= self.limit(name)
        note = f"{pairs.share:.2%} paired, distance max {largest:.3g} px, {near:.2%} within 0.1 px"
        return Row(name, _text(a.shape), relative, largest, self.limit(name), passed, note)

    def _pair(self, stages: tuple[str, ...]) -> Pairs | None:
        """Pairs the rows of stages that are selected together: boxes, scores, and classes if they have any."""
        names = list(stages[:2])
        if any(name not in bundle for name in names for bundle in (self.reference, self.candidate)):
            return None
        a = [self.reference[name] for name in names]
        b = [self.candidate[name] for name in names]
        for classes in stages[2:3]:
            if classes in self.reference and classes in self.candidate:
                a.append(self.reference[classes])
                b.append(self.candidate[classes])
        for values, bundle in ((a, self.reference), (b, self.candidate)):
            if values[0].ndim != 2 or values[0].shape[1] != 4 or any(len(v) != len(values[0]) for v in values):
                raise ToolError(f"{bundle.path}: {', '.join(stages)} disagree about the number of rows")
        return pair(*a, other_boxes=b[0], other_scores=b[1], other_classes=b[2] if len(b) > 2 else None)


def pair(
    boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray | None = None, *,
    other_boxes: np.ndarray, other_scores: np.ndarray, other_classes: np.ndarray | None = None,
) -> Pairs:  # fmt: skip
    """Pairs rows one to one, the greatest overlap first; among equals, the nearest scores and then the nearest rows."""
    overlap = box_overlap(boxes, other_boxes)
    distance = np.abs(scores.astype(np.float64)[:, None] - other_scores.astype(np.float64)[None])
    possible = (overlap >= MINIMUM_OVERLAP) & (distance <= SCORE_TOLERANCE)
    if classes is not None and other_classes is not None:
        possible &= classes[:, None] == other_classes[None]
    rows, columns = np.nonzero(possible)
    order = np.lexsort((np.abs(rows - columns), distance[rows, columns], -overlap[rows, columns].round(6)))
    free_row, free_column = np.ones(len(boxes), bool), np.ones(len(other_boxes), bool)
    found = []
    for index in order:
        i, j = rows[index], columns[index]
        if free_row[i] and free_column[j]:
            free_row[i] = free_column[j] = False
            found.append((i, j))
    found.sort()
    paired = np.array(found, dtype=np.int64).reshape(-1, 2)
    return Pairs(paired[:, 0], paired[:, 1], max(len(boxes), len(other_boxes)))


def box_overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of all pairs. Two empty boxes overlap fully where they coincide."""
    a, b = a.astype(np.float64)[:, None], b.astype(np.float64)[None]
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    intersection = size.clip(min=0).prod(axis=-1)
    union = (a[..., 2:] - a[..., :2]).prod(axis=-1) + (b[..., 2:] - b[..., :2]).prod(axis=-1) - intersection
    same = (np.abs(a - b) <= 1e-3).all(axis=-1)
    return np.where(union > 0, intersection / np.where(union > 0, union, 1), same.astype(np.float64))


def _difference(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """‖b − a‖ / ‖a‖ and the greatest |b − a|, in float64 and in pieces, since the arrays are large."""
    squares = reference = largest = 0.0
    x, y = a.reshape(-1), b.reshape(-1)
    for start in range(0, len(x), 1 << 22):
        piece = x[start : start + (1 << 22)].astype(np.float64)
        error = y[start : start + (1 << 22)].astype(np.float64) - piece
        squares += float(error @ error)
        reference += float(piece @ piece)
        largest = max(largest, float(np.abs(error).max()))
    if squares == 0:
        return 0.0, largest
    return (squares / reference) ** 0.5 if reference > 0 else float("inf"), largest


def _text(shape: Iterable[int]) -> str:
    return "×".join(str(side) for side in shape) or "scalar"


def print_table(rows: list[Row], only_failures: bool = False) -> None:
    """Prints one line a stage: name, shape, relative and largest absolute difference, verdict."""
    width = max((len(row.stage) for row in rows), default=5)
    print(f"{'stage':{width}}  {'shape':>18}  {'relative':>9}  {'absolute':>9}  verdict")
    for row in rows:
        if only_failures and row.passed:
            continue
        numbers = [f"{value:9.2e}" if value is not None else f"{'–':>9}" for value in (row.relative, row.absolute)]
        verdict = "ok" if row.passed else "DIFFERS"
        line = f"{row.stage:{width}}  {row.shape:>18}  {numbers[0]}  {numbers[1]}  {verdict:7}  {row.note}"
        print(line.rstrip())


def add_tolerance_options(parser: argparse.ArgumentParser) -> None:
    """The options that say how strictly to compare, shared with check_fidelity.py."""
    parser.add_argument("--override", action="append", default=[], metavar="PATTERN=VALUE", type=_override,
                        help="the tolerance of the stages that match, such as 'mask.*=1e-4'; repeatable, the last match counts")  # fmt: skip
    parser.add_argument("--minimum-share", type=float, default=MINIMUM_SHARE,
                        help=f"share of rows that must pair end to end (default {MINIMUM_SHARE})")  # fmt: skip


def _override(text: str) -> tuple[str, float]:
    pattern, separator, value = text.rpartition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"expected PATTERN=VALUE, not {text!r}")
    return pattern, float(value)


def compare(reference: Bundle, candidate: Bundle, isolated: bool, tolerance: float | None = None,
            overrides: list[tuple[str, float]] | None = None, minimum_share: float = MINIMUM_SHARE) -> list[Row]:  # fmt: skip
    """Compares two bundles; see `Comparison.rows`."""
    default = ISOLATED if isolated else END_TO_END
    general = default if tolerance is None else tolerance
    return Comparison(reference, candidate, isolated, general, overrides or [], minimum_share).rows()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference", metavar="REFERENCE")
    parser.add_argument("candidate", metavar="CANDIDATE")
    parser.add_argument("--isolated", action="store_true", help="each stage ran on the reference's own inputs")
    parser.add_argument("--tolerance", type=float,
                        help=f"greatest relative difference (default {ISOLATED} isolated, {END_TO_END} end to end)")  # fmt: skip
    add_tolerance_options(parser)
    parser.add_argument("--failures", action="store_true", help="print only the stages that differ")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    try:
        rows = compare(
            Bundle(arguments.reference), Bundle(arguments.candidate), arguments.isolated, arguments.tolerance,
            arguments.override, arguments.minimum_share,
        )  # fmt: skip
    except ToolError as error:
        return fail(error)
    if not rows:
        return fail(f"{arguments.reference}: holds no stages")
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        print_table(rows, arguments.failures)
        failed = [row.stage for row in rows if not row.passed]
        print(f"{len(rows) - len(failed)} of {len(rows)} stages agree")
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
