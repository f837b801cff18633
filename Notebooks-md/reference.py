"""What every notebook needs: the recorded tensors, and checks that say in words what is wrong with yours.

NumPy only. A check is a function under `checks/` that calls yours, compares what comes back with what the reference
computed, and prints a line that begins with ✓ (right), ✗ (what is wrong) or … (not done yet). It never raises.
"""

import copy
import functools
import itertools
import textwrap
import traceback
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "recorded"


def recorded():
    """The stages of the shipped picture, by name; what is kept in half precision comes back as float32.

    Copies each time: who writes into one changes no check.
    """
    return {name: values.copy() for name, values in _scene().items()}


@functools.cache
def _scene():
    with np.load(RECORDED / "scene.npz") as file:
        tensors = {name: file[name] for name in file.files}
    return {name: values.astype(np.float32) if values.dtype == np.float16 else values for name, values in tensors.items()}


# What checks found, in the order in which they ran: (check, "right" | "wrong" | "not done yet", message).
outcomes = []


WIDTH = 96  # of a line that a check prints
UNREADABLE = "the check cannot make sense of this answer"


class Wrong(Exception):
    """What is wrong with the reader's answer, in words."""


class NotDone(Exception):
    """A blank that still has to be filled in."""


def check(function):
    """Makes a check of a function that raises `Wrong` or `NotDone`: it prints, and keeps the outcome in `outcomes`."""

    @functools.wraps(function)
    def checked(*arguments):
        try:
            if any(argument is ... or argument is None for argument in arguments):
                raise NotDone("there is still a ... in the cell above")
            praise = function(*arguments) or "right"
            outcome, message = "right", f"✓ {praise}"
        except NotDone as blank:
            outcome, message = "not done yet", f"… not done yet: {blank}"
        except Wrong as wrong:
            outcome, message = "wrong", f"✗ {wrong}"
        except Exception as error:  # an answer that the check did not expect
            outcome, message = "wrong", f"✗ {UNREADABLE}: {type(error).__name__}: {error}"
        outcomes.append((function.__name__, outcome, message))
        print(textwrap.fill(message, WIDTH, subsequent_indent="  ", break_long_words=False))

    return checked


def call(function, *arguments, **options):
    """What the reader's function returns. Its arguments are copies, so that it may write into them."""
    name = getattr(function, "__name__", "your function")
    try:
        answer = function(*copy.deepcopy(arguments), **options)
    except NotDone:
        raise
    except Exception as error:
        # (NumPy speaks of ellipses too, in einsum, where none is meant.)
        if isinstance(error, (TypeError, AttributeError)) and "ellipsis" in str(error).lower():
            raise NotDone(f"{name} still has a ... in it") from None
        raise Wrong(f"{name} stops with {type(error).__name__}: {error}{_line(function, error)}") from None
    if answer is None:
        raise NotDone(f"{name} returns nothing (write the lines in place of the ..., and return the answer)")
    if answer is ... or (isinstance(answer, tuple) and any(part is ... for part in answer)):
        raise NotDone(f"{name} still has a ... in it")
    return answer


def _line(function, error):
    """The reader's line that an error comes from, rather than one of NumPy's."""
    code = getattr(function, "__code__", None)
    folder = Path(code.co_filename).parent if code else None
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent == folder and f.line]
    return f", at the line `{frames[-1].line.strip()}`" if frames else ""


def parts(name, answer, count, what):
    """The parts of an answer that should be a tuple."""
    if not isinstance(answer, (tuple, list)) or len(answer) != count:
        got = f"{len(answer)} values" if isinstance(answer, (tuple, list)) else f"one {type(answer).__name__}"
        raise Wrong(f"{name} should return {count} values, {what}; it returns {got}")
    return tuple(answer)


def numbers(name, value):
    """An answer as an array of numbers."""
    if value is None or value is ...:
        raise NotDone(f"{name} is still a ...")
    try:
        array = np.asarray(value)
    except ValueError:
        raise Wrong(f"{name}: the rows have different lengths, so they make no array") from None
    if array.dtype == object and any(item is ... or item is None for item in array.ravel()):
        raise NotDone(f"{name} still has a ... in it")
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        raise Wrong(f"{name}: should be numbers, and is {type(value).__name__} of {array.dtype}")
    return array


def compare(name, mine, expected, tolerance, axes=(), columns=(), mistakes=()):
    """Raises `Wrong` unless `mine` is `expected` to within `tolerance`; says what is wrong as well as it can.

    `axes` are words for the axes, `columns` for the entries of the last one. `mistakes` are pairs of a sentence and
    of what comes out when that mistake is made (or a function that computes it).
    """
    mine, expected = numbers(name, mine), np.asarray(expected)
    if equal(mine, expected, tolerance):
        return
    for sentence, wrong in mistakes:
        wrong = np.asarray(wrong() if callable(wrong) else wrong)
        if not equal(wrong, expected, tolerance) and equal(mine, wrong, tolerance):
            raise Wrong(f"{name}: {sentence}{_places(mine, expected, tolerance, axes, columns)}")
    if mine.shape != expected.shape:
        raise Wrong(f"{name}: {_shapes(mine, expected, tolerance, axes)}")
    if not np.isfinite(mine.astype(np.float64)).all():
        kind = "not a number (0 / 0 ?)" if np.isnan(mine).any() else "infinite (a division by 0, or exp of a large number?)"
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(mine))[0])
        raise Wrong(f"{name}: {_words(place, axes, columns)} is {kind}")
    pattern = _pattern(mine.astype(np.float64), expected.astype(np.float64), tolerance, columns)
    raise Wrong(f"{name}: {pattern}{_places(mine, expected, tolerance, axes, columns)}")


