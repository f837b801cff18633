"""Reading and writing bundles: one `.safetensors` file of named tensors for one image.

A bundle holds channel-first arrays without a batch axis: float32, int64 for indices, uint8 for images
and masks. Its metadata are strings; `format` is `maskrcnn-bundle/1`.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

FORMAT = "maskrcnn-bundle/1"
DTYPES = {np.dtype(np.float32), np.dtype(np.int64), np.dtype(np.uint8)}


class ToolError(Exception):
    """A fault in an argument or a file, told in one line: `path: what is wrong`."""


def fail(message: object) -> "int":
    """Prints one line on standard error and returns the exit code for bad usage or input."""
    print(f"error: {message}", file=sys.stderr)
    return 2


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def select(tensors: Mapping[str, np.ndarray], patterns: list[str] | None) -> dict[str, np.ndarray]:
    """The tensors whose name matches one of the patterns (`fpn.*`); all of them without patterns."""
    if patterns is None:
        return dict(tensors)
    return {name: value for name, value in tensors.items() if any(fnmatchcase(name, p) for p in patterns)}


def write_bundle(path: str | Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Writes a whole bundle or nothing: the file appears under its name by a rename."""
    for name, value in tensors.items():
        if value.dtype not in DTYPES:
            raise ToolError(f"{path}: {name} has type {value.dtype}; a bundle holds float32, int64 and uint8")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    contiguous = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    save_file(contiguous, str(partial), metadata={"format": FORMAT, **metadata})
    partial.chmod(0o644)
    os.replace(partial, path)


class Bundle(Mapping[str, np.ndarray]):
    """A bundle on disk, whose tensors are read one at a time: a whole one takes most of a gigabyte."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._file = safe_open(str(path), framework="numpy")
        except (OSError, SafetensorError) as error:
            raise ToolError(f"{path}: {error}") from None
        self.metadata: dict[str, str] = self._file.metadata() or {}
        self._names = set(self._file.keys())

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(name)
        return self._file.get_tensor(name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def shape(self, name: str) -> tuple[int, ...]:
        """A tensor's shape, without reading the tensor."""
        return tuple(self._file.get_slice(name).get_shape())

    @property
    def settings(self) -> dict[str, float]:
        """The numeric settings the model ran with, where the producer recorded them."""
        return json.loads(self.metadata.get("settings", "{}"))
