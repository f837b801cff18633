#!/usr/bin/env python3
"""Checks `maskrcnn` against other implementations: every model, every stage.

    check_fidelity.py --framework torchvision|detectron2|mmdetection --image PHOTOGRAPH [--model NAME]
    check_fidelity.py REFERENCES

With --framework (repeatable, or `all`), models of its zoo are made, run by the framework's own code, and compared:
end to end from the picture's file, stage by stage, each on the framework's own tensors, and, where the framework keeps
a configuration beside the checkpoint, with the checkpoint alone. One line a model: the largest relative error of the
input, of the stages of numbers end to end and isolated, how many detections pair and how many of their masks overlap.
Models that are other networks have to be refused by name. A framework that is not installed is skipped, and what to
install is said. The reference sides are kept in --cache, some gigabytes, and made again only where versions or the
picture differ.

REFERENCES is a directory written by make_references.py. Each pair of a model and a photograph runs twice: end to end
and stage by stage, compared as compare_bundles.py does.

Exit code 0: all agree. 1: some stage differs, a run failed, or a model was not refused. 2: bad usage or input, or
nothing could run.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import zoo_fidelity
from bundles import Bundle, ToolError, fail
from compare_bundles import Row, add_tolerance_options, compare, print_table
from zoo_fidelity import FRAMEWORKS

MODES = ("isolated", "end-to-end")


@dataclass
class Case:
    """One model on one photograph."""

    model: str
    photograph: str
    reference: Path
    weights: Path
    image: Path


@dataclass
class Result:
    """What came of one run."""

    model: str
    photograph: str
    mode: str
    agree: int
    stages: int
    worst_stage: str
    worst: float
    note: str
    seconds: float

    @property
    def passed(self) -> bool:
        return self.stages > 0 and self.agree == self.stages


def cases(root: Path, models: list[str] | None, photographs: list[str] | None) -> Iterator[Case]:
    """All pairs for which there is a bundle, its checkpoint and its photograph."""
    for bundle in sorted(root.glob("bundles/*.safetensors")):
        model, _, photograph = bundle.stem.rpartition("-")
        if (models and model not in models) or (photographs and photograph not in photographs):
            continue
        case = Case(model, photograph, bundle, root / f"checkpoints/{model}.pth", root / f"photographs/{photograph}.png")
        for path in (case.weights, case.image):
            if not path.is_file():
                raise ToolError(f"{path}: no such file, but {bundle.name} was made with it")
        yield case


def command(program: str, case: Case, mode: str, output: Path) -> list[str]:
    """The command line of one run: the one place that knows the program's interface."""
    reference = Bundle(case.reference)
    common = [
        "--weights", str(case.weights),
        "--profile", reference.metadata["profile"],
        "--batch-norm-epsilon", str(reference.settings["batch_norm_epsilon"]),
        "--output", str(output),
    ]  # fmt: skip
    if mode == "isolated":
        return [program, "stage", "*", "--input", str(case.reference), *common]
    return [program, "record", str(case.image), *common]


def run(program: str, case: Case, mode: str, folder: Path, options: argparse.Namespace) -> Result:
    """Runs a case in one mode and compares what it wrote."""
    output = folder / f"{case.model}-{case.photograph}-{mode}.safetensors"
    start = time.monotonic()
    try:
        done = subprocess.run(
            command(program, case, mode, output), capture_output=True, text=True, timeout=options.timeout, check=False
        )
        fault = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        fault = None if done.returncode == 0 else fault[0]
    except subprocess.TimeoutExpired:
        fault = f"no end after {options.timeout} s"
    seconds = time.monotonic() - start
    if fault is None and not output.is_file():
        fault = f"wrote no {output.name}"
    if fault is not None:
        return Result(case.model, case.photograph, mode, 0, 0, "–", float("nan"), fault, seconds)
    rows = compare(
        Bundle(case.reference), Bundle(output), mode == "isolated", options.tolerance,
        options.override, options.minimum_share,
    )  # fmt: skip
    if options.verbose or any(not row.passed for row in rows):
        print(f"\n{case.model}, {case.photograph}, {mode}")
        print_table(rows, only_failures=not options.verbose)
    if not options.keep:
        output.unlink()
    return summarise(case, mode, rows, seconds)


