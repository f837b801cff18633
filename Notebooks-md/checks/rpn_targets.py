"""Checks of 11-rpn-targets."""

import numpy as np
from given import encode, overlap
from reference import Wrong, call, check, compare, numbers, recorded

LEVELS = ["p4", "p5", "p6"]
DELTAS = ["dx", "dy", "dw", "dh"]
BETA = 1 / 9


def anchors_and_answers():
    """Anchors of p4, p5 and p6, [A, 4], and what the trained network says of each: logits, [A], and deltas, [A, 4]."""
    stages = recorded()
    anchors = np.concatenate([stages[f"anchors.{level}"] for level in LEVELS])
    logits = np.concatenate([stages[f"rpn.objectness.{level}"].transpose(1, 2, 0).reshape(-1) for level in LEVELS])
    deltas = np.concatenate([stages[f"rpn.deltas.{level}"].transpose(2, 3, 0, 1).reshape(-1, 4) for level in LEVELS])
    return tuple(values.astype(np.float64) for values in (anchors, logits, deltas))


def _overlaps(anchors, objects):
    return np.stack([overlap(box, anchors) for box in objects], axis=1)


@check
def check_overlaps(overlaps):
    anchors, _, _ = anchors_and_answers()
    objects = recorded()["objects.boxes"].astype(np.float64)
    small = (np.array([[0.0, 0, 100, 100], [10, 0, 110, 100], [500, 500, 510, 510]]), np.array([[0.0, 0, 100, 100], [300, 300, 320, 320]]))
    for name, a, o in [("three boxes and two objects", *small), (f"{len(anchors)} anchors and {len(objects)} objects", anchors, objects)]:
        compare(f"overlaps, {name}", call(overlaps, a, o), _overlaps(a, o), 1e-6, ["anchor", "object"])
    return f"overlaps: right, for {len(anchors)} anchors and {len(objects)} objects"


def _match(table, low=True, high=0.7, background=0.3, ignore=True, steal=False, single=False, touching=True):
    best = table.argmax(axis=1)
    most = table.max(axis=1)
    answer = np.where(most >= high, best, np.where(most < background, -1, -2))
    if not ignore:
        answer[answer == -2] = -1
    if low:
        for k in range(table.shape[1]):
            rows = np.flatnonzero((table[:, k] == table[:, k].max()) & ((table[:, k] > 0) | (not touching)))
            rows = rows[:1] if single else rows
            answer[rows] = k if steal else best[rows]
    return answer


def _small_tables():
    hand = np.array([[90 / 110, 0], [70 / 130, 0], [40 / 160, 0], [0, 400 / 10000]])
    ties = np.array([[0.5, 0.0], [0.5, 0.1], [0.2, 0.2], [0.75, 0.4], [0.1, 0.6]])
    # An object's best anchor that overlaps another object more.
    stolen = np.array([[0.6, 0.5], [0.8, 0.2], [0.1, 0.1]])
    equal = np.array([[0.4, 0.0], [0.4, 0.0], [0.1, 0.0], [0.0, 0.9]])
    edges = np.array([[0.7], [0.3], [0.9], [0.29]])
    # An object that no anchor touches.
    untouched = np.array([[0.8, 0.0], [0.1, 0.0], [0.0, 0.0], [0.5, 0.0]])
    return [("the four anchors by hand", hand), ("five anchors", ties), ("an anchor that is the best of two objects", stolen),
            ("two anchors that overlap an object alike", equal), ("overlaps of 0.7 and 0.3", edges),
            ("an object that no anchor touches", untouched)]  # fmt: skip


@check
def check_match(match):
    stages = recorded()
    anchors, _, _ = anchors_and_answers()
    table = _overlaps(anchors, stages["objects.boxes"].astype(np.float64))
    cases = [(f"{name}, {small.round(4).tolist()}", small, _match(small)) for name, small in _small_tables()]
    cases.append((f"{len(anchors)} anchors", table, stages["targets.anchors"]))
    for name, given, right in cases:
        compare(
            f"match, {name}", call(match, given), right, 0, ["anchor"], (),
            [
                ("an object is left without an anchor: the anchors that overlap it most are its own, however little that is. ", _match(given, low=False)),
                ("an overlap of 0.3 itself is ignored; background is below 0.3. ", _match(given, background=0.3 + 1e-9)),
                ("what lies between 0.3 and 0.7 is background; it should be ignored, −2. ", _match(given, ignore=False)),
                ("a low-quality match stands for another object: yours gets the object that it is the best anchor of; it should keep the object "
                 "that it overlaps most itself. ", _match(given, steal=True)),
                ("of several anchors that overlap an object equally, yours makes only one positive; all of them should be. ", _match(given, single=True)),
                ("where no anchor touches an object, its largest overlap is 0, and every anchor that has 0 becomes positive; only those that touch "
                 "it should. ", _match(given, touching=False)),
                ("an overlap of 0.7 itself is enough for a positive: at least 0.7. ", _match(given, high=0.7 + 1e-9)),
                ("background and ignored are exchanged: −1 is background, −2 ignored. ", np.where(right < 0, -3 - right, right)),
                ("these are the thresholds of proposals, 0.5 and 0.5; anchors have 0.7 and 0.3. ", _match(given, low=False, high=0.5, background=0.5)),
                ("objects are counted from 1; count from 0. ", np.where(right >= 0, right + 1, right)),
            ],
        )  # fmt: skip
    return f"match: all {len(anchors)} anchors stand for what they do in the reference"


