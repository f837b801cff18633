#!/usr/bin/env python3
"""Measures a training step of Mask R-CNN with keypoints on the CPU, in `maskrcnn train` and in PyTorch.

    benchmark_training.py --maskrcnn .build/release/maskrcnn [--configuration small] [--rounds 3] [--threads 2]

Both train the same network, from the same weights, on the same pictures, with the same sampling, losses and update
rule: torchvision's model is built from the configuration that the program writes into its run's folder, and its
parameters are matched with the program's one to one. PyTorch runs eagerly, as it is and with channels-last memory.
Each measurement is a process of its own, one at a time, and all are repeated in rounds, so that a drift of the
machine meets all alike. A measurement is the mean time of a step after a warm-up, since steps differ in work; the
table has the median over the rounds. Peak memory is that of the whole process, with the libraries that it loads.

Two members of the configuration are changed, for both: pictures are not mirrored, and those of a batch are all wide
or all upright, as in torchvision's own recipe; it pads a mixed batch and would have a third more to compute.

What is left of difference is in PyTorch's favour or small: its pictures are decoded before the clock starts, those of
`maskrcnn` within the step; its RoIAlign and its anchors follow other conventions of rounding, at the same cost.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmark_peers import run_child
from bundles import ToolError, fail

OWN = "maskrcnn"
PEERS = ("pytorch", "pytorch-channels-last")
SEED = 1


@dataclass
class Measurement:
    """All that was measured of one program."""

    name: str
    seconds: list[float] = field(default_factory=list)
    """The mean time of a step, for each round."""
    peak_megabytes: float = 0
    losses: dict[str, float] = field(default_factory=dict)
    """The parts of the loss at the first step."""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def add(self, seconds: float, peak: float, losses: dict[str, float]) -> None:
        self.seconds.append(seconds)
        self.peak_megabytes = max(self.peak_megabytes, peak)
        self.losses = self.losses or losses


# What the child processes do. Heavy imports stay inside, so that the parent stays small: a process starts with its
# parent's peak memory.


def measure(peer: str, work: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Trains with PyTorch; returns the mean time of a step, the first step's losses and the number of parameters."""
    import torch
    import training_model
    from safetensors.torch import load_file

    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    configuration = read_json(work / "configuration.json")
    model = training_model.build(configuration)
    training_model.load(model, load_file(str(work / "start.safetensors")))
    if peer.endswith("channels-last"):
        model = model.to(memory_format=torch.channels_last)
    rule = training_model.optimizer(model, configuration)
    keypoints = training_model.member(configuration, "network.keypoints.count")
    examples = read_examples(work / "scenes", keypoints)
    order = training_model.batches([tuple(image.shape[1:]) for image, _ in examples], configuration)

    first: dict[str, float] = {}
    start = time.perf_counter()
    for step in range(options.warm_up + options.steps):
        if step == options.warm_up:
            start = time.perf_counter()
        images, targets = zip(*(examples[index] for index in next(order)), strict=True)
        losses = training_model.train_step(model, rule, list(images), list(targets), configuration, step)
        if step == 0:
            first = {training_model.LOSS_NAMES[name]: value.item() for name, value in losses.items()}
    seconds = (time.perf_counter() - start) / options.steps
    return {"seconds": seconds, "losses": first, "parameters": sum(p.numel() for p in model.parameters())}


def read_examples(folder: Path, keypoints: int) -> list[tuple[Any, dict[str, Any]]]:
    """The pictures of a dataset as tensors from 0 to 1, with torchvision's targets. Crowds are left out, and pictures
    with nothing else; an object without keypoints has invisible ones.
    """
    import numpy as np
    import torch
    from record_torchvision import read_image

    dataset = read_json(folder / "annotations.json")
    labels = {category["id"]: index + 1 for index, category in enumerate(dataset["categories"])}
    examples = []
    for picture in dataset["images"]:
        objects = [a for a in dataset["annotations"] if a["image_id"] == picture["id"] and not a["iscrowd"]]
        if not objects:
            continue
        boxes = torch.tensor([a["bbox"] for a in objects], dtype=torch.float32)
        boxes[:, 2:] += boxes[:, :2]
        points = [a.get("keypoints") or [0] * (3 * keypoints) for a in objects]
        masks = np.stack([_decoded(a["segmentation"], picture) for a in objects])
        target = {
            "boxes": boxes,
            "labels": torch.tensor([labels[a["category_id"]] for a in objects]),
            "masks": torch.from_numpy(masks),
            "keypoints": torch.tensor(points, dtype=torch.float32).reshape(len(objects), keypoints, 3),
        }
        image = read_image(folder / "images" / picture["file_name"])
        examples.append((torch.from_numpy(image.copy()).permute(2, 0, 1).contiguous() / 255, target))
    return examples


