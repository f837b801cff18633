"""The program beside models of other frameworks' zoos: both sides made, compared, and summed up in a line a model.

A model that has to run does so three times: from the picture's file to the end with all that its framework keeps, stage
by stage on the framework's own tensors, and, where the framework keeps its configuration beside the checkpoint, with
the checkpoint alone. A model that is another network has to be refused by its name.
"""

import importlib
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np
import zoo
from bundles import Bundle, ToolError
from compare_bundles import Row, compare, pair
from zoo import NotInstalled, ZooModel

FRAMEWORKS = {
    "torchvision": "record_torchvision_zoo",
    "detectron2": "record_detectron2",
    "mmdetection": "record_mmdetection",
}

INPUT, END_TO_END, ISOLATED = 1e-6, 1e-3, 1e-5
"""The largest relative errors: of what the network is given, and of other stages of numbers."""
PAIRED = 0.99
"""Share of detections that must pair: same class, IoU ≥ 0.99, scores within 0.001."""
MASK_OVERLAP, MASKS = 0.99, 0.98
"""The IoU that masks of paired detections must reach, and the share of masks that must."""


@dataclass
class Line:
    """What came of one model."""

    framework: str
    model: str
    input: float | None = None
    end_to_end: float | None = None
    end_to_end_stage: str = "–"
    isolated: float | None = None
    isolated_stage: str = "–"
    detections: int | None = None
    paired: float | None = None
    masks: float | None = None
    alone: float | None = None
    """Share of detections that pair when the program is given the checkpoint without its configuration."""
    remarks: list[str] = field(default_factory=list)
    """What the program said while it ran with the checkpoint alone, or its refusal."""
    faults: list[str] = field(default_factory=list)
    """What fails; none if the line passes."""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.faults


@dataclass
class Run:
    """One call of the program."""

    code: int | None
    """None if it did not end in time."""
    remarks: list[str]

    @property
    def last(self) -> str:
        return self.remarks[-1] if self.remarks else f"exit code {self.code}"


def load(name: str) -> ModuleType:
    """The module of a framework, ready to make models. Raises NotInstalled."""
    module = importlib.import_module(FRAMEWORKS[name])
    module.prepare()
    return module


def check(
    program: str, framework: ModuleType, model: ZooModel, image: Path, cache: Path, timeout: float = 900, threads: int = 2
) -> Line:
    """Makes both sides of a model and compares them."""
    start = time.monotonic()
    line = Line(framework.FRAMEWORK, model.name)
    folder = cache / f"{framework.FRAMEWORK}-{model.name}"
    fault = _make(framework, model, folder, image, threads)
    if fault is None:
        runner = _Runner(program, zoo.files(folder), image, timeout, threads)
        with tempfile.TemporaryDirectory() as temporary:
            if model.refused:
                _check_refusal(line, model, runner, Path(temporary))
            else:
                _check_stages(line, runner, zoo.reference(folder), Path(temporary))
    else:
        line.faults.append(f"the reference was not made: {fault}")
    line.seconds = time.monotonic() - start
    return line


def _make(framework: ModuleType, model: ZooModel, folder: Path, image: Path, threads: int) -> str | None:
    """Makes the reference side in a process of its own, which gives all its memory back; returns what went wrong."""
    if zoo.is_made(framework, model, folder, image):
        return None
    arguments = [model.name, "--image", str(image), "--output", str(folder), "--threads", str(threads)]
    script = Path(__file__).with_name(FRAMEWORKS[framework.FRAMEWORK] + ".py")
    done = subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