@check
def check_sample(sample):
    matches = np.concatenate([np.arange(300) % 6, np.full(700, -1), np.full(200, -2)])
    few = np.concatenate([np.arange(6), np.full(900, -1), np.full(100, -2)])
    little = np.concatenate([np.arange(3), np.full(20, -1), np.full(50, -2)])
    for name, given in [("300 positives", matches), ("6 positives", few), ("few anchors", little)]:
        drawn = [numbers(f"sample, {name}", call(sample, given, 128, np.random.default_rng(seed))) for seed in (0, 1)]
        rows = drawn[0]
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        if rows.ndim != 1:
            raise Wrong(f"sample, {name}: it should be a vector of row numbers, and has shape {rows.shape}")
        rows = rows.astype(int)
        if len(set(rows.tolist())) < len(rows):
            raise Wrong(f"sample, {name}: an anchor is drawn twice; draw without putting back (replace=False, or a permutation)")
        kinds = given[rows]
        if (kinds == -2).any():
            raise Wrong(f"sample, {name}: {(kinds == -2).sum()} ignored anchors (−2) are drawn; they have no loss")
        positives, available = int((kinds >= 0).sum()), int((given >= 0).sum())
        wanted = min(64, available)
        if positives != wanted:
            raise Wrong(f"sample, {name}: {positives} positives; there should be {wanted}: all there are, but at most half of 128")
        negatives = min(128 - wanted, int((given == -1).sum()))
        if len(rows) != wanted + negatives:
            raise Wrong(f"sample, {name}: {len(rows) - positives} negatives; there should be {negatives}: background fills what positives leave of 128")
        if len(given) > 200 and np.array_equal(np.sort(drawn[0]), np.sort(drawn[1])):
            raise Wrong(f"sample, {name}: the same anchors for every seed; draw at random, with `random`")
    return "sample: right; at most half positives, background fills up, nothing twice and nothing ignored"


def _bce(logits, labels):
    return np.maximum(logits, 0) - logits * labels + np.log1p(np.exp(-np.abs(logits)))


def _objectness(logits, matches, rows, everything=False, total=False, positives_only=False):
    if everything:
        rows = np.flatnonzero(matches != -2)
    cells = _bce(logits[rows], (matches[rows] >= 0).astype(np.float64))
    if positives_only:
        return cells.sum() / max((matches[rows] >= 0).sum(), 1)
    return cells.sum() if total else cells.mean()


@check
def check_objectness(objectness_loss):
    stages = recorded()
    _, logits, _ = anchors_and_answers()
    matches, rows = stages["targets.anchors"], stages["targets.sample"]
    hand = (np.array([2.0, -1, 3, 9]), np.array([0, -1, 3, -2]), np.array([0, 1, 2]))
    ignorant = (np.zeros(len(matches)), matches, rows)
    huge = (np.array([-800.0, 800]), np.array([0, 0]), np.array([0, 1]))
    for name, given in [
        ("the example by hand", hand), ("a network that knows nothing", ignorant), ("the trained network", (logits, matches, rows)),
        ("a logit of −800", huge),
    ]:  # fmt: skip
        mine = numbers(f"objectness_loss, {name}", call(objectness_loss, *given))
        if name == "a logit of −800" and not np.isfinite(mine).all():
            raise Wrong("objectness_loss, a logit of −800: the sigmoid is 0 and the logarithm infinite; use max(x, 0) − x t + log(1 + exp(−|x|))")
        compare(
            f"objectness_loss, {name}", mine, _objectness(*given), 1e-6, (), (),
            [
                ("all anchors have a loss; only the sampled ones do. ", lambda g=given: _objectness(*g, everything=True)),
                ("this is the sum; divide by the number of sampled anchors. ", _objectness(*given, total=True)),
                ("this is divided by the number of positives; divide by all sampled anchors. ", _objectness(*given, positives_only=True)),
                ("positives and background are exchanged: an object's anchor should say 1. ",
                 _bce(given[0][given[2]], (given[1][given[2]] < 0).astype(np.float64)).mean()),
                ("object 0 counts as background; matches from 0 on are objects, ≥ 0. ",
                 _bce(given[0][given[2]], (given[1][given[2]] > 0).astype(np.float64)).mean()),
                ("the target is the index of the object; it should be 1 for any object. ", _bce(given[0][given[2]], np.maximum(given[1][given[2]], 0)).mean()),
                ("the target is the match itself, an object's index or −1; it should be 1 for any object and 0 for background. ",
                 _bce(given[0][given[2]], given[1][given[2]]).mean()),
            ],
        )  # fmt: skip
    return f"objectness_loss: right; the trained network has {_objectness(logits, matches, rows):.5f}, one that knows nothing ln 2 = 0.69315"