def _decoded(segmentation: Any, picture: dict[str, Any]) -> Any:
    """A mask of the picture's size, from polygons or run lengths."""
    from pycocotools import mask as run_lengths

    if isinstance(segmentation, list):
        segmentation = run_lengths.merge(run_lengths.frPyObjects(segmentation, picture["height"], picture["width"]))
    return run_lengths.decode(segmentation)


# What the parent does.


def read_json(path: Path) -> Any:
    """What a file of JSON holds."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ToolError(f"{path}: {error}") from None


def run_own(arguments: list[str], threads: int) -> tuple[list[tuple[float, str]], float]:
    """Runs the program to its end; returns its lines, each with the time at which it came, and its peak memory in MB."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True)
        assert process.stdout is not None
        lines = [(time.perf_counter(), line) for line in process.stdout]
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        fault = errors.read().strip().splitlines()
    if process.returncode != 0:
        message = fault[-1] if fault else "no message"
        raise ToolError(f"{' '.join(arguments[:2])}: exit code {process.returncode}: {message}")
    return lines, usage.ru_maxrss / 1024  # kilobytes on Linux


def train_command(program: str, configuration: str, work: Path, output: Path, steps: int, threads: int) -> list[str]:
    """The command line of a run, which reports every step and saves nothing before its end."""
    return [
        program, "train",
        "--configuration", configuration,
        "--data", str(work / "scenes"),
        "--output", str(output),
        "--steps", str(steps),
        "--report-every", "1",
        "--save-every", str(steps + 1),
        "--threads", str(threads),
    ]  # fmt: skip


def prepare(program: str, work: Path, options: argparse.Namespace) -> int:
    """Draws the pictures, and takes one step for the configuration as plain JSON and for weights that all start from.
    Returns the number of parameters.
    """
    from safetensors import safe_open

    scenes, run = work / "scenes", work / "first"
    run_own([program, "scenes", "--count", str(options.pictures), "--seed", str(SEED), "--output", str(scenes)], options.threads)
    run_own(train_command(program, options.configuration, work, run, 1, options.threads), options.threads)
    configuration = read_json(run / "configuration.json")
    configuration.update(flipProbability=0, groupsByAspectRatio=True)
    (work / "configuration.json").write_text(json.dumps(configuration))
    shutil.move(run / "model.safetensors", work / "start.safetensors")
    with safe_open(str(work / "start.safetensors"), framework="numpy") as file:
        return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118


def seconds_per_step(lines: list[tuple[float, str]], warm_up: int, steps: int) -> float:
    """The mean time between the reports of two steps that follow each other, after the warm-up. A report is a line that
    begins with the number of the step.
    """
    times = [when for when, line in lines if line.split()[:1] and line.split()[0].isdigit()]
    if len(times) != warm_up + steps:
        raise ToolError(f"{OWN} train: reported {len(times)} steps instead of {warm_up + steps}")
    return (times[-1] - times[warm_up - 1]) / steps


def measure_own(program: str, work: Path, options: argparse.Namespace) -> tuple[float, float, dict[str, float]]:
    """Trains with the program; returns the mean time of a step, the peak memory and the first step's losses."""
    steps = options.warm_up + options.steps
    with tempfile.TemporaryDirectory(dir=work) as output:
        command = train_command(program, str(work / "configuration.json"), work, Path(output), steps, options.threads)
        lines, peak = run_own([*command, "--weights", str(work / "start.safetensors")], options.threads)
        try:
            first = json.loads((Path(output) / "metrics.jsonl").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError) as error:
            raise ToolError(f"{OWN} train: metrics.jsonl: {error}") from None
    losses = {name: value for name, value in first.items() if "." in name}
    return seconds_per_step(lines, options.warm_up, options.steps), peak, losses


def child_command(peer: str, work: Path, options: argparse.Namespace) -> list[str]:
    """The command line by which this script runs PyTorch."""
    numbers = ["--threads", str(options.threads), "--steps", str(options.steps), "--warm-up", str(options.warm_up)]
    return [sys.executable, __file__, "--peer", peer, "--work", str(work), *numbers]