@dataclass
class _Runner:
    """Calls the program with a model's files."""

    program: str
    saved: zoo.Saved
    image: Path
    timeout: float
    threads: int

    def record(self, output: Path, configured: bool = True) -> Run:
        return self._run("record", str(self.image), "--output", str(output), *self._model(configured))

    def isolated(self, reference: Path, output: Path) -> Run:
        return self._run("stage", "*", "--input", str(reference), "--output", str(output), *self._model(True))

    def inspect(self) -> Run:
        return self._run("inspect", "--summary", str(self.saved.weights))

    def reads_alike_alone(self) -> bool:
        """Whether the program takes the same values for all that tensors do not tell, with the configuration or not."""
        texts = []
        for configuration in ([], [str(self.saved.configuration)]):
            done = self._call("inspect", str(self.saved.weights), "--configuration", *configuration)
            if done is None or done.returncode != 0:
                return False
            texts.append(values(done.stdout))
        return texts[0] == texts[1]

    def _model(self, configured: bool) -> list[str]:
        arguments = ["--weights", str(self.saved.weights), "--threads", str(self.threads)]
        if configured and self.saved.configuration:
            arguments += ["--configuration", str(self.saved.configuration)]
        return arguments

    def _run(self, *arguments: str) -> Run:
        done = self._call(*arguments)
        if done is None:
            return Run(None, [f"no end after {self.timeout:g} s"])
        hidden = (str(self.saved.weights), str(self.saved.configuration or ""))
        said = done.stderr.strip()
        for path in filter(None, hidden):
            said = said.replace(path, Path(path).name)
        return Run(done.returncode, sentences(said))


    def _call(self, *arguments: str) -> subprocess.CompletedProcess[str] | None:
        """None if the program does not end in time."""
        command = [self.program, *arguments]
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=self.timeout, check=False)
        except subprocess.TimeoutExpired:
            return None


def values(configuration: str) -> list[str]:
    """The lines of a configuration as `inspect --configuration` prints it, without comments: where a value is from."""
    return [row for row in (line.split("//")[0].rstrip() for line in configuration.splitlines()) if row]


def sentences(text: str) -> list[str]:
    """What the program said on standard error, one remark a line: continued lines are indented."""
    result: list[str] = []
    for row in text.splitlines():
        if row.startswith((" ", "\t")) and result:
            result[-1] += " " + row.strip()
        elif row.strip():
            result.append(row.strip())
    return result


def _check_refusal(line: Line, model: ZooModel, runner: _Runner, folder: Path) -> None:
    """The checkpoint alone has to be refused for what it is, by `record` and `inspect`; with a configuration it must
    be refused too, be it for that of the network or for what the configuration says."""
    output = folder / "ours.safetensors"
    alone = runner.record(output, configured=False)
    runs = {"record": (alone, 2), "inspect": (runner.inspect(), 1)}
    if runner.saved.configuration:
        runs["record with the configuration"] = (runner.record(output), 2)
    line.remarks = [alone.last]
    for name, (run, wanted) in runs.items():
        if run.code != wanted:
            line.faults.append(f"{name} ends with {run.code}, not {wanted}")
    if alone.code == 2 and not is_named(model, alone.last):
        line.faults.append(f"it is not said what it is: {alone.last}")
    if output.exists():
        line.faults.append("an output was written")


def is_named(model: ZooModel, text: str) -> bool:
    """Whether a refusal says what the model is: apart from spelling with capitals, spaces and hyphens."""

    def plain(words: str) -> str:
        return words.casefold().replace("-", "").replace(" ", "").replace("_", "")

    return any(plain(word) in plain(text) for word in model.refused)


def _check_stages(line: Line, runner: _Runner, path: Path, folder: Path) -> None:
    """End to end, isolated, and with the checkpoint alone."""
    reference = Bundle(path)
    output = folder / "ours.safetensors"
    run = runner.record(output)
    if run.code == 0:
        fill_end_to_end(line, reference, Bundle(output))
        output.unlink()
    else:
        line.faults.append(f"record: {run.last}")

    isolated = runner.isolated(path, output)
    if isolated.code == 0:
        fill_isolated(line, compare(reference, Bundle(output), True, ISOLATED))
        output.unlink()
    elif run.code == 0:
        line.faults.append(f"stage: {isolated.last}")

    if runner.saved.configuration is None:
        line.remarks = run.remarks
        return
    if run.code == 0 and runner.reads_alike_alone():
        line.alone = line.paired
        return
    alone = runner.record(output, configured=False)
    line.remarks = alone.remarks
    if alone.code == 0:
        line.alone = detections(reference, Bundle(output))[0]
        if line.alone < PAIRED and not alone.remarks:
            line.faults.append(f"alone {line.alone:.1%} of the detections pair, and nothing is said")
    elif run.code == 0 and not alone.remarks:
        line.faults.append("alone it is refused without a word")


