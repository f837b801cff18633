"""Your result beside the reference's. A plot of something that is not done yet shows the reference alone; none raises."""

import matplotlib.pyplot as plt
import numpy as np

YOURS, REFERENCE = "#D55E00", "#0072B2"


def attempt(function, *arguments):
    """What your function returns, or None if there is nothing yet that could be drawn: the check says why."""
    try:
        answer = function(*arguments)
    except Exception:
        return None
    return None if answer is ... else answer


def _drawable(mine, reference):
    try:
        mine = np.asarray(mine, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return mine if mine.shape == np.shape(reference) and np.isfinite(mine).all() else None


def _empty(axes, mine):
    words = "not done yet" if mine is None else f"shape {np.shape(mine)}:\ncannot be drawn"
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes, color="gray")
    axes.set_xticks([])
    axes.set_yticks([])


def maps(mine, reference, title, signed=False):
    """A map, [rows, columns]: yours, the reference's, and the difference. `signed` maps have white for 0."""
    reference = np.asarray(reference, dtype=np.float64)
    drawn = _drawable(mine, reference)
    low, high = float(reference.min()), float(reference.max())
    colors = "viridis"
    if signed:
        colors, high = "RdBu_r", float(np.abs(reference).max())
        low = -high
    figure, panels = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
    panels[1].set_title("reference")
    image = panels[1].imshow(reference, cmap=colors, vmin=low, vmax=high)
    panels[0].set_title(f"{title}: yours")
    panels[2].set_title("yours − reference")
    if drawn is None:
        _empty(panels[0], mine)
        _empty(panels[2], mine)
    else:
        panels[0].imshow(drawn, cmap=colors, vmin=low, vmax=high)
        difference = drawn - reference
        # Rounding alone is drawn as what it is: nothing.
        largest = max(float(np.abs(difference).max()), 1e-2 * max(high - low, 1e-9))
        shown = panels[2].imshow(difference, cmap="RdBu_r", vmin=-largest, vmax=largest)
        figure.colorbar(shown, ax=panels[2], shrink=0.8)
    figure.colorbar(image, ax=panels[:2], shrink=0.8)
    plt.show()


def _legend_below(axes):
    axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)


def _outline(axes, boxes, color, width, style, label):
    for index, (x1, y1, x2, y2) in enumerate(boxes):
        axes.plot(
            [x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1], color=color, linewidth=width, linestyle=style,
            label=label if index == 0 else None)  # fmt: skip


def boxes(mine, reference, title, picture=None, size=(240, 320)):
    """Boxes, [N, 4], on the picture: the reference's in blue, yours dashed in orange upon them; beside it how far corners are apart."""
    reference = np.asarray(reference, dtype=np.float64)
    drawn = _drawable(mine, reference)
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.6), width_ratios=[3, 2], layout="constrained")
    panels[0].set_title(title)
    if picture is not None:
        panels[0].imshow(picture, extent=(0, size[1], size[0], 0), alpha=0.6)
    _outline(panels[0], reference, REFERENCE, 2.5, "-", "reference")
    panels[1].set_title("yours − reference, pixels")
    if drawn is None:
        _empty(panels[1], mine)
    else:
        _outline(panels[0], drawn, YOURS, 1.5, "--", "yours")
        for column, name in enumerate(["x1", "y1", "x2", "y2"]):
            panels[1].plot(drawn[:, column] - reference[:, column], ".-", label=name)
        largest = max(float(np.abs(drawn - reference).max()), 0.5) * 1.1
        panels[1].set_ylim(-largest, largest)
        panels[1].set_xlabel("row")
        panels[1].legend(fontsize="small")
    panels[0].set_aspect("equal")
    if picture is None:
        panels[0].invert_yaxis()
    _legend_below(panels[0])
    plt.show()


def curves(x, mine, reference, title, labels=("", "")):
    """Numbers along an axis: the reference's as a line, yours as dots upon it."""
    drawn = _drawable(mine, reference)
    figure, panels = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
    figure.suptitle(title)
    panels[0].plot(x, reference, color=REFERENCE, linewidth=3, label="reference")
    panels[1].set_title("yours − reference")
    if drawn is None:
        _empty(panels[1], mine)
    else:
        panels[0].plot(x, drawn, ".", color=YOURS, markersize=5, label="yours")
        difference = drawn - np.asarray(reference)
        panels[1].plot(x, difference, color=YOURS)
        largest = max(float(np.abs(difference).max()), 1e-2 * float(np.ptp(reference)), 1e-6)
        panels[1].set_ylim(-1.1 * largest, 1.1 * largest)
    panels[0].set_xlabel(labels[0])
    panels[0].set_ylabel(labels[1])
    panels[0].legend(fontsize="small")
    plt.show()


def bars(mine, reference, names, title):
    """A few named numbers: yours beside the reference's."""
    drawn = _drawable(mine, reference)
    figure, axes = plt.subplots(figsize=(10, 3), layout="constrained")
    figure.suptitle(title)
    place = np.arange(len(names))
    axes.bar(place + 0.2, reference, 0.4, color=REFERENCE, label="reference")
    if drawn is not None:
        axes.bar(place - 0.2, drawn, 0.4, color=YOURS, label="yours")
    axes.set_xticks(place, names)
    axes.legend(fontsize="small")
    if drawn is None:
        axes.set_title("yours: not done yet" if mine is None else f"yours: shape {np.shape(mine)} cannot be drawn")
    plt.show()


SKELETON = [
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10), (1, 2), (0, 1), (0, 2),
    (1, 3), (2, 4), (3, 5), (4, 6),
]  # fmt: skip


def points(mine, reference, title, picture, box, size=(240, 320)):
    """A person's keypoints, [17, 3], on the picture around their box; beside it how far points are apart."""
    reference = np.asarray(reference, dtype=np.float64)
    drawn = _drawable(mine, reference)
    figure, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    panels[0].set_title(title)
    panels[0].imshow(picture, extent=(0, size[1], size[0], 0), alpha=0.5)
    for a, b in SKELETON:
        panels[0].plot(*reference[[a, b], :2].T, color=REFERENCE, linewidth=1)
    panels[0].plot(reference[:, 0], reference[:, 1], "o", color=REFERENCE, markersize=6, label="reference")
    panels[0].set_xlim(box[0] - 10, box[2] + 10)
    panels[0].set_ylim(box[3] + 10, box[1] - 10)
    panels[1].set_title("yours − reference, pixels")
    if drawn is None:
        _empty(panels[1], mine)
    else:
        panels[0].plot(drawn[:, 0], drawn[:, 1], "x", color=YOURS, markersize=7, label="yours")
        difference = drawn[:, :2] - reference[:, :2]
        for column, name in enumerate("xy"):
            panels[1].plot(difference[:, column], ".-", label=name)
        largest = max(float(np.abs(difference).max()), 0.5) * 1.1
        panels[1].set_ylim(-largest, largest)
        panels[1].set_xlabel("keypoint")
        panels[1].legend(fontsize="small")
    _legend_below(panels[0])
    plt.show()