def run_rounds(program: str, parameters: int, work: Path, options: argparse.Namespace) -> list[Measurement]:
    """Measures all, round after round."""
    rows = {name: Measurement(name) for name in (OWN, *PEERS)}
    for number in range(1, options.rounds + 1):
        print(f"round {number} of {options.rounds}, load {os.getloadavg()[0]:.2f}", file=sys.stderr, flush=True)
        rows[OWN].add(*measure_own(program, work, options))
        for peer in PEERS:
            result, peak = run_child(child_command(peer, work, options), options.threads)
            if result["parameters"] != parameters:
                raise ToolError(f"{peer}: {result['parameters']} parameters, {OWN} has {parameters}")
            rows[peer].add(result["seconds"], peak, result["losses"])
    return list(rows.values())


def check_losses(rows: list[Measurement]) -> None:
    """Both start from the same weights, on pictures of the same kind: their losses cannot be far apart."""
    own = sum(rows[0].losses.values())
    for row in rows[1:]:
        if not 0.5 < sum(row.losses.values()) / own < 2:
            raise ToolError(f"{row.name}: its first loss is {sum(row.losses.values()):.3g}, that of {OWN} {own:.3g}")


def better_peer(rows: list[Measurement]) -> Measurement:
    """The form of PyTorch that took less time."""
    return min(rows[1:], key=lambda row: row.median)


def print_table(rows: list[Measurement], parameters: int, options: argparse.Namespace) -> None:
    """Prints the medians, what ours is of each peer, and the losses at the start."""
    own = rows[0]
    print(f"\na training step of “{options.configuration}”, {parameters} parameters, {options.threads} threads; ratio: {OWN} / peer")
    print(f"{'':24}  {'median':>8}  {'best':>8}  {'worst':>8}  {'ratio':>6}  {'memory':>8}  {'ratio':>6}")
    for row in rows:
        print(
            f"{row.name:24}  {row.median:6.3f} s  {min(row.seconds):6.3f} s  {max(row.seconds):6.3f} s  "
            f"{own.median / row.median:6.2f}  {row.peak_megabytes:5.0f} MB  {own.peak_megabytes / row.peak_megabytes:6.2f}"
        )
    best = better_peer(rows)
    print(f"\nthe better peer is {best.name}: {OWN} takes {own.median / best.median:.2f} of its time")
    print("\nlosses of the first step, each on pictures of its own drawing")
    print(f"{'':24}  " + "  ".join(f"{name:>17}" for name in own.losses))
    for row in rows:
        values = (row.losses.get(name, math.nan) for name in own.losses)
        print(f"{row.name:24}  " + "  ".join(f"{value:17.4f}" for value in values))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--maskrcnn", default=".build/release/maskrcnn", help="the program (default: .build/release/maskrcnn)")
    parser.add_argument("--configuration", default="small", help="a training configuration: a file or a name (default: small)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=25, help="measured steps of each process (default 25)")
    parser.add_argument("--warm-up", type=int, default=5, help="steps before those (default 5)")
    parser.add_argument("--pictures", type=int, default=120, help="how many scenes to draw (default 120)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all measurements as JSON")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        if min(options.rounds, options.steps, options.warm_up, options.pictures, options.threads) < 1:
            raise ToolError("--rounds, --steps, --warm-up, --pictures and --threads must be at least 1")
        if options.peer:
            print(json.dumps(measure(options.peer, options.work, options)))
            return 0
        program = shutil.which(options.maskrcnn)
        if program is None:
            raise ToolError(f"{options.maskrcnn}: no such program")
        with tempfile.TemporaryDirectory() as temporary:
            parameters = prepare(program, Path(temporary), options)
            rows = run_rounds(program, parameters, Path(temporary), options)
        check_losses(rows)
    except (ToolError, OSError) as error:
        return fail(error)
    print_table(rows, parameters, options)
    if options.json:
        best = better_peer(rows)
        report = {
            "configuration": options.configuration,
            "threads": options.threads,
            "warm_up": options.warm_up,
            "steps": options.steps,
            "parameters": parameters,
            "peer": best.name,
            "ratio": rows[0].median / best.median,
            "rows": [asdict(row) | {"median": row.median} for row in rows],
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
