#!/usr/bin/env python3
"""Checks the tools themselves on the narrow models: `python3 test_tools.py`."""

import contextlib
import importlib.util
import io
import json
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import benchmark_training
import calibrate
import calibrate_zoo
import check_fidelity
import compare_bundles
import models
import narrow
import numpy as np
import record_detectron2
import record_mmdetection
import record_torchvision
import record_torchvision_zoo
import torch
import torchvision
import training_model
import zoo
import zoo_fidelity
from bundles import Bundle, ToolError, write_bundle
from PIL import Image
from stage_recorder import StageRecorder, deltas_of_classes, masks_of_classes
from stages import TABLE
from torch.nn import functional as F
from torchvision.models.detection.roi_heads import RoIHeads


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
        self.assertEqual(self.failures(changed), ["fpn.p4", "fpn.p3"])  # the pyramid is made from the coarsest level down

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


class Stages(unittest.TestCase):
    """The table of stages is the one that recorded bundles follow."""

    def test_recorded_names_are_in_the_table(self) -> None:
        for name in narrow.ARCHITECTURES:
            tensors = record_torchvision.record(calibrated(name), narrow.drawing())
            self.assertEqual([stage for stage in tensors if TABLE.stage(stage) is None], [], name)
            pointing = [stage for stage in tensors if (found := TABLE.stage(stage)) and found.points_to_proposals]
            self.assertEqual(pointing, ["detections.proposal"], name)

    def test_each_stage_comes_after_what_it_is_made_from(self) -> None:
        order = ["fpn.lateral.p4", "fpn.topdown.p4", "fpn.merged.p4", "fpn.p4", "fpn.p2", "fpn.p6", "anchors.p2", "rpn.deltas.p2",
                 "rpn.candidates.p2.boxes", "rpn.hidden.p3", "rpn.proposals.boxes", "box.hidden.2", "box.hidden.10", "mask.level"]  # fmt: skip
        self.assertEqual(TABLE.in_data_flow_order([*reversed(order), "unknown"]), [*order, "unknown"])

    def test_other_names_are_not(self) -> None:
        for name in ("fpn.p7", "fpn.topdown.p5", "box.hidden.0", "box.hidden.01", "anchors.p2.boxes", "keypoint.level"):
            self.assertIsNone(TABLE.stage(name), name)


