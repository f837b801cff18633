"""What every notebook needs: to read recorded tensors, and to say whether yours agree.

NumPy only. The format is safetensors: eight bytes with the length of a JSON header, the header, then the numbers.
"""

import json
import struct
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1"}


def read(path):
    """All tensors of a safetensors file, by name. Half-precision numbers become float32."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[begin:end], _TYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = values.astype(np.float32) if entry["dtype"] == "F16" else values
    return tensors


def recorded():
    """The stages of the shipped picture, as `maskrcnn record` wrote them down."""
    return read(HERE / "scene.safetensors")


def weights():
    """The parameters of the model that the stages were recorded with."""
    return read(HERE.parent / "Sources" / "Loading" / "Model" / "small.safetensors")


class Different(AssertionError):
    """Your tensor is not the reference's."""


def verify(name, mine, reference, tolerance):
    """Says how far `mine` is from `reference`, and where it is furthest; raises `Different` if that is too far."""
    mine, reference = np.asarray(mine), np.asarray(reference)
    if mine.shape != reference.shape:
        raise Different(f"{name}: yours has shape {mine.shape}, the reference {reference.shape}")
    if not np.isfinite(mine.astype(np.float64)).all():
        raise Different(f"{name}: yours has numbers that are not finite")
    if reference.size == 0:
        raise Different(f"{name}: there is nothing to compare")
    error = np.abs(mine.astype(np.float64) - reference.astype(np.float64))
    worst = tuple(int(i) for i in np.unravel_index(error.argmax(), error.shape))
    where = f"largest difference {error.max():.3g} at {worst}: yours {mine[worst]:.6g}, reference {reference[worst]:.6g}"
    if error.max() > tolerance:
        share = (error > tolerance).mean()
        raise Different(f"{name}: {where}; {share:.1%} of the numbers differ by more than {tolerance:g}")
    print(f"{name}: equal within {tolerance:g}. {where}")


def expect_difference(name, mine, reference, tolerance):
    """For a mistake that is made on purpose: says what `verify` finds, and raises if it finds nothing."""
    try:
        verify(name, mine, reference, tolerance)
    except Different as difference:
        print(f"As it should, verification fails. {difference}")
        return
    raise AssertionError(f"{name}: the mistake went unnoticed")