def fill_end_to_end(line: Line, reference: Bundle, candidate: Bundle) -> None:
    """The figures of a run from the picture's file, and the bounds that they break."""
    rows = compare(reference, candidate, False, END_TO_END)
    inputs = [row for row in rows if row.stage.startswith("input.")]
    line.input = max((row.relative if row.relative is not None else float("inf") for row in inputs), default=None)
    line.end_to_end, line.end_to_end_stage = worst([row for row in rows if row not in inputs])
    line.paired, line.masks = detections(reference, candidate)
    line.detections = len(reference["output.scores"])
    if line.input is None or line.input > INPUT:
        line.faults.append(f"input {number(line.input)}")
    failed = [row for row in rows if not row.passed and row not in inputs]
    if failed:
        line.faults.append(f"end to end {len(failed)} of {len(rows)} stages, first {told(failed[0])}")
    if line.paired < PAIRED:
        line.faults.append(f"{line.paired:.1%} of the detections pair")
    if line.masks is not None and line.masks < MASKS:
        line.faults.append(f"{line.masks:.1%} of the masks overlap by {MASK_OVERLAP}")


def fill_isolated(line: Line, rows: list[Row]) -> None:
    """The figures of a run stage by stage, and the bounds that they break."""
    line.isolated, line.isolated_stage = worst(rows)
    failed = [row for row in rows if not row.passed]
    if failed:
        line.faults.append(f"isolated {len(failed)} of {len(rows)} stages, first {told(failed[0])}")


def told(row: Row) -> str:
    """What is wrong with a stage."""
    return f"{row.stage}: {row.note or number(row.relative)}"


def worst(rows: list[Row]) -> tuple[float | None, str]:
    """The largest relative error among stages of numbers, and its stage. Selected rows are paired, and count apart."""
    continuous = [row for row in rows if row.relative is not None and " paired" not in row.note.replace("paired rows", "")]
    row = max(continuous, key=lambda row: row.relative or 0.0, default=None)
    return (float(row.relative or 0.0), row.stage) if row else (None, "–")


def detections(reference: Bundle, candidate: Bundle) -> tuple[float, float | None]:
    """The share of detections that pair, and of paired masks that overlap enough; None without masks."""
    names = ("output.boxes", "output.scores", "output.classes")
    if any(name not in candidate for name in names):
        return 0.0, None
    a, b = ([bundle[name] for name in names] for bundle in (reference, candidate))
    pairs = pair(*a, other_boxes=b[0], other_scores=b[1], other_classes=b[2])
    if "output.masks" not in reference:
        return pairs.share, None
    if "output.masks" not in candidate or reference.shape("output.masks")[1:] != candidate.shape("output.masks")[1:]:
        return pairs.share, 0.0
    return pairs.share, masks_that_overlap(
        reference["output.masks"][pairs.reference], candidate["output.masks"][pairs.candidate]
    )