class ZooModels(unittest.TestCase):
    """Models of other frameworks' zoos, as far as no other framework is needed."""

    FRAMEWORKS = (record_torchvision_zoo, record_detectron2, record_mmdetection)

    def test_names_are_unique_and_words_can_match(self) -> None:
        for framework in self.FRAMEWORKS:
            names = [model.name for model in framework.MODELS]
            self.assertEqual(len(names), len(set(names)), framework.FRAMEWORK)
            for model in framework.MODELS:
                self.assertTrue(all(model.refused), model.name)
        self.assertEqual({module.FRAMEWORK for module in self.FRAMEWORKS}, set(zoo_fidelity.FRAMEWORKS))

    def test_what_to_install_is_said(self) -> None:
        with unittest.mock.patch.object(importlib.util, "find_spec", return_value=None):
            for framework in (record_detectron2, record_mmdetection):
                with self.assertRaisesRegex(zoo.NotInstalled, "is not installed: .*pip install"):
                    framework.prepare()

    def test_frameworks_that_are_not_installed_are_skipped(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        image = folder / "picture.png"
        Image.fromarray(narrow.drawing()).save(image)
        arguments = ["check_fidelity.py", "--framework", "detectron2", "--image", str(image), "--maskrcnn", sys.executable]
        errors = io.StringIO()
        with (
            unittest.mock.patch.object(importlib.util, "find_spec", return_value=None),
            unittest.mock.patch.object(sys, "argv", [*arguments, "--json", str(folder / "table.json")]),
            contextlib.redirect_stderr(errors),
        ):
            self.assertEqual(check_fidelity.main(), 2)
        self.assertRegex(errors.getvalue(), "^detectron2 is skipped. .*pip install")
        self.assertIn("detectron2", json.loads((folder / "table.json").read_text())["skipped"])

    def test_a_made_reference_is_kept_until_something_changes(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        image = folder / "picture.png"
        Image.fromarray(narrow.drawing()).save(image)
        framework = unittest.mock.Mock()
        framework.versions.return_value, framework.profile.return_value = "one 1.0", "torchvision"

        def make(model: zoo.ZooModel, where: Path, _: Path) -> zoo.Saved:
            where.mkdir(exist_ok=True)
            (where / "model.pth").write_bytes(b"weights")
            return zoo.files(where)

        framework.make.side_effect = make
        framework.record.return_value = {"fpn.p2": torch.zeros(1, 2, 3)}
        model = zoo.ZooModel("one", "one.yaml")
        zoo.make_reference(framework, model, folder / "one", image)
        zoo.make_reference(framework, model, folder / "one", image)
        self.assertEqual(framework.make.call_count, 1)
        self.assertEqual(Bundle(zoo.reference(folder / "one")).metadata["producer"], "one 1.0")
        framework.versions.return_value = "one 2.0"
        zoo.make_reference(framework, model, folder / "one", image)
        self.assertEqual(framework.make.call_count, 2)
        refused = zoo.ZooModel("other", "other.yaml", refused=("other",))
        zoo.make_reference(framework, refused, folder / "other", image)
        self.assertFalse(zoo.reference(folder / "other").exists())
        self.assertTrue(zoo.is_made(framework, refused, folder / "other", image))

    def test_recorder_leaves_the_model_as_it_was(self) -> None:
        model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.ReLU(inplace=True))
        recorder = StageRecorder()
        with recorder.undone():
            recorder.after(model[0], recorder.keeps("backbone.stem"))
            recorder.around(model, "forward", lambda arguments, named, result: recorder.keep("input.tensor", arguments[0][0]))
            result = model(torch.ones(1, 1, 1, 1) * -5)
            with self.assertRaisesRegex(ToolError, "ran twice"):
                model(torch.ones(1, 1, 1, 1))
        self.assertFalse(model[0]._forward_hooks)
        self.assertNotIn("forward", vars(model))
        value = model[0].weight.item() * -5 + model[0].bias.item()
        self.assertAlmostEqual(recorder.tensors["backbone.stem"].item(), value, 5)  # not what the rectifier made of it
        self.assertAlmostEqual(result.item(), max(0, value), 5)

    def test_background_has_masks_and_deltas(self) -> None:
        self.assertEqual(masks_of_classes(torch.ones(2, 1, 3, 3), 4).shape, (2, 1, 3, 3))
        self.assertEqual(masks_of_classes(torch.ones(2, 1, 3, 3), 1).shape, (2, 2, 3, 3))
        padded = masks_of_classes(torch.ones(2, 4, 3, 3), 4)
        self.assertEqual((padded.shape, padded[:, 0].sum().item(), padded[:, 1:].min().item()), ((2, 5, 3, 3), 0, 1))
        self.assertEqual(deltas_of_classes(torch.ones(2, 4), 4).shape, (2, 1, 4))
        deltas = deltas_of_classes(torch.arange(16.0).view(2, 8), 2)
        self.assertEqual(deltas[1].tolist(), [[0, 0, 0, 0], [8, 9, 10, 11], [12, 13, 14, 15]])

    def test_running_calibration_scales_what_it_first_sees(self) -> None:
        class Rectified(torch.nn.Conv2d):
            """As detectron2's convolutions, with the rectifier inside."""

            activation = staticmethod(torch.relu)

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                x = super().forward(x)
                return x if self.activation is None else self.activation(x)

        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, bias=False), torch.nn.BatchNorm2d(8), Rectified(8, 4, 1)).eval()
        image = 50 + 9 * torch.rand(1, 3, 30, 30)
        calibration = calibrate_zoo.RunningCalibration()
        with torch.no_grad(), calibration.watching():
            calibrate_zoo.draw_weights(model, seed=1)
            calibration.norms(model)
            calibration.layers(model, **{"2": (0.5, 2.0)})
            model(image)
            norm = model[1]
            seen = model[:2](image)
            torch.testing.assert_close(seen.mean(dim=(0, 2, 3)), norm.bias, atol=1e-4, rtol=1e-3)
            with calibrate_zoo.linear(model[2]):
                outputs = model(image)
            torch.testing.assert_close(outputs.mean(dim=(0, 2, 3)), torch.full((4,), 0.5), atol=1e-3, rtol=1e-3)
            torch.testing.assert_close(outputs.std(dim=(0, 2, 3)), torch.full((4,), 2.0), atol=1e-2, rtol=1e-3)
        self.assertFalse(any(module._forward_pre_hooks for module in model.modules()))


