#!/usr/bin/env python3
"""Measures Mask R-CNN R-50-FPN at 800×1216 on the CPU, for `maskrcnn` and its peers.

    benchmark_peers.py [--maskrcnn .build/release/maskrcnn] [--rounds 3] [--threads 2]

All run the same seeded weights on the same picture, which needs no resizing: 1000 proposals, 100 masks, float32.
The end-to-end peers are torchvision as it is, and with channels-last memory. The convolutional part (backbone,
pyramid and RPN head) runs also in OpenVINO and in ONNX Runtime, from one exported graph with batch norms folded;
their outputs are checked against torch. Each measurement is a process of its own, one at a time, and all are
repeated in rounds, so that a drift of the machine meets all alike. Peak memory is that of the whole process, with
the libraries that it loads.

`maskrcnn` is run as `benchmark --json --image F --weights F --profile torchvision --batch-norm-epsilon 0
--threads N --runs N --warm-up N` and prints an object with `seconds`, the end-to-end times of the runs, and `stages`,
of which backbone, pyramid and rpn (medians over the runs) are the convolutional part.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bundles import ToolError, fail

HEIGHT, WIDTH = 800, 1216
SEED = 20170320
END_TO_END, CONVOLUTIONAL = "end to end", "convolutional"
OWN = "maskrcnn"
PEERS = {
    "torchvision": END_TO_END,
    "torchvision-channels-last": END_TO_END,
    "torch-convolutional": CONVOLUTIONAL,
    "torch-convolutional-channels-last": CONVOLUTIONAL,
    "openvino": CONVOLUTIONAL,
    "onnxruntime": CONVOLUTIONAL,
}


@dataclass
class Measurement:
    """All that was measured of one program and one part."""

    name: str
    part: str
    seconds: list[float] = field(default_factory=list)
    peak_megabytes: float = 0
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


# What the child processes do. Heavy imports stay inside, so that no peer pays for another's libraries.


def prepare(work: Path, threads: int) -> dict[str, Any]:
    """Makes the picture, the checkpoint, the exported graph, and torch's own outputs of the convolutional part."""
    import calibrate
    import models
    import numpy as np
    import torch
    from PIL import Image
    from skimage import data

    torch.set_num_threads(threads)
    picture = Image.fromarray(data.chelsea()).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    picture.save(work / "picture.png")
    image = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1) / 255
    model = models.build(models.PUBLISHED["maskrcnn_resnet50_fpn"])
    # Twice as many detections as are kept, so that exactly 100 remain.
    calibrate.calibrate(model, [image], SEED, detections=200)
    torch.save(model.state_dict(), work / "weights.pth")

    part = _convolutional_part(_with_plain_norms(model))
    with torch.no_grad():
        tensor = model.transform([image])[0].tensors
        np.savez(work / "expected.npz", input=tensor.numpy(), **{f"o{i}": x.numpy() for i, x in enumerate(part(tensor))})
        torch.onnx.export(part, (tensor,), str(work / "part.onnx"), opset_version=17, dynamo=False, input_names=["image"])
    return {}


def _convolutional_part(model: Any) -> Any:
    """Backbone, pyramid and RPN head as one module: image -> five maps, five objectness maps, five delta maps."""
    from torch import nn

    class Part(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.head = model.backbone, model.rpn.head

        def forward(self, image: Any) -> tuple:
            maps = list(self.backbone(image).values())
            objectness, deltas = self.head(maps)
            return (*maps, *objectness, *deltas)

    return Part().eval()


def _with_plain_norms(model: Any) -> Any:
    """A copy whose frozen batch norms are ordinary ones, which the exporter folds into the convolutions."""
    import copy

    from torch import nn
    from torchvision.ops import FrozenBatchNorm2d

    model = copy.deepcopy(model)
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, FrozenBatchNorm2d):
                norm = nn.BatchNorm2d(len(child.weight), eps=child.eps or 1e-12)  # the exporter refuses 0
                norm.load_state_dict(child.state_dict(), strict=False)
                setattr(module, name, norm)
    return model.eval()


