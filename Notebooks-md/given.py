"""What later notebooks take for granted: answers of 03-box-coding and 04-nms. Reading it gives these away."""

import numpy as np

LIMIT = np.log(1000 / 16)


def decode(deltas, boxes):
    """[N, 4]: `boxes`, [N, 4], each changed by its row of `deltas`, [N, 4] (03-box-coding)."""
    w, h = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    x, y = boxes[:, 0] + w / 2, boxes[:, 1] + h / 2
    dx, dy, dw, dh = deltas.T
    x, y = x + dx * w, y + dy * h
    w, h = w * np.exp(np.minimum(dw, LIMIT)), h * np.exp(np.minimum(dh, LIMIT))
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1)


def encode(targets, boxes):
    """[N, 4]: the deltas that turn `boxes`, [N, 4], into `targets`, [N, 4] (03-box-coding)."""
    w, h = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    tw, th = targets[:, 2] - targets[:, 0], targets[:, 3] - targets[:, 1]
    dx = (targets[:, 0] + tw / 2 - boxes[:, 0] - w / 2) / w
    dy = (targets[:, 1] + th / 2 - boxes[:, 1] - h / 2) / h
    return np.stack([dx, dy, np.log(tw / w), np.log(th / h)], axis=1)


def overlap(box, boxes):
    """[N]: the IoU of one box, [4], with each of several, [N, 4] (04-nms)."""
    shared = np.maximum(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0).prod(axis=1)
    area = lambda b: (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    return shared / (area(box) + area(boxes) - shared)


def suppress(boxes, scores, threshold):
    """The indices of the boxes, [N, 4], that stay, the one of the best score first (04-nms)."""
    order, kept = np.argsort(-scores, kind="stable"), []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        order = rest[overlap(boxes[best], boxes[rest]) <= threshold]
    return kept