class ZooFidelity(unittest.TestCase):
    """The table of zoos sees what is wrong, with a program that is told what to answer."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tensors = record_torchvision.record(calibrated("mask"), narrow.drawing())

    def line(self, changed: dict[str, np.ndarray]) -> zoo_fidelity.Line:
        bundles = []
        for name, tensors in (("a", self.tensors), ("b", changed)):
            write_bundle(self.folder / f"{name}.safetensors", tensors, {})
            bundles.append(Bundle(self.folder / f"{name}.safetensors"))
        line = zoo_fidelity.Line("framework", "model")
        zoo_fidelity.fill_end_to_end(line, *bundles)
        return line

    def without(self, rows: int) -> dict[str, np.ndarray]:
        """The tensors without the last detections."""
        prefixes = ("detections.", "mask.", "output.")
        return {name: value[:-rows] if name.startswith(prefixes) else value for name, value in self.tensors.items()}

    def test_equal_sides_pass(self) -> None:
        line = self.line(self.tensors)
        self.assertEqual((line.faults, line.input, line.end_to_end, line.paired, line.masks), ([], 0, 0, 1, 1))

    def test_the_input_has_a_bound_of_its_own(self) -> None:
        changed = {**self.tensors, "input.tensor": self.tensors["input.tensor"] * np.float32(1 + 1e-5)}
        line = self.line(changed)
        self.assertEqual(line.faults, ["input 1.0e-5"])

    def test_the_worst_stage_is_named(self) -> None:
        for factor, faults in ((1 + 5e-4, 0), (1 + 5e-3, 1)):
            line = self.line({**self.tensors, "fpn.p3": self.tensors["fpn.p3"] * np.float32(factor)})
            self.assertEqual((line.end_to_end_stage, len(line.faults)), ("fpn.p3", faults))
            self.assertAlmostEqual(line.end_to_end, factor - 1, delta=1e-5)

    def test_lost_detections_count(self) -> None:
        count = len(self.tensors["output.scores"])
        line = self.line(self.without(1))
        self.assertAlmostEqual(line.paired, (count - 1) / count)
        self.assertTrue(any("of the detections pair" in fault for fault in line.faults))
        self.assertEqual(line.masks, 1)

    def test_masks_of_pairs_are_compared(self) -> None:
        masks = self.tensors["output.masks"].copy()
        masks[0] = 1 - masks[0]
        line = self.line({**self.tensors, "output.masks": masks})
        self.assertAlmostEqual(line.masks, 1 - 1 / len(masks))
        self.assertTrue(any("of the masks" in fault for fault in line.faults))
        empty = np.zeros((2, 4, 4), np.uint8)
        self.assertEqual(zoo_fidelity.masks_that_overlap(empty, empty), 1)

    def test_another_frame_is_a_fault_and_not_an_error(self) -> None:
        changed = {name: value for name, value in self.tensors.items() if not name.startswith("output.")}
        line = self.line(changed | {"input.tensor": self.tensors["input.tensor"][:, 1:]})
        self.assertEqual((line.input, line.paired), (float("inf"), 0))
        text = zoo_fidelity.as_json([(line, zoo.ZooModel("model", "file"))], {}, {})
        self.assertIsNone(json.loads(text)["models"][0]["input"])

    def test_isolated_bound(self) -> None:
        line = zoo_fidelity.Line("framework", "model")
        rows = [
            compare_bundles.Row("fpn.p2", "1", 2e-6, 0, 1e-5, True),
            compare_bundles.Row("box.logits", "1", 2e-5, 0, 1e-5, False),
            compare_bundles.Row("detections.boxes", "1", 0.1, 0, 0, True, "100.00% paired"),
        ]
        zoo_fidelity.fill_isolated(line, rows)
        self.assertEqual((line.isolated, line.isolated_stage), (2e-5, "box.logits"))
        self.assertEqual(line.faults, ["isolated 1 of 3 stages, first box.logits: 2.0e-5"])

    def refusal(self, record: tuple[int, str], inspect: int) -> zoo_fidelity.Line:
        """What comes of a Cascade R-CNN when the program answers like this."""
        program = self.folder / "program"
        program.write_text(
            f"#!{sys.executable}\nimport sys\n"
            f"if sys.argv[1] == 'inspect': sys.exit({inspect})\n"
            f"print({record[1]!r}, file=sys.stderr)\nsys.exit({record[0]})\n"
        )
        program.chmod(0o755)
        saved = zoo.Saved(self.folder / "model.pth", None)
        model = zoo.ZooModel("cascade", "cascade.yaml", refused=("Cascade R-CNN",))
        line = zoo_fidelity.Line("framework", "cascade")
        runner = zoo_fidelity._Runner(str(program), saved, self.folder / "picture.png", 60, 1)
        zoo_fidelity._check_refusal(line, model, runner, self.folder)
        return line

    def test_refusals_name_the_network(self) -> None:
        self.assertEqual(self.refusal((2, "model.pth: this is a cascade R-CNN"), 1).faults, [])
        self.assertEqual(len(self.refusal((2, "model.pth: 80 rows for 0 classes"), 1).faults), 1)
        self.assertEqual(self.refusal((0, "! 9 tensors did not belong"), 0).faults,
                         ["record ends with 0, not 2", "inspect ends with 0, not 1"])  # fmt: skip

    def test_remarks_are_whole_sentences(self) -> None:
        self.assertEqual(zoo_fidelity.sentences("! one\n  more\n\nerror: two\n"), ["! one more", "error: two"])

    def test_configurations_are_compared_by_their_values(self) -> None:
        first = "{\n  // How large.\n  side: 800,  // profile detectron2\n}\n"
        self.assertEqual(zoo_fidelity.values(first), zoo_fidelity.values("{\n  side: 800,  // config.yaml: INPUT\n}"))
        self.assertNotEqual(zoo_fidelity.values(first), zoo_fidelity.values(first.replace("800", "1024")))

    def test_table(self) -> None:
        ran, refused = zoo.ZooModel("one", "one.yaml"), zoo.ZooModel("two", "two.yaml", refused=("word",))
        first = zoo_fidelity.Line("framework", "one", 0, 2e-5, "fpn.p2", 3e-6, "box.logits", 100, 0.995, 1.0, faults=["what failed"])
        second = zoo_fidelity.Line("framework", "two", remarks=["it is a word"])
        text = zoo_fidelity.table([(first, ran), (second, refused)])
        for part in ("2.0e-5 fpn.p2", "99.5 % of 100", "FAILED framework one: what failed", "refused framework two: it is a word"):
            self.assertIn(part, text)
        self.assertEqual(zoo_fidelity.table([(second, refused)], markdown=True).splitlines()[1], "|" + "---|" * 9)


TRAINING = {
    "network": {
        "backbone": {
            "stem": 8, "blocks": [2, 1, 1, 1], "widths": [8, 8, 8, 16], "outputs": [16, 24, 32, 40],
            "groups": 1, "stridePlacement": "conv2", "norm": {"group": 4},
        },
        "features": {"pyramid": {"channels": 16, "norm": {"group": 4}}},
        "proposals": {
            "convolutions": 1, "channels": 16, "anchorSizes": [[8], [16], [32], [64], [128]],
            "aspectRatios": [0.5, 1, 2],
        },
        "classes": 3,
        "boxes": {"head": {"twoLayers": {"hidden": 12}}, "poolSize": 7},
        "masks": {
            "head": {"fullyConvolutional": {"convolutions": 2, "channels": 16, "norm": {"group": 4}}},
            "poolSize": 14, "isClassAgnostic": False, "output": "sigmoid",
        },
        "keypoints": {"convolutions": 2, "channels": 8, "count": 17, "poolSize": 14},
    },
    "input": {"shorterSides": [96], "longestSide": 128},
    "testing": {
        "proposals": {"preNMSTopN": 20, "postNMSTopN": 10, "nmsThreshold": 0.7},
        "boxes": {"scoreThreshold": 0.05, "nmsThreshold": 0.5, "detectionsPerImage": 9},
        "masks": {"threshold": 0.5},
    },
    "groupsByAspectRatio": True, "seed": 1, "batchSize": 2, "accumulationSteps": 1,
    "learningRate": {"base": 0.4, "warmUpSteps": 4, "warmUpStart": 0.5, "drops": [10, 20], "dropFactor": 0.1},
    "updateRule": {"sgd": {"momentum": 0.9}}, "weightDecay": 0.1, "decaysVectors": False,
    "largestGradientNorm": 1, "frozen": [],
    "anchorMatching": {"objectOverlap": 0.7, "backgroundOverlap": 0.3, "allowsLowQuality": True},
    "anchorSampling": {"count": 32, "objectShare": 0.5, "order": "random"},
    "proposals": {"preNMSTopN": 30, "postNMSTopN": 20},
    "proposalMatching": {"objectOverlap": 0.5, "backgroundOverlap": 0.5, "allowsLowQuality": False},
    "proposalSampling": {"count": 16, "objectShare": 0.25, "order": "random"},
    "maskCount": None,
    "keypointCount": None,
    "proposalBoxLoss": {"smoothL1": 0.1111111}, "boxLoss": {"smoothL1": 0.1111111}, "masksAreBinary": False,
    "lossWeights": {"objectness": 1, "proposalBoxes": 1, "classes": 1, "boxes": 1, "masks": 1, "keypoints": 0.5},
}  # fmt: skip


class Training(unittest.TestCase):
    """The peer of the training benchmark is torchvision's model, trained as the configuration says."""

    def setUp(self) -> None:
        torch.manual_seed(0)
        self.model = training_model.build(TRAINING)
        self.images = [torch.rand(3, 96, 128) for _ in range(2)]

    def targets(self, persons: int) -> list[dict[str, torch.Tensor]]:
        """Two pictures with two objects each, of which the first `persons` have keypoints."""
        boxes = torch.tensor([[10.0, 10, 60, 80], [64, 20, 120, 90]])
        keypoints = torch.zeros(2, 17, 3)
        keypoints[:persons] = torch.tensor([40.0, 40, 2])
        masks = torch.ones(2, 96, 128, dtype=torch.uint8)
        return [{"boxes": boxes, "labels": torch.tensor([1, 2]), "masks": masks, "keypoints": keypoints.clone()} for _ in range(2)]

    def losses(self, persons: int) -> dict[str, float]:
        torch.manual_seed(1)  # for sampling
        return {name: value.item() for name, value in self.model(self.images, self.targets(persons)).items()}

    def test_losses_are_torchvisions(self) -> None:
        # Objects without keypoints have no part in torchvision's keypoint loss either: they only take time.
        for persons in (1, 2):
            own = self.losses(persons)
            with unittest.mock.patch.object(training_model.TrainingHeads, "forward", RoIHeads.forward):
                theirs = self.losses(persons)
            self.assertEqual(own.keys(), theirs.keys())
            for name, value in theirs.items():
                self.assertAlmostEqual(own[name], value, delta=1e-5 * value, msg=name)

    def test_keypoint_head_sees_persons_alone(self) -> None:
        rows = []
        self.model.roi_heads.keypoint_head.register_forward_hook(lambda _, inputs, __: rows.append(len(inputs[0])))
        self.losses(persons=2)
        self.losses(persons=1)
        self.assertLess(rows[1], rows[0])
        self.assertNotIn("loss_keypoint", self.losses(persons=0))
        self.assertEqual(len(rows), 2)

    def test_a_free_output_width_is_taken(self) -> None:
        state = self.model.state_dict()
        self.assertEqual(state["backbone.body.layer1.1.conv1.weight"].shape, (8, 16, 1, 1))
        self.assertEqual(state["backbone.body.layer4.0.conv3.weight"].shape, (40, 16, 1, 1))

    def test_names_match_one_to_one(self) -> None:
        own = {
            "backbone.stem.weight": "backbone.body.conv1.weight",
            "backbone.stem.norm.bias": "backbone.body.bn1.bias",
            "backbone.c2.1.conv3.norm.weight": "backbone.body.layer1.1.bn3.weight",
            "backbone.c5.0.shortcut.weight": "backbone.body.layer4.0.downsample.0.weight",
            "fpn.lateral.p2.weight": "backbone.fpn.inner_blocks.0.0.weight",
            "fpn.p5.norm.bias": "backbone.fpn.layer_blocks.3.1.bias",
            "rpn.hidden.1.weight": "rpn.head.conv.0.0.weight",
            "box.hidden.2.bias": "roi_heads.box_head.fc7.bias",
            "mask.hidden.2.norm.bias": "roi_heads.mask_head.1.1.bias",
            "keypoint.hidden.2.weight": "roi_heads.keypoint_head.1.0.weight",
        }
        for name, expected in own.items():
            self.assertEqual(training_model.torchvision_name(name), expected)
            self.assertIn(expected, self.model.state_dict())
        with self.assertRaisesRegex(ToolError, "the two networks differ"):
            training_model.load(self.model, {"backbone.stem.weight": torch.zeros(8, 3, 7, 7)})
        with self.assertRaises(ToolError):
            training_model.torchvision_name("cascade.1.weight")

    def test_what_torchvision_cannot_do_is_refused(self) -> None:
        without_keypoints = TRAINING["network"] | {"keypoints": None}
        for name, value in (
            ("masksAreBinary", True),
            ("boxLoss", "giou"),
            ("boxLoss", {"smoothL1": 1}),
            ("frozen", ["backbone"]),
            ("network", without_keypoints),
        ):
            with self.assertRaisesRegex(ToolError, name):
                training_model.build(TRAINING | {name: value})

    def test_a_step_follows_the_configuration(self) -> None:
        # By hand: warm-up from half of 0.4, then a tenth from step 10 and a hundredth from step 20 on.
        rates = [training_model.learning_rate(TRAINING, step) for step in (0, 2, 4, 10, 20)]
        np.testing.assert_allclose(rates, [0.2, 0.3, 0.4, 0.04, 0.004])
        rule = training_model.optimizer(self.model, TRAINING)
        before = self.model.backbone.body["conv1"].weight.detach().clone()
        training_model.train_step(self.model, rule, self.images, self.targets(1), TRAINING, 0)
        self.assertFalse(torch.equal(before, self.model.backbone.body["conv1"].weight))
        norm = torch.stack([p.grad.norm() for p in self.model.parameters()]).norm().item()
        self.assertLessEqual(norm, 1.0001)  # shortened
        self.assertEqual([group["weight_decay"] for group in rule.param_groups], [0.1, 0])
        self.assertEqual(sum(len(g["params"]) for g in rule.param_groups), len(list(self.model.parameters())))

    def test_batches_hold_one_orientation(self) -> None:
        sizes = [(96, 128)] * 5 + [(128, 96)] * 3
        order = training_model.batches(sizes, TRAINING)
        drawn = [next(order) for _ in range(6)]
        for batch in drawn:
            self.assertEqual(len(batch), 2)
            self.assertEqual(len({sizes[index] for index in batch}), 1)
        self.assertEqual(len({index for batch in drawn[:3] for index in batch}), 6)  # none twice in a round
        with self.assertRaises(ToolError):
            next(training_model.batches([(96, 128), (128, 96)], TRAINING))

    def test_time_of_a_step_is_read_from_reports(self) -> None:
        lines = [(0.0, "  step  loss\n"), (5.0, " 1 7.9\n"), (6.0, " 2 7.8\n"), (8.0, " 3 7.7\n"), (20.0, "model.safetensors\n")]
        self.assertEqual(benchmark_training.seconds_per_step(lines, warm_up=1, steps=2), 1.5)
        with self.assertRaises(ToolError):
            benchmark_training.seconds_per_step(lines, warm_up=1, steps=3)


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