def measure(peer: str, work: Path, threads: int, runs: int, warm_up: int) -> dict[str, Any]:
    """Runs one peer; returns the seconds of each run and what may be said of its result."""
    import numpy as np

    expected = np.load(work / "expected.npz")
    if peer == "openvino":
        run = _openvino(work, threads, expected["input"])
    elif peer == "onnxruntime":
        run = _onnxruntime(work, threads, expected["input"])
    else:
        run = _torch(peer, work, threads, expected["input"])
    seconds = []
    for index in range(warm_up + runs):
        start = time.perf_counter()
        result = run()
        if index >= warm_up:
            seconds.append(time.perf_counter() - start)
    notes: dict[str, Any] = {}
    if PEERS[peer] == END_TO_END:
        notes["detections"] = len(result["scores"])
    else:
        errors = [
            np.linalg.norm(np.asarray(value) - expected[f"o{i}"]) / np.linalg.norm(expected[f"o{i}"])
            for i, value in enumerate(result)
        ]
        notes["difference"] = float(max(errors))
    return {"seconds": seconds, **notes}


def _torch(peer: str, work: Path, threads: int, tensor: Any) -> Callable[[], Any]:
    import models
    import torch
    from record_torchvision import read_image

    torch.set_num_threads(threads)
    model = models.load(work / "weights.pth")
    layout = torch.channels_last if peer.endswith("channels-last") else torch.contiguous_format
    model = model.to(memory_format=layout)
    image = torch.from_numpy(read_image(work / "picture.png").copy()).permute(2, 0, 1)
    if PEERS[peer] == CONVOLUTIONAL:
        part, batch = _convolutional_part(model), torch.from_numpy(tensor).to(memory_format=layout)
        run = lambda: part(batch)  # noqa: E731
    else:
        run = lambda: model([image / 255])[0]  # noqa: E731

    def guarded() -> Any:
        with torch.inference_mode():
            return run()

    return guarded


def _openvino(work: Path, threads: int, tensor: Any) -> Callable[[], Any]:
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    compiled = openvino.Core().compile_model(str(work / "part.onnx"), "CPU", settings)
    request = compiled.create_infer_request()
    return lambda: list(request.infer([tensor]).values())


def _onnxruntime(work: Path, threads: int, tensor: Any) -> Callable[[], Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(str(work / "part.onnx"), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"image": tensor})


# What the parent does.


