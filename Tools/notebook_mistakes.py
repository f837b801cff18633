"""Mistakes that readers of the notebooks make, and what the check has to say of each.

`MISTAKES[notebook]` are (replacements in the solutions, check, words that its message has to have).
"""

MISTAKES = {
    "01-pyramid": [
        ([("(height + 31) // 32 * 32, (width + 31) // 32 * 32", "height, width")], "check_sizes", "not padded to multiples of 32"),
        ([("((rows + 1) // 2, (columns + 1) // 2)", "(rows // 2, columns // 2)")], "check_sizes", "p6 is cut down"),
        ([("x.reshape(groups, -1)", "x.reshape(len(x), -1)")], "check_group_norm", "each channel is normalised by itself"),
        ([("scale, shift, 8)", "scale, shift, 64)")], "check_lateral", "groups are not 8 but one for each channel"),
        ([("x.repeat(2, axis=1).repeat(2, axis=2)", "np.tile(x, (1, 2, 2))")], "check_merge", "the map as a whole is repeated"),
        ([("return side + enlarge(above)", "return side + enlarged_bilinearly(above)"),
          ("def merge(", """def enlarged_bilinearly(x):
    for axis in [1, 2]:
        n = x.shape[axis]
        place = np.clip((np.arange(2 * n) + 0.5) / 2 - 0.5, 0, n - 1)
        low = place.astype(int)
        share = (place - low).reshape([-1 if a == axis else 1 for a in range(3)])
        x = x.take(low, axis) * (1 - share) + x.take(np.minimum(low + 1, n - 1), axis) * share
    return x

def merge(""")], "check_merge", "enlarged bilinearly"),
        ([("return side + enlarge(above)", "return enlarge(above)")], "check_merge", "add the lateral one"),
        ([("weight[:, :, k, l]", "weight[:, :, 2 - k, 2 - l]")], "check_convolve", "turned by 180°"),
        ([("(1, 1), (1, 1)))", '(1, 1), (1, 1)), mode="edge")')], "check_convolve", "repeats the map's edge"),
        ([("p5[:, ::2, ::2]", "p5[:, 1::2, 1::2]")], "check_p6", "begin with the first"),
    ],
    "02-anchors": [
        ([("size / np.sqrt(ratios), size * np.sqrt(ratios)", "size * np.sqrt(ratios), size / np.sqrt(ratios)")], "check_shapes", "height over width"),
        ([("axis=1) / 2", "axis=1)")], "check_shapes", "twice as large"),
        ([("return np.stack([-width, -height, width, height], axis=1) / 2", "return np.round(np.stack([-width, -height, width, height], axis=1) / 2)")],
         "check_shapes", "corners are rounded"),
        ([("return np.stack([-width, -height, width, height], axis=1) / 2", "return np.stack([-width, -height, width, height]) / 2")],
         "check_shapes", "transpose(1, 0) puts them right"),
        ([("axis=1) / 2", "axis=1)[:, [1, 0, 3, 2]] / 2")], "check_shapes", "a box is x1 y1 x2 y2"),
        ([("np.arange(height)", "(np.arange(height) + 0.5)"), ("np.arange(width)", "(np.arange(width) + 0.5)")], "check_anchors", "half a stride"),
        ([('indexing="ij"', 'indexing="xy"')], "check_anchors", "the order is row, column, shape"),
        ([("[x, y, x, y]", "[y, x, y, x]")], "check_anchors", "x and y are exchanged"),
        ([(".reshape(-1, 4)", "")], "check_anchors", "reshape(-1, 4)"),
    ],
    "03-box-coding": [
        ([("boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]\n    x, y", "boxes[:, 2] - boxes[:, 0] + 1, boxes[:, 3] - boxes[:, 1] + 1\n    x, y")],
         "check_decode", "counted with + 1"),
        ([("dx, dy, dw, dh = deltas.T", "dy, dx, dh, dw = deltas.T")], "check_decode", "x and y are exchanged in the deltas"),
        ([("np.minimum(dw, LIMIT)", "dw"), ("np.minimum(dh, LIMIT)", "dh")], "check_decode", "dw and dh are not cut"),
        ([("np.log(tw / w), np.log(th / h)", "tw / w - 1, th / h - 1")], "check_encode", "lack the logarithm"),
        ([("tw / 2 - boxes[:, 0] - w / 2) / w", "tw / 2 - boxes[:, 0] - w / 2)"), ("th / 2 - boxes[:, 1] - h / 2) / h", "th / 2 - boxes[:, 1] - h / 2)")],
         "check_encode", "dx and dy are in pixels"),
        ([(".transpose(2, 3, 0, 1).reshape(-1, 4)", ".reshape(-1, 4)")], "check_candidates", "the deltas are not turned"),
        ([(".transpose(1, 2, 0).reshape(-1)", ".reshape(-1)")], "check_candidates", "the logits are not turned"),
        ([("np.clip(boxes, 0, [width, height, width, height])", "boxes")], "check_candidates", "not clipped"),
        ([("[width, height, width, height]", "[height, width, height, width]")], "check_candidates", "x is clipped to the height"),
        ([("1 / (1 + np.exp(-logits[best]))", "logits[best]")], "check_candidates", "these are logits"),
    ],
    "04-nms": [
        ([("np.maximum(right_bottom - left_top, 0)", "right_bottom - left_top")], "check_overlap", "do not touch"),
        ([("area(box) + area(boxes) - shared", "area(box) + area(boxes)")], "check_overlap", "counts twice"),
        ([("(b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])", "(b[..., 2] - b[..., 0] + 1) * (b[..., 3] - b[..., 1] + 1)"),
          ("right_bottom - left_top, 0", "right_bottom - left_top + 1, 0")], "check_overlap", "+ 1"),
        ([("<= threshold", "< threshold")], "check_suppress", "equals the threshold"),
        ([("    while len(order):", """    for i, index in enumerate(order):
        better = order[:i]
        if i == 0 or overlap(boxes[index], boxes[better]).max() <= threshold:
            kept.append(index)
    order = []
    while len(order):""")], "check_suppress", "goes on dropping others"),
        ([("np.argsort(-scores, kind", "np.argsort(scores, kind")], "check_suppress", "begins with the lowest score"),
        ([('for level in ["p2", "p3", "p4", "p5", "p6"]:', "for level in [0]:"),
          ('boxes = reference[f"rpn.candidates.{level}.boxes"]',
           'boxes = np.concatenate([reference[f"rpn.candidates.p{l}.boxes"] for l in range(2, 7)])'),
          ('scores = reference[f"rpn.candidates.{level}.scores"]',
           'scores = np.concatenate([reference[f"rpn.candidates.p{l}.scores"] for l in range(2, 7)])')],
         "check_proposals", "all levels are suppressed together"),
        ([("threshold=0.7", "threshold=0.5")], "check_proposals", "proposals have 0.7"),
        ([("[:count]", "")], "check_proposals", "cut the list to the 200 best"),
    ],
    "05-roipool": [
        ([("np.floor(edge * scale + 0.5)", "edge * scale")], "check_bins", "cut down to whole positions"),
        ([("np.floor(edge * scale + 0.5)", "np.round(edge * scale)")], "check_bins", "rounded to even"),
        ([("last - first + 1", "last - first")], "check_bins", "the last position is not counted in"),
        ([("return np.clip(starts, 0, length), np.clip(ends, 0, length)", "return starts, ends")], "check_bins", "clip them to between 0 and 80"),
        ([(".max(axis=(1, 2))", ".mean(axis=(1, 2))")], "check_roi_pool", "RoIPool takes the maximum"),
        ([("bins(box[1], box[3]", "bins(box[0], box[2]"), ("columns = bins(box[0], box[2]", "columns = bins(box[1], box[3]")],
         "check_roi_pool", "x and y are exchanged"),
    ],
    "06-roialign": [
        ([("np.clip(np.floor(4 +", "(np.floor(4 +"), (", 2, 5).astype", ").astype")], "check_level", "clip to between 2 and 5"),
        ([("np.floor(4 +", "(4 +"), (", 2, 5).astype(int)", ", 2, 5)")], "check_level", "whole numbers"),
        ([("v, u = y - top, x - left", "u, v = y - top, x - left")], "check_bilinear", "First at channel 0"),
        ([("top, left = int(y), int(x)", "y, x = y - 0.5, x - 0.5\n    top, left = max(int(y), 0), max(int(x), 0)")], "check_bilinear", "bilinear at y = 0.25"),
        ([("scale - 0.5", "scale")], "check_roi_align", "half a position too far to the lower right"),
        ([("box * scale - 0.5", "(box - 0.5) * scale")], "check_roi_align", "before the box is scaled"),
        ([("for sy in [0.25, 0.75]", "for sy in [0.5, 0.5]"), ("for sx in [0.25, 0.75]", "for sx in [0.5, 0.5]")], "check_roi_align", "one sample"),
        ([("x1, y1, x2, y2 = box", "y1, x1, y2, x2 = box")], "check_roi_align", "x and y are exchanged"),
        ([("return output / 4", "return output")], "check_roi_align", "take their mean"),
    ],
    "07-box-head": [
        ([("v @ weight.T + bias", "v @ weight.T")], "check_linear", "the bias is missing"),
        ([("v @ weight.T + bias", "np.maximum(v @ weight.T + bias, 0)")], "check_linear", "ReLU"),
        ([("powers / powers.sum(axis=1, keepdims=True)", "1 / (1 + np.exp(-logits))")], "check_softmax", "these are sigmoids"),
        ([("powers.sum(axis=1, keepdims=True)", "powers.sum(axis=0, keepdims=True)")], "check_softmax", "it should be along each row"),
        ([("np.exp(logits - logits.max(axis=1, keepdims=True))", "np.exp(logits)")], "check_softmax", "subtract the row's largest logit"),
        ([("deltas[:, k] / weights", "deltas[:, k]")], "check_refine", "the division by the weights (10, 10, 5, 5) is missing"),
        ([("return np.clip(boxes, 0, [width, height, width, height])", "return boxes")], "check_refine", "not clipped"),
        ([("    found.sort(", """    kept = suppress(np.array([f[2] for f in found]), np.array([f[0] for f in found]), 0.5)
    found = [found[i] for i in kept]
    found.sort(""")], "check_detect", "classes suppress each other"),
        ([("range(1, probabilities", "range(0, probabilities")], "check_detect", "background, class 0"),
        ([("rows[suppress(boxes[rows, k], probabilities[rows, k], 0.5)]", "rows")], "check_detect", "copies of the same object"),
        ([("found.sort(", "sorted(found, ")], "check_detect", "in the order of classes"),
        ([("np.flatnonzero(probabilities[:, k] > threshold)", "np.flatnonzero((probabilities[:, k] > threshold) & (probabilities.argmax(1) == k))")],
         "check_detect", "only the likeliest class"),
    ],
    "08-sigmoid-softmax": [
        ([("np.exp(-x)", "np.exp(x)")], "check_sigmoid", "the exponent is −x"),
        ([("return sigmoid(logits[np.arange(len(classes)), classes])",
           "p = np.exp(logits - logits.max(1, keepdims=True))\n    return (p / p.sum(1, keepdims=True))[np.arange(len(classes)), classes]")],
         "check_masks", "this is a softmax over the classes"),
        ([("sigmoid(logits[np.arange(len(classes)), classes])", "sigmoid(logits[np.arange(len(classes)), classes - 1])")],
         "check_masks", "off by one"),
        ([("powers.sum(axis=1, keepdims=True)", "powers.sum(axis=(2, 3), keepdims=True)")], "check_softmax_masks", "the sum is over the pixels of a channel"),
        ([("np.exp(logits - logits.max(axis=1, keepdims=True))", "np.exp(logits)")], "check_softmax_masks", "subtract the largest logit"),
        ([("(np.exp(-np.abs(x)))).mean()", "(np.exp(-np.abs(x)))).sum()")], "check_loss", "take the mean"),
        ([("(np.maximum(x, 0) - x * targets + np.log1p(np.exp(-np.abs(x)))).mean()",
           "(-targets * np.log(sigmoid(x)) - (1 - targets) * np.log(1 - sigmoid(x))).mean()")], "check_loss", "the logarithm infinite"),
        ([("gradient[right] = (sigmoid(logits[right]) - targets) / targets.size", "gradient = (sigmoid(logits) - targets[:, None]) / targets.size")],
         "check_gradient", "the other channels have a gradient too"),
        ([("/ targets.size", "")], "check_gradient", "divide by the number of cells"),
    ],
    "09-mask-pasting": [
        ([("* side - 0.5", "* side")], "check_places", "half a value too far on"),
        ([("(np.arange(length) + 0.5 - first) / (last - first) * side - 0.5", "(np.arange(length) - first) / (last - first) * (side - 1)")],
         "check_places", "there are `side` of them"),
        ([("np.arange(length) + 0.5", "np.arange(length)")], "check_places", "taken at their corner"),
        ([("interpolate(np.pad(square, 1)", "interpolate(np.pad(square >= 0.5, 1).astype(float)")], "check_paste", "cut at one half before it is enlarged"),
        ([("low = np.minimum(np.floor(place).astype(int), len(padded) - 2)", "place = np.floor(place + 0.5)\n    low = np.minimum(np.floor(place).astype(int), len(padded) - 2)")],
         "check_paste", "the nearest value is taken"),
        ([("interpolate(np.pad(square, 1)", 'interpolate(np.pad(square, 1, mode="edge")')], "check_paste", "around the square there is 0"),
        ([("places(box[1], box[3]", "places(box[0], box[2]"), ("rows.T, places(box[0], box[2]", "rows.T, places(box[1], box[3]")],
         "check_paste", "x and y are exchanged"),
    ],
    "10-keypoints": [
        ([("np.floor((points", "np.round((points")], "check_cells", "rounded to the nearest"),
        ([("return np.floor((points - box[:2]) * side / (box[2:] - box[:2])).astype(int)",
           "return np.floor((points - box[:2]) * side / (box[2:] - box[:2])).astype(int)[:, ::-1]")], "check_cells", "row and column are exchanged"),
        ([("(np.arange(pixels) + 0.5) * cells / pixels - 0.5", "np.arange(pixels) * cells / pixels")], "check_weights", "the halves are missing"),
        ([("    matrix[:, 2] += matrix[:, 0] + matrix[:, 1]\n    matrix[:, -3] += matrix[:, -2] + matrix[:, -1]\n", "")],
         "check_weights", "what falls beyond the border is lost"),
        ([("(column + 0.5)", "column"), ("(row + 0.5)", "row")], "check_keypoints", "the half is missing"),
        ([("np.ceil", "np.floor")], "check_keypoints", "rounded up"),
        ([("w, h = int(np.ceil(x2 - x1)), int(np.ceil(y2 - y1))", "w = h = 56"), ("large = rows @ map @ columns.T", "large = map")],
         "check_keypoints", "the maps are not enlarged"),
        ([("matrix = cubic(np.abs(place[:, None] - np.arange(-2, cells + 2)))",
           "matrix = np.maximum(1 - np.abs(place[:, None] - np.arange(-2, cells + 2)), 0)")], "check_weights", "this is linear"),
        ([("row, column = np.unravel_index", "column, row = np.unravel_index"), ("large[row, column]", "large.max()")],
         "check_keypoints", "row and column are exchanged"),
        ([("cells[:, 1] * maps.shape[2] + cells[:, 0]", "cells[:, 0] * maps.shape[2] + cells[:, 1]")], "check_loss", "column and row of the right cell"),
        ([("maps, cells = maps[labelled], cells[labelled]", "pass")], "check_loss", "keypoints without a label count too"),
    ],
    "11-rpn-targets": [
        ([("for box in objects], axis=1)", "for box in objects], axis=0)")], "check_overlaps", "transpose(1, 0) puts them right"),
        ([("        answer[low] = best[low]", "        pass")], "check_match", "an object is left without an anchor"),
        ([("np.where(most < 0.3, -1, -2)", "-1")], "check_match", "it should be ignored"),
        ([("answer[low] = best[low]", "answer[low] = k")], "check_match", "it keeps the object that it overlaps most itself"),
        ([("low = (table[:, k] == table[:, k].max()) & (table[:, k] > 0)", "low = [table[:, k].argmax()]")], "check_match", "only one of several"),
        ([("random.permutation(np.flatnonzero(matches >= 0))[: count // 2]", "random.permutation(np.flatnonzero(matches >= 0))[:count]")],
         "check_sample", "at most half of 128"),
        ([("matches == -1", "matches < 0")], "check_sample", "ignored anchors (−2) are drawn"),
        ([("[: count - len(positives)]", "[: count // 2]")], "check_sample", "background fills what positives leave"),
        ([("logits[rows], matches[rows] >= 0", "logits[matches > -2], matches[matches > -2] >= 0")], "check_objectness", "only the sampled ones do"),
        ([("logits[rows], matches[rows] >= 0", "logits[rows], np.maximum(matches[rows], 0)")], "check_objectness", "1 for any object"),
        ([("return loss.sum() / len(rows)", "return loss.sum() / len(positive)")], "check_delta_loss", "negatives too"),
        ([("loss.sum()", "loss.mean(axis=1).sum()")], "check_delta_loss", "they are added"),
        ([("positive = rows[matches[rows] >= 0]", "positive = np.flatnonzero(matches >= 0)")], "check_delta_loss", "only sampled ones do"),
        ([("beta = np.abs(deltas[positive] - wanted), 1 / 9", "beta = np.abs(deltas[positive] - wanted), 1")], "check_delta_loss", "it should be 1/9"),
    ],
    "12-training-step": [
        ([(" - right).mean()", " - right).sum()")], "check_loss", "take the mean"),
        ([("z = logits - logits.max(axis=1, keepdims=True)", "z = logits")], "check_loss", "exp(900) is infinite"),
        ([("    z = logits - logits", """    t = np.eye(logits.shape[1])[labels]
    return (np.maximum(logits, 0) - logits * t + np.log1p(np.exp(-np.abs(logits)))).sum(axis=1).mean()
    z = logits - logits""")], "check_loss", "they are one softmax"),
        ([("return gradient / len(labels)", "return gradient")], "check_gradient", "divide by the number of proposals"),
        ([("return gradient / len(labels)", "return -gradient / len(labels)")], "check_gradient", "probability minus target"),
        ([("gradient.T @ features", "features.T @ gradient")], "check_pullback", "transpose it"),
        ([("gradient.sum(axis=0)", "gradient.mean(axis=0)")], "check_pullback", "they are added"),
        ([("parameter - rate", "parameter + rate")], "check_step", "uphill"),
        ([("momentum * velocity + gradient", "momentum * velocity + (1 - momentum) * gradient")], "check_step", "added whole"),
        ([(" + decay * parameter", "")], "check_step", "weight decay is missing"),
        ([("    velocity = momentum * velocity + gradient + decay * parameter\n    return parameter - rate * velocity, velocity",
           "    return parameter - rate * velocity, momentum * velocity + gradient + decay * parameter")], "check_step", "by the old velocity"),
        ([("step(weight, weight_velocity, by_weight", "step(weight, 0 * weight, by_weight"), ("step(bias, bias_velocity, by_bias", "step(bias, 0 * bias, by_bias")],
         "check_train", "there is no momentum"),
    ],
    "13-average-precision": [
        ([("    precision = np.maximum.accumulate(precision[::-1])[::-1]\n", "")], "check_average_precision", "the curve goes up and down"),
        ([("np.linspace(0, 1, 101)", "np.linspace(0, 1, 11)")], "check_average_precision", "11 points"),
        ([("            free[best] = False", "            pass")], "check_judge", "an object is found twice"),
        ([(">= threshold", "> threshold")], "check_judge", "equals the threshold is enough"),
        ([("    return np.mean(results)", """    means = []
    for category in categories:
        each = [(judge(b, o, threshold), len(o)) for image in images for b, _, o in [pictures[image, category]] if len(o)]
        means.append(np.mean([average_precision(right, count) for right, count in each]))
    return np.mean(means)""")], "check_ap", "the mean is over pictures"),
        ([("for category in categories:", "for group in [categories]:"),
          ("            boxes, scores, objects = pictures[image, category]\n            all_scores.extend(scores)\n"
           "            right.extend(judge(boxes, objects, threshold))\n            count += len(objects)",
           "            for category in group:\n                boxes, scores, objects = pictures[image, category]\n"
           "                all_scores.extend(scores)\n                right.extend(judge(boxes, objects, threshold))\n"
           "                count += len(objects)")], "check_ap", "all classes make one curve"),
    ],
}  # fmt: skip
