#!/usr/bin/env python3
"""Checks the tools themselves on the narrow models: `python3 test_tools.py`."""

import tempfile
import unittest
from pathlib import Path

import calibrate
import compare_bundles
import models
import narrow
import numpy as np
import record_torchvision
import torch
import torchvision
from bundles import Bundle, ToolError, write_bundle
from torch.nn import functional as F


def calibrated(name: str) -> models.GeneralizedRCNN:
    model = models.build(narrow.ARCHITECTURES[name], **narrow.SETTINGS)
    calibrate.calibrate(model, [unit(narrow.drawing())], seed=1, detections=10)
    return model


def unit(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1) / 255


class Recorder(unittest.TestCase):
    """What is recorded is what the model computed."""

    def test_architecture_equals_torchvisions_own(self) -> None:
        for name, architecture in models.PUBLISHED.items():
            own = models.build(architecture).state_dict()
            theirs = getattr(torchvision.models.detection, name)(weights=None, weights_backbone=None).state_dict()
            shapes = {key: value.shape for key, value in theirs.items() if "num_batches" not in key}
            self.assertEqual({key: value.shape for key, value in own.items() if "num_batches" not in key}, shapes)
            self.assertEqual(models.architecture_of(own), architecture)

    def test_own_model_computes_what_torchvisions_does(self) -> None:
        image = unit(narrow.drawing(60, 90))
        torch.manual_seed(0)
        theirs = torchvision.models.detection.maskrcnn_resnet50_fpn_v2(
            weights=None, weights_backbone=None, min_size=64, box_score_thresh=0.0
        ).eval()
        own = models.build(models.PUBLISHED["maskrcnn_resnet50_fpn_v2"], min_size=64, box_score_thresh=0.0)
        own.load_state_dict(theirs.state_dict())
        with torch.no_grad():
            for key, value in theirs([image])[0].items():
                self.assertTrue(torch.equal(value, own([image])[0][key]), key)

    def test_recording_changes_nothing(self) -> None:
        image = narrow.drawing()
        for name in narrow.ARCHITECTURES:
            model = calibrated(name)
            with torch.no_grad():
                before = model([unit(image)])[0]
                tensors = record_torchvision.record(model, image)
                after = model([unit(image)])[0]
            for key, value in before.items():
                self.assertTrue(torch.equal(value, after[key]), f"{name} {key}")
            self.assertFalse(any(module._forward_hooks for module in model.modules()))
            np.testing.assert_array_equal(tensors["output.boxes"], before["boxes"].numpy())
            np.testing.assert_array_equal(tensors["output.classes"], before["labels"].numpy())
            if "masks" in before:
                np.testing.assert_array_equal(tensors["output.masks"], before["masks"][:, 0].numpy() >= 0.5)
            if "keypoints" in before:
                np.testing.assert_array_equal(tensors["output.keypoints"][..., :2], before["keypoints"][..., :2].numpy())
                np.testing.assert_array_equal(tensors["output.keypoints"][..., 2], before["keypoints_scores"].numpy())

    def test_stages_follow_from_each_other(self) -> None:
        for name in narrow.ARCHITECTURES:
            model = calibrated(name)
            t = {key: torch.from_numpy(value) for key, value in record_torchvision.record(model, narrow.drawing()).items()}
            with torch.no_grad():
                body = model.backbone.body
                stem = body["maxpool"](body["relu"](body["bn1"](body["conv1"](t["input.tensor"][None]))))
                self.close(stem[0], t["backbone.stem"], name)
                for level in range(2, 6):
                    before = t["backbone.stem"] if level == 2 else t[f"backbone.c{level - 1}"]
                    self.close(body[f"layer{level - 1}"](before[None])[0], t[f"backbone.c{level}"], name)
                for level in range(2, 5):
                    merged = t[f"fpn.lateral.p{level}"] + t[f"fpn.topdown.p{level}"]
                    self.assertTrue(torch.equal(merged, t[f"fpn.merged.p{level}"]))
                self.assertTrue(torch.equal(t["fpn.lateral.p5"], t["fpn.merged.p5"]))
                self.assertTrue(torch.equal(t["fpn.p5"][:, ::2, ::2], t["fpn.p6"]))
                for level in range(2, 7):
                    hidden = model.rpn.head.conv(t[f"fpn.p{level}"][None])
                    self.close(hidden[0], t[f"rpn.hidden.p{level}"], name)
                    self.assertEqual(len(t[f"anchors.p{level}"]), t[f"rpn.objectness.p{level}"].numel())
                    deltas = model.rpn.head.bbox_pred(hidden)[0]
                    self.close(deltas, t[f"rpn.deltas.p{level}"].flatten(0, 1), name)
                self.candidates_follow(model, t)
                head = model.roi_heads.box_head(t["box.pooled"])
                self.close(head, t["box.hidden.2" if "box.hidden.2" in t else "box.hidden.1"], name)
                self.close(F.softmax(t["box.logits"], -1), t["box.probabilities"], name)
                rows = t["detections.proposal"]
                decoded = model.roi_heads.box_coder.decode(t["box.deltas"][rows].flatten(1), [t["rpn.proposals.boxes"][rows]])
                size = [int(side) for side in t["input.size"]]
                decoded = torchvision.ops.clip_boxes_to_image(decoded, size)
                chosen = torch.arange(len(rows))
                self.close(decoded[chosen, t["detections.classes"]], t["detections.boxes"], name)
                if name.startswith("mask"):
                    self.close(model.roi_heads.mask_head(t["mask.pooled"]), t["mask.hidden.4"], name)
                    self.close(model.roi_heads.mask_predictor(t["mask.hidden.4"]), t["mask.logits"], name)
                    probabilities = t["mask.logits"][chosen, t["detections.classes"]].sigmoid()
                    self.close(probabilities, t["mask.probabilities"], name)

    def candidates_follow(self, model: models.GeneralizedRCNN, t: dict[str, torch.Tensor]) -> None:
        """Decoding the best anchors by hand gives the candidates."""
        size = [int(side) for side in t["input.size"]]
        for level in range(2, 7):
            scores = t[f"rpn.objectness.p{level}"].permute(1, 2, 0).flatten()
            deltas = t[f"rpn.deltas.p{level}"].permute(2, 3, 0, 1).flatten(0, 2)
            boxes = model.rpn.box_coder.decode(deltas, [t[f"anchors.p{level}"]])[:, 0]
            best = scores.argsort(descending=True)[: narrow.SETTINGS["rpn_pre_nms_top_n_test"]]
            clipped = torchvision.ops.clip_boxes_to_image(boxes[best], size)
            self.close(clipped, t[f"rpn.candidates.p{level}.boxes"], f"p{level}")
            self.close(scores[best].sigmoid(), t[f"rpn.candidates.p{level}.scores"], f"p{level}")

    def close(self, a: torch.Tensor, b: torch.Tensor, what: str) -> None:
        self.assertEqual(a.shape, b.shape, what)
        self.assertLessEqual((a - b).norm().item(), 1e-6 * max(1, b.norm().item()), what)

    def test_released_names_load(self) -> None:
        model = calibrated("mask")
        state = {models.released_name(key): value for key, value in model.state_dict().items()}
        self.assertIn("roi_heads.mask_head.mask_fcn1.weight", state)
        self.assertIn("backbone.fpn.inner_blocks.0.weight", state)
        self.assertEqual({models.current_name(key) for key in state}, set(model.state_dict()))
        models.build(narrow.ARCHITECTURES["mask"]).load_state_dict(state)