def run_child(command: list[str], threads: int) -> tuple[dict[str, Any], float]:
    """Runs a process to its end; returns the JSON object on its last line (or all of it) and its peak memory in MB."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        text, fault = output.read().strip(), errors.read().strip().splitlines()
    name = " ".join(command[:3])
    if process.returncode != 0:
        raise ToolError(f"{name}: exit code {process.returncode}: {fault[-1] if fault else 'no message'}")
    for candidate in (text, text.splitlines()[-1] if text else ""):
        try:
            return json.loads(candidate), usage.ru_maxrss / 1024  # kilobytes on Linux
        except json.JSONDecodeError:
            continue
    raise ToolError(f"{name}: printed no JSON")


def own_command(program: str, work: Path, options: argparse.Namespace) -> list[str]:
    """The command line of the program under test: the one place that knows its interface."""
    return [
        program, "benchmark", "--json",
        "--image", str(work / "picture.png"),
        "--weights", str(work / "weights.pth"),
        "--profile", "torchvision",
        "--batch-norm-epsilon", "0",
        "--threads", str(options.threads),
        "--runs", str(options.runs),
        "--warm-up", str(options.warm_up),
    ]  # fmt: skip


def add_own(measurements: dict[tuple[str, str], Measurement], result: dict[str, Any], peak: float) -> None:
    """Takes up what the program under test printed."""
    if "seconds" not in result or "stages" not in result:
        raise ToolError(f"{OWN} benchmark: its JSON has no `seconds` or no `stages`")
    convolutional = sum(result["stages"][stage] for stage in ("backbone", "pyramid", "rpn"))
    for part, seconds in ((END_TO_END, result["seconds"]), (CONVOLUTIONAL, [convolutional])):
        entry = measurements.setdefault((OWN, part), Measurement(OWN, part))
        entry.seconds += [float(value) for value in seconds]
        entry.peak_megabytes = max(entry.peak_megabytes, peak)


def run_rounds(program: str | None, peers: list[str], work: Path, options: argparse.Namespace) -> list[Measurement]:
    """Measures all, round after round."""
    measurements: dict[tuple[str, str], Measurement] = {}
    for number in range(1, options.rounds + 1):
        print(f"round {number} of {options.rounds}, load {os.getloadavg()[0]:.2f}", file=sys.stderr, flush=True)
        if program is not None:
            add_own(measurements, *run_child(own_command(program, work, options), options.threads))
        for peer in peers:
            result, peak = run_child(child_command("--peer", peer, work, options), options.threads)
            entry = measurements.setdefault((peer, PEERS[peer]), Measurement(peer, PEERS[peer]))
            entry.seconds += result.pop("seconds")
            entry.peak_megabytes = max(entry.peak_megabytes, peak)
            entry.notes = result
    return list(measurements.values())


def child_command(action: str, value: str, work: Path, options: argparse.Namespace) -> list[str]:
    """The command line by which this script runs a part of itself."""
    numbers = ["--threads", str(options.threads), "--runs", str(options.runs), "--warm-up", str(options.warm_up)]
    return [sys.executable, __file__, action, value, "--work", str(work), *numbers]


def print_table(measurements: list[Measurement]) -> None:
    """Prints medians, and each peer's time and memory relative to ours, or to the first without ours."""
    for part in (END_TO_END, CONVOLUTIONAL):
        rows = sorted((m for m in measurements if m.part == part), key=lambda m: m.name != OWN)
        if not rows:
            continue
        base = rows[0]
        print(f"\n{part}: {HEIGHT}×{WIDTH}, times relative to {base.name}")
        print(f"{'':34}  {'median':>8}  {'best':>8}  {'worst':>8}  {'ratio':>6}  {'memory':>8}  {'ratio':>6}")
        for m in rows:
            notes = ", ".join(f"{key} {value:.2g}" if isinstance(value, float) else f"{key} {value}" for key, value in m.notes.items())
            print(
                f"{m.name:34}  {m.median:6.3f} s  {min(m.seconds):6.3f} s  {max(m.seconds):6.3f} s  "
                f"{m.median / base.median:6.2f}  {m.peak_megabytes:5.0f} MB  {m.peak_megabytes / base.peak_megabytes:6.2f}  {notes}"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--maskrcnn", help="the program to compare with its peers; without it, only the peers run")
    parser.add_argument("--only", action="append", choices=list(PEERS), help="only this peer; repeatable")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3, help="measured runs of each process (default 3)")
    parser.add_argument("--warm-up", type=int, default=1, help="runs before those (default 1)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", type=Path, help="keep the picture, checkpoint and graph here, and use them again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all measurements as JSON")
    parser.add_argument("--peer", choices=list(PEERS), help=argparse.SUPPRESS)
    parser.add_argument("--prepare", help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        if min(options.rounds, options.runs, options.threads) < 1 or options.warm_up < 0:
            raise ToolError("--rounds, --runs and --threads must be at least 1, --warm-up at least 0")
        if options.prepare:
            print(json.dumps(prepare(options.work, options.threads)))
            return 0
        if options.peer:
            print(json.dumps(measure(options.peer, options.work, options.threads, options.runs, options.warm_up)))
            return 0
        program = shutil.which(options.maskrcnn) if options.maskrcnn else None
        if options.maskrcnn and program is None:
            raise ToolError(f"{options.maskrcnn}: no such program")
        with tempfile.TemporaryDirectory() as temporary:
            work = options.work or Path(temporary)
            work.mkdir(parents=True, exist_ok=True)
            if not all((work / name).is_file() for name in ("picture.png", "weights.pth", "part.onnx", "expected.npz")):
                run_child(child_command("--prepare", "all", work, options), options.threads)
            measurements = run_rounds(program, options.only or list(PEERS), work, options)
    except (ToolError, OSError) as error:
        return fail(error)
    print_table(measurements)
    if options.json:
        rows = [asdict(m) | {"median": m.median} for m in measurements]
        options.json.write_text(json.dumps({"height": HEIGHT, "width": WIDTH, "threads": options.threads, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
