"""Watching a running PyTorch model: copies of what flows by, under the names of the stages, and no change to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from bundles import ToolError
from torch import Tensor, nn
from torch.nn import functional as F

FINEST_LEVEL = 2


class StageRecorder:
    """Copies tensors out of a running model. A copy, because some activations are rectified in place."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._undo: list[Callable[[], None]] = []

    def keep(self, name: str, value: Tensor) -> None:
        """Stores a copy under a name that must be new."""
        if name in self.tensors:
            raise ToolError(f"model: stage {name} ran twice")
        self.tensors[name] = value.detach().clone()

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Leaves the model as it was when the block ends."""
        try:
            yield
        finally:
            while self._undo:
                self._undo.pop()()

    def after(self, module: nn.Module, action: Callable[[Any], None]) -> None:
        """Calls the action with each output of the module."""
        self._undo.append(module.register_forward_hook(lambda _m, _i, output: action(output)).remove)

    def before(self, module: nn.Module, action: Callable[[Any], None]) -> None:
        """Calls the action with the first argument of each call of the module."""
        self._undo.append(module.register_forward_pre_hook(lambda _m, inputs: action(inputs[0])).remove)

    def around(self, owner: Any, method: str, action: Callable[[tuple, dict, Any], None]) -> None:
        """Calls the action with the arguments and the result of each call of a method, or of a module's function."""
        original = getattr(owner, method)
        own = method in vars(owner)

        def wrapped(*arguments: Any, **named: Any) -> Any:
            result = original(*arguments, **named)
            action(arguments, named, result)
            return result

        setattr(owner, method, wrapped)
        self._undo.append(lambda: setattr(owner, method, original) if own else delattr(owner, method))

    def keeps(self, name: str) -> Callable[[Tensor], None]:
        """An action that stores the only image of a batch."""
        return lambda value: self.keep(name, value[0])

    def keeps_all(self, name: str) -> Callable[[Tensor], None]:
        """An action that stores all rows, one a region."""
        return lambda value: self.keep(name, value)

    def keeps_each(self, names: list[str], arrange: Callable[[Tensor], Tensor] = lambda x: x) -> Callable[[Tensor], None]:
        """An action for a module that is called once a level: the first call is the first name's."""
        remaining = iter(names)
        return lambda value: self.keep(next(remaining), arrange(value[0]))

    def keeps_each_whole(self, names: list[str]) -> Callable[[Tensor], None]:
        """An action for a module that is called once a head, with all rows: the first call is the first name's."""
        remaining = iter(names)
        return lambda value: self.keep(next(remaining), value)

    def keep_topdown(self, level: int, topdown: Tensor) -> None:
        """Stores what is added to a level's lateral map, if the sum is what the model made of it."""
        lateral, merged = self.tensors[f"fpn.lateral.p{level}"], self.tensors[f"fpn.merged.p{level}"]
        expect(torch.equal(lateral + topdown, merged), f"fpn.merged.p{level} is not lateral + topdown")
        self.keep(f"fpn.topdown.p{level}", topdown)


def expect(condition: bool, fault: str) -> None:
    """Stops if the model did not do what the recorder takes for granted."""
    if not condition:
        raise ToolError(f"recorder: {fault}")


def masks_of_classes(logits: Tensor, classes: int) -> Tensor:
    """Mask logits with a channel of zeros in front, the background's; one channel for all classes stays alone.

    `classes` are those of objects. With one of them, a channel of its own and one for all are the same.
    """
    return F.pad(logits, (0, 0, 0, 0, 1, 0)) if logits.shape[1] == classes else logits


def deltas_of_classes(deltas: Tensor, classes: int) -> Tensor:
    """Deltas of shape (rows, 4 · classes) as (rows, classes + 1, 4): nothing refines a box of background.

    One box for all classes stays alone, as (rows, 1, 4).
    """
    deltas = deltas.unflatten(1, (-1, 4))
    return F.pad(deltas, (0, 0, 1, 0)) if deltas.shape[1] == classes else deltas