def summarise(case: Case, mode: str, rows: list[Row], seconds: float) -> Result:
    """One line for a whole comparison: the worst continuous stage, and what became of the rows."""
    continuous = [row for row in rows if row.relative is not None and "paired," not in row.note]
    worst = max(continuous, key=lambda row: row.relative or 0.0, default=None)
    notes = []
    for stage in ("rpn.proposals.boxes", "output.boxes", "output.masks", "output.keypoints"):
        notes += [f"{stage.split('.')[-2 if stage.startswith('rpn') else -1]}: {row.note}" for row in rows if row.stage == stage]
    return Result(
        case.model, case.photograph, mode, sum(bool(row.passed) for row in rows), len(rows),
        worst.stage if worst else "–", float(worst.relative or 0) if worst else 0.0, "; ".join(notes), seconds,
    )  # fmt: skip


def print_summary(results: list[Result]) -> None:
    """Prints one line a run."""
    widths = [max(len(getattr(result, key)) for result in results) for key in ("model", "photograph", "worst_stage")]
    print(f"\n{'model':{widths[0]}}  {'photograph':{widths[1]}}  {'mode':10}  {'agree':>9}  {'worst stage':{widths[2]}}  {'relative':>9}  {'s':>6}")
    for r in results:
        verdict = "ok" if r.passed else "FAILED"
        print(
            f"{r.model:{widths[0]}}  {r.photograph:{widths[1]}}  {r.mode:10}  {r.agree:4}/{r.stages:<4}  "
            f"{r.worst_stage:{widths[2]}}  {r.worst:9.2e}  {r.seconds:6.1f}  {verdict}  {r.note}"
        )


def check_zoos(program: str, arguments: argparse.Namespace) -> int:
    """Models of frameworks' zoos; see zoo_fidelity.py."""
    if arguments.image is None:
        raise ToolError("--framework needs a picture: --image")
    names = list(FRAMEWORKS) if "all" in arguments.framework else list(dict.fromkeys(arguments.framework))
    lines, versions, missing = zoo_fidelity.run(
        program, names, arguments.model, arguments.image, arguments.cache, arguments.timeout, arguments.threads
    )
    if arguments.json:
        arguments.json.write_text(zoo_fidelity.as_json(lines, versions, missing) + "\n")
    if not lines:
        raise ToolError("nothing could be compared")
    print("\n".join(versions.values()) + "\n")
    print(zoo_fidelity.table(lines, arguments.markdown))
    return 0 if all(line.passed for line, _ in lines) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("references", type=Path, metavar="REFERENCES", nargs="?")
    parser.add_argument("--framework", action="append", choices=[*FRAMEWORKS, "all"], help="models of its zoo; repeatable")
    parser.add_argument("--image", type=Path, help="the picture for --framework: PNG or JPEG")
    parser.add_argument("--cache", type=Path, default=Path(".build/fidelity"), metavar="DIR",
                        help="where the sides of --framework are kept (default %(default)s)")  # fmt: skip
    parser.add_argument("--threads", type=int, default=2, help="of either side, with --framework (default %(default)s)")
    parser.add_argument("--markdown", action="store_true", help="print the table of --framework as Markdown")
    parser.add_argument("--maskrcnn", default=".build/release/maskrcnn", help="the program (default %(default)s)")
    parser.add_argument("--model", action="append", help="only this model; repeatable")
    parser.add_argument("--photograph", action="append", help="only this photograph; repeatable")
    parser.add_argument("--mode", action="append", choices=MODES, help="only this mode; repeatable")
    parser.add_argument("--tolerance", type=float, help="greatest relative difference, as in compare_bundles.py")
    add_tolerance_options(parser)
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one run (default %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the bundles that the program wrote, here")
    parser.add_argument("--verbose", action="store_true", help="print every stage of every run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the summary as JSON")
    arguments = parser.parse_args()
    try:
        program = shutil.which(arguments.maskrcnn)
        if program is None:
            raise ToolError(f"{arguments.maskrcnn}: no such program")
        if (arguments.references is None) == (arguments.framework is None):
            raise ToolError("either REFERENCES or --framework is needed")
        if arguments.framework:
            return check_zoos(program, arguments)
        selected = list(cases(arguments.references, arguments.model, arguments.photograph))
        if not selected:
            raise ToolError(f"{arguments.references}: holds no bundles (of these models and photographs)")
        with tempfile.TemporaryDirectory() as temporary:
            folder = arguments.keep or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            results = [
                run(program, case, mode, folder, arguments)
                for case in selected
                for mode in arguments.mode or MODES
            ]
    except (ToolError, OSError) as error:
        return fail(error)
    print_summary(results)
    if arguments.json:
        text = json.dumps([asdict(r) | {"passed": r.passed} for r in results], indent=1)
        arguments.json.write_text(text.replace("NaN", "null") + "\n")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