def equal(mine, expected, tolerance):
    """Whether two arrays agree in shape and to within `tolerance`; infinities only with themselves."""
    if mine.shape != expected.shape:
        return False
    with np.errstate(invalid="ignore"):
        error = np.abs(mine.astype(np.float64) - expected.astype(np.float64))
    return bool(((error <= tolerance) | (mine == expected)).all())


def _shapes(mine, expected, tolerance, axes):
    wanted = f" ({', '.join(axes)})" if len(axes) == expected.ndim else ""
    sentence = f"the shape is {mine.shape}; it should be {expected.shape}{wanted}"
    if sorted(mine.shape) == sorted(expected.shape):
        for order in itertools.permutations(range(mine.ndim)):
            if equal(mine.transpose(order), expected, tolerance):
                return f"{sentence}. The numbers are right, but the axes are in another order: transpose{order} puts them right"
        return f"{sentence}. The axes are in another order"
    if mine.size == expected.size:
        if equal(mine.reshape(expected.shape), expected, tolerance):
            return f"{sentence}. The numbers are right and in the right order: only a reshape is missing"
        return f"{sentence}. The count of numbers is right"
    if mine.ndim == expected.ndim:
        differing = [i for i in range(mine.ndim) if mine.shape[i] != expected.shape[i]]
        if len(differing) == 1:
            axis = differing[0]
            few, many = sorted([mine.shape[axis], expected.shape[axis]])
            what = f" along the axis “{axes[axis]}”" if axis < len(axes) else f" along axis {axis}"
            return f"{sentence}. You have {many - few} too {'few' if mine.shape[axis] == few else 'many'}{what}"
    return sentence


def _pattern(mine, expected, tolerance, columns):
    """A sentence on how two arrays of one shape differ as a whole, or an empty one."""
    difference = mine - expected
    loose = max(2 * tolerance, 1e-12)
    if mine.size > 1 and np.ptp(difference) <= loose:
        amount = difference.flat[0]
        pixels = {0.5: ", half a pixel", 1: ", one pixel"} if "x" in columns or "x1" in columns else {}
        words = next((words for size, words in pixels.items() if abs(abs(amount) - size) <= loose), "")
        return f"every number is too {'large' if amount > 0 else 'small'} by {abs(amount):.4g}{words}. "
    if mine.ndim == 2 and len(mine) > 2 and mine.shape[1] <= 8 and (np.ptp(difference, axis=0) <= loose).all():
        names = columns or [f"column {i}" for i in range(mine.shape[1])]
        amounts = difference.mean(axis=0)
        return f"the columns are off by the same amount in every row: {', '.join(f'{n} by {a:+.4g}' for n, a in zip(names, amounts))}. "
    if mine.size > 1 and not mine.any():
        return "every number is 0. "
    scale = np.abs(expected) > 100 * tolerance
    if scale.sum() > 1:
        factors = mine[scale] / expected[scale]
        if np.ptp(factors) <= 0.01 * abs(factors.mean()) and abs(factors.mean() - 1) > 0.02:
            factor = factors.mean()
            words = f"{factor:.4g} times" if abs(factor) > 1 else f"1/{1 / factor:.4g} of"
            return f"every number is {words} what it should be. "
    if (mine.ndim >= 2 or columns) and 2 <= mine.shape[-1] <= 4:
        for order in itertools.permutations(range(mine.shape[-1])):
            if equal(mine, expected[..., list(order)], tolerance):
                names = columns or [str(i) for i in range(mine.shape[-1])]
                return f"the columns are in the order {' '.join(names[i] for i in order)}; it should be {' '.join(names)}. "
    if mine.ndim >= 2 and mine.shape[-1] == mine.shape[-2] and equal(mine, expected.swapaxes(-1, -2), tolerance):
        return "rows and columns are swapped (x for y). "
    for axis in range(mine.ndim):
        if equal(mine, np.flip(expected, axis), tolerance):
            return f"axis {axis} runs backwards. "
    if mine.ndim == 2 and 1 < len(mine) <= 20000:
        ours, theirs = np.lexsort(mine.T[::-1].round(3)), np.lexsort(expected.T[::-1].round(3))
        if equal(mine[ours], expected[theirs], 2 * tolerance + 1e-3):
            first = int(np.flatnonzero((np.abs(difference) > tolerance).any(axis=1))[0])
            partner = int(np.abs(expected - mine[first]).max(axis=1).argmin())
            return f"the right rows in another order (your row {first} should be row {partner}). "
    return ""


def _words(place, axes, columns):
    named = []
    for axis, index in enumerate(place):
        if columns and axis == len(place) - 1 and index < len(columns):
            named.append(columns[index])
        else:
            named.append(f"{axes[axis] if axis < len(axes) else f'axis {axis}'} {index}")
    return ", ".join(named) if named else "the number"


def _places(mine, expected, tolerance, axes, columns):
    """Where two arrays differ first, with both values, and how many numbers do."""
    if mine.shape != expected.shape:
        return f"Its shape is {mine.shape}; it should be {expected.shape}."
    with np.errstate(invalid="ignore"):
        error = np.abs(mine.astype(np.float64) - expected.astype(np.float64))
    wrong = ~((error <= tolerance) | (mine == expected))
    place = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()
    many = f"; {int(wrong.sum())} of {wrong.size} numbers differ by more than {tolerance:g}, the most by {np.nanmax(error):.4g}"
    values = f"yours is {mine[place]:.6g}, the reference {expected[place]:.6g}"
    if mine.ndim == 0:
        return f"{values[0].upper()}{values[1:]}."
    return f"First at {_words(place, axes, columns)}: {values}{many if wrong.size > 1 else ''}."