def masks_that_overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The share of masks, row by row, whose IoU is enough. Two empty ones are the same."""
    enough = 0
    for x, y in zip(a.astype(bool), b.astype(bool)):
        union = np.count_nonzero(x | y)
        enough += union == 0 or np.count_nonzero(x & y) / union >= MASK_OVERLAP
    return float(enough) / len(a) if len(a) else 1.0


def number(value: float | None) -> str:
    return "–" if value is None else "0" if value == 0 else f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e+")


def share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.4g} %"


def cells(line: Line, refused: bool) -> list[str]:
    """A line of the table."""
    name = [line.framework, line.model]
    if refused:
        verdict = "refused" if line.passed else "FAILED"
        return [*name, *["–"] * 6, verdict]
    return [
        *name, number(line.input), stage(line.end_to_end, line.end_to_end_stage), stage(line.isolated, line.isolated_stage),
        f"{share(line.paired)} of {line.detections}" if line.detections is not None else "–", share(line.masks), share(line.alone),
        "ok" if line.passed else "FAILED",
    ]  # fmt: skip


def stage(value: float | None, name: str) -> str:
    return f"{number(value)} {name}" if value else number(value)


HEADINGS = [
    "framework", "model", "input", "end to end", "isolated", "detections paired", f"masks ≥ {MASK_OVERLAP}",
    "checkpoint alone", "verdict",
]  # fmt: skip


def table(lines: list[tuple[Line, ZooModel]], markdown: bool = False) -> str:
    """All lines as a table, then what failed and what the refusals say."""
    rows = [cells(line, bool(model.refused)) for line, model in lines]
    widths = [max(len(row[index]) for row in [HEADINGS, *rows]) for index in range(len(HEADINGS))]
    if markdown:
        text = ["| " + " | ".join(row) + " |" for row in [HEADINGS, *rows]]
        text.insert(1, "|" + "---|" * len(HEADINGS))
    else:
        text = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths)).rstrip() for row in [HEADINGS, *rows]]
    notes = []
    for line, model in lines:
        title = f"{line.framework} {line.model}: "
        notes += [f"FAILED {title}{fault}" for fault in line.faults]
        if model.refused and line.passed:
            notes.append(f"refused {title}{line.remarks[-1]}")
    return "\n".join([*text, "", *notes]) if notes else "\n".join(text)


def run(
    program: str, frameworks: list[str], models: list[str] | None, image: Path, cache: Path, timeout: float, threads: int
) -> tuple[list[tuple[Line, ZooModel]], dict[str, str], dict[str, str]]:
    """Checks all models of the frameworks that are installed.

    Returns: the lines with their models; the versions of each framework that ran; why others did not.
    """
    zoo.read_pixels(image)
    lines: list[tuple[Line, ZooModel]] = []
    versions: dict[str, str] = {}
    missing: dict[str, str] = {}
    known: set[str] = set()
    for name in frameworks:
        try:
            framework = load(name)
        except NotInstalled as error:
            missing[name] = str(error)
            print(f"{name} is skipped. {error}", file=sys.stderr)
            continue
        versions[name] = framework.versions()
        known |= {model.name for model in framework.MODELS}
        for model in framework.MODELS:
            if models and model.name not in models:
                continue
            line = check(program, framework, model, image, cache, timeout, threads)
            lines.append((line, model))
            verdict = "ok" if line.passed else "FAILED: " + "; ".join(line.faults)
            print(f"{name} {model.name}: {verdict} ({line.seconds:.0f} s)", file=sys.stderr, flush=True)
    if versions and (unknown := set(models or []) - known):
        raise ToolError(f"no model {', '.join(sorted(unknown))} in the lists of {', '.join(versions)}")
    return lines, versions, missing


def as_json(lines: list[tuple[Line, ZooModel]], versions: dict[str, str], missing: dict[str, str]) -> str:
    """Everything, for other programs. What is not finite is null."""

    def clean(value: object) -> object:
        return None if isinstance(value, float) and not np.isfinite(value) else value

    rows = [
        {key: clean(value) for key, value in asdict(line).items()}
        | {"configuration": model.configuration, "must": "be refused" if model.refused else "run", "passed": line.passed}
        for line, model in lines
    ]
    return json.dumps({"versions": versions, "skipped": missing, "models": rows}, indent=1, ensure_ascii=False)