class Comparing(unittest.TestCase):
    """The comparison sees what differs, and only that."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tensors = record_torchvision.record(calibrated("mask"), narrow.drawing())

    def failures(self, changed: dict[str, np.ndarray], isolated: bool = False) -> list[str]:
        for name, tensors in (("a", self.tensors), ("b", changed)):
            write_bundle(self.folder / f"{name}.safetensors", tensors, {})
        bundles = [Bundle(self.folder / f"{name}.safetensors") for name in "ab"]
        return [row.stage for row in compare_bundles.compare(*bundles, isolated) if not row.passed]

    def test_equal_bundles_agree(self) -> None:
        for isolated in (False, True):
            self.assertEqual(self.failures(self.tensors, isolated), [])

    def test_one_changed_value_is_found(self) -> None:
        for name, value in self.tensors.items():
            if name.startswith(("input.image", "output.masks")) or name.endswith(".proposal"):
                continue
            changed = value.copy()
            changed.flat[0] += 1000
            failures = self.failures({**self.tensors, name: changed}, isolated=True)
            self.assertIn(name, failures)

    def test_not_a_number_is_found(self) -> None:
        changed = self.tensors["fpn.p3"].copy()
        changed[0, 0, 0] = np.nan
        self.assertEqual(self.failures({**self.tensors, "fpn.p3": changed}), ["fpn.p3"])

    def test_other_shape_and_missing_stage_are_found(self) -> None:
        changed = {**self.tensors, "fpn.p3": self.tensors["fpn.p3"][:, :, 1:]}
        del changed["fpn.p4"]
        self.assertEqual(self.failures(changed), ["fpn.p3", "fpn.p4"])

    def test_proposals_in_another_order_pair(self) -> None:
        order = np.arange(len(self.tensors["rpn.proposals.scores"]))
        order[[3, 4]] = order[[4, 3]]
        changed = dict(self.tensors)
        for name in self.tensors:
            if name.startswith(("box.", "rpn.proposals.")):
                changed[name] = self.tensors[name][order]
        changed["detections.proposal"] = np.argsort(order)[self.tensors["detections.proposal"]]
        self.assertEqual(self.failures(changed), [])

    def test_a_lost_detection_is_found(self) -> None:
        changed = dict(self.tensors)
        for name in self.tensors:
            if name.startswith(("detections.", "mask.", "output.")):
                changed[name] = self.tensors[name][1:]
        failures = self.failures(changed)
        self.assertIn("detections.boxes", failures)
        self.assertIn("output.masks", failures)
        self.assertNotIn("mask.logits", failures)  # those that remain are the same

    def test_a_damaged_file_is_told(self) -> None:
        path = self.folder / "broken.safetensors"
        path.write_bytes(b"\x10\0\0\0\0\0\0\0{}")
        with self.assertRaises(ToolError):
            Bundle(path)


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