def _smooth(d, beta):
    d = np.abs(d)
    return np.where(d < beta, d**2 / (2 * beta), d - beta / 2)


def _unsigned(d, beta):
    """Smooth L1 without its absolute values."""
    return np.where(d < beta, d**2 / (2 * beta), d - beta / 2)


def _delta_loss(anchors, deltas, objects, matches, rows, beta=BETA, divide="sampled", loss=_smooth, mean=False, counted="positive", exchanged=False):
    counted = {
        "positive": lambda: rows[matches[rows] >= 0],
        "sampled": lambda: rows,
        "every positive": lambda: np.flatnonzero(matches >= 0),
        "all": lambda: np.arange(len(matches)),
    }[counted]()
    wanted, own = objects[matches[counted]], anchors[counted]
    each = loss(deltas[counted] - (encode(own, wanted) if exchanged else encode(wanted, own)), beta)
    total = each.mean(axis=1).sum() if mean else each.sum()
    return total / {"sampled": len(rows), "positives": max(len(counted), 1), "nothing": 1, "all": len(matches)}[divide]


@check
def check_delta_loss(delta_loss):
    stages = recorded()
    anchors, _, deltas = anchors_and_answers()
    objects = stages["objects.boxes"].astype(np.float64)
    matches, rows = stages["targets.anchors"], stages["targets.sample"]
    # Positives beyond the sample, so that it shows whether they are left out.
    part = rows[np.flatnonzero(matches[rows] >= 0)[:3].tolist() + np.flatnonzero(matches[rows] < 0)[:9].tolist()]
    for name, given in [
        ("a network that says nothing", (anchors, np.zeros_like(deltas), objects, matches, rows)),
        ("twelve anchors, of which three are positive", (anchors, deltas * 3, objects, matches, part)),
        ("the trained network", (anchors, deltas, objects, matches, rows)),
        ("a sample without positives", (anchors, deltas, objects, matches, rows[matches[rows] < 0])),
    ]:
        wrong = lambda given=given, **options: lambda: _delta_loss(*given, **options)
        all_anchors = "all anchors are in the loss; only sampled ones are, and of them the positives. "
        compare(
            f"delta_loss, {name}", call(delta_loss, *given), _delta_loss(*given), 1e-6, (), (),
            [
                ("the sum is divided by the positives; divide by all sampled anchors, negatives too. ", wrong(divide="positives")),
                ("this is the sum; divide by the number of sampled anchors. ", wrong(divide="nothing")),
                ("the mean over dx, dy, dw, dh is taken; they are added. ", wrong(mean=True)),
                ("this is the mean over the deltas of the positives; add them up, and divide by all sampled anchors, negatives too. ",
                 wrong(mean=True, divide="positives")),
                ("positives that were not sampled have a loss; only sampled ones do. ", wrong(counted="every positive")),
                ("the sum is divided by all anchors; divide by the number of sampled ones. ", wrong(divide="all")),
                *((all_anchors, wrong(counted="every positive", divide=divide)) for divide in ["all", "positives"]),
                *((all_anchors, wrong(counted="all", divide=divide)) for divide in ["all", "sampled"]),
                ("background has a loss of deltas too (objects[−1] is the last object); only positives do. ", wrong(counted="sampled")),
                ("the arguments of encode are exchanged: encode(targets, boxes) is the way from the anchors to their objects. ", wrong(exchanged=True)),
                ("the absolute value is missing: negative differences count as |d|. ", wrong(loss=_unsigned)),
                ("the absolute value is missing: negative differences count as |d|. ", wrong(loss=lambda d, beta: _unsigned(-d, beta))),
                ("this is plain L1, |d|; below β it is quadratic. ", wrong(loss=lambda d, beta: np.abs(d))),
                ("β is 1; it should be 1/9. ", wrong(beta=1)),
            ],
        )  # fmt: skip
    return f"delta_loss: right; the trained network has {_delta_loss(anchors, deltas, objects, matches, rows):.5f}"
