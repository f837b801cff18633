"""Seeded weights that behave, for the models of other frameworks: calibrate.py's measures, taken while a model runs.

calibrate.py calls torchvision's modules one by one. Here the framework runs its own model from the picture's file to
the detections, once, and hooks give each layer its scale when it is first reached: what follows is then measured on
what a calibrated layer computes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from calibrate import BOX_DELTAS, GOOD_ANCHORS, HIDDEN, OBJECTNESS, PROPOSAL_DELTAS, bisect, draw, longest_run, standardise, steer
from torch import Tensor, nn

LOWEST_SCORE = 0.05
"""Detections are counted from this score on, even where a zoo's threshold is lower."""


def draw_weights(model: nn.Module, seed: int) -> None:
    """Draws all weights of a model whose layers have detectron2's or MMDetection's names."""
    names = {name for name, _ in model.named_modules()}

    def is_last(name: str) -> bool:
        """Bottlenecks end with their third norm, basic blocks with their second."""
        if name.endswith((".conv3.norm", ".bn3", ".gn3")):
            return True
        for second, third in ((".conv2.norm", ".conv3"), (".bn2", ".bn3"), (".gn2", ".gn3")):
            if name.endswith(second):
                return name.removesuffix(second) + third not in names
        return False

    draw(model, torch.Generator().manual_seed(seed), is_norm=_is_norm, is_last=is_last)


def _is_norm(module: nn.Module) -> bool:
    return isinstance(module, nn.GroupNorm) or _has_statistics(module)


def _has_statistics(module: nn.Module) -> bool:
    """Batch norms of every kind: torch's, synchronised ones, detectron2's own frozen one."""
    return isinstance(getattr(module, "running_var", None), Tensor)


class RunningCalibration:
    """Hooks that calibrate layers when they first run."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    @contextmanager
    def watching(self) -> Iterator["RunningCalibration"]:
        """Removes all hooks when the block ends."""
        try:
            yield self
        finally:
            while self._undo:
                self._undo.pop()()

    def norms(self, model: nn.Module) -> None:
        """Every batch norm takes its mean and variance from what it is first given."""
        for module in model.modules():
            if not _has_statistics(module):
                continue

            def learn(norm: nn.Module, inputs: tuple[Tensor]) -> None:
                norm.running_mean.copy_(inputs[0].mean(dim=(0, 2, 3)))
                norm.running_var.copy_(inputs[0].var(dim=(0, 2, 3)).clamp(min=1e-3))

            self._first(module, learn, before=True)

    def layers(self, part: nn.Module, **special: tuple[float, float]) -> None:
        """Every layer with a bias gets a mean and a deviation per channel when it first runs.

        `special` are means and deviations by the last word of a layer's name; all others get those of hidden layers.
        Layers without a bias are followed by a norm.
        """
        for name, module in part.named_modules():
            if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)) or module.bias is None:
                continue
            spread = special.get(name.rpartition(".")[2], HIDDEN)

            def scale(layer: nn.Module, inputs: tuple[Tensor], spread: tuple[float, float] = spread) -> None:
                if inputs[0].numel():
                    with linear(layer):
                        standardise(layer, [inputs[0]], *spread)

            self._first(module, scale, before=True)

    def proposals(self, head: nn.Module, hidden: nn.Module, objectness: nn.Module, deltas: nn.Module, wanted: int) -> None:
        """Calibrates an RPN's head when it is called with the maps of all levels."""

        def calibrate(_: nn.Module, inputs: tuple) -> None:
            calibrate_proposals(hidden, objectness, deltas, list(inputs[0]), wanted)

        self._first(head, calibrate, before=True)

    def _first(self, module: nn.Module, action: Callable, *, before: bool) -> None:
        """Calls the action the first time that the module runs."""
        register = module.register_forward_pre_hook if before else module.register_forward_hook

        def hook(*arguments: object) -> None:
            handle.remove()
            action(*arguments)

        handle = register(hook)
        self._undo.append(handle.remove)


@contextmanager
def linear(layer: nn.Module) -> Iterator[None]:
    """Without the rectifier that detectron2's convolutions have inside them."""
    activation = getattr(layer, "activation", None)
    if activation is None:
        yield
        return
    layer.activation = None
    try:
        yield
    finally:
        layer.activation = activation


def calibrate_proposals(hidden: nn.Module, objectness: nn.Module, deltas: nn.Module, features: list[Tensor], wanted: int) -> None:
    """Gives objectness and deltas their spread, and each level its share of the best anchors, as calibrate.py does."""
    with linear(hidden):
        maps = [x.relu() for x in standardise(hidden, features, *HIDDEN)]
    standardise(deltas, maps, *PROPOSAL_DELTAS)
    if len(maps) == 1:
        standardise(objectness, maps, *OBJECTNESS)
        return
    good = [max(1, round(share * wanted)) for share in GOOD_ANCHORS]
    rows = [x[0].flatten(1).T for x in maps]
    channels = list(range(objectness.out_channels))
    for _ in range(6):
        standardise(objectness, maps, *OBJECTNESS)
        reached = []
        for x, count in zip(maps, good):
            logits = objectness(x).flatten()
            reached.append(logits.topk(min(count, max(1, len(logits) // 4))).values[-1].item())
        common = sum(reached) / len(reached)
        steer(objectness, channels, rows, [(common - value) / 2 for value in reached])


def calibrate_predictor(
    scores: nn.Linear, deltas: nn.Linear, described: Tensor, background: int, boxes: Tensor, wanted: int,
    detect: Callable[[Tensor, Tensor, Tensor], int],
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Calibrates the two last layers of a box head such that about `wanted` objects are found, on all levels.

    Args:
        described: what the layers are given, a row per proposal.
        background: the column of the background's score.
        boxes: the proposals.
        detect: how many objects the framework finds, of logits, deltas and the rows that they belong to.

    Returns: the calibrated layers' outputs.
    """
    classes = scores.out_features
    logits = standardise(scores, [described], 0.0, max(2.0, min(6.0, classes / 2)))[0]
    offsets = standardise(deltas, [described], *BOX_DELTAS)[0]

    def count(shift: float, rows: Tensor) -> int:
        shifted = logits[rows].clone()
        shifted[:, background] += shift
        return detect(shifted, offsets[rows], rows)

    everything = torch.arange(len(boxes))
    levels = ((boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1).sqrt() / 56 + 1e-6).log2().floor().clamp(0, 3)
    groups = [rows for rows in (torch.where(levels == level)[0] for level in levels.unique()) if len(rows) >= 20]
    share = wanted / len(groups)
    for _ in range(3):
        shifts = [bisect(lambda shift: count(shift, rows), min(share, len(rows) / 4)) for rows in groups]
        steer(scores, [background], [described[rows] for rows in groups], shifts)
        logits = scores(described)
    # The last shift leaves the widest gap around the score threshold.
    counts = [[count(step / 200, everything)] for step in range(-40, 41)]
    scores.bias[background] += (longest_run(counts) - 40) / 200
    return scores(described), offsets
