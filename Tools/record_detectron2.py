#!/usr/bin/env python3
"""Makes models of detectron2's zoo, and records every stage of one on a picture, as a bundle.

    record_detectron2.py --list
    record_detectron2.py NAME --image photograph.png --output FOLDER

detectron2 builds the model from its zoo's configuration, reads the picture, resizes it, loads the checkpoint and runs
it, all by its own code; hooks copy what flows by. FOLDER gets `model.pth` and `config.yaml`, as detectron2 writes
them, and `bundle.safetensors`. The weights are seeded and calibrated: none are downloaded.

detectron2 without its compiled operators is enough. They are a module `detectron2._C`, which its Python code imports
whether it needs it or not; where it is missing, an empty one takes its place. What a Mask R-CNN calls is
`torchvision.ops.roi_align` and torchvision's `batched_nms` in any case (`detectron2/layers/roi_align.py`,
`nms.py`), so that nothing is computed in another way. What `_C` alone has, deformable convolution and rotated boxes,
stops with an error if it runs; such models are made here, and not run.
"""

import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import torch
import zoo
from bundles import ToolError
from calibrate import HEATMAPS, MASK_LOGITS
from calibrate_zoo import LOWEST_SCORE, RunningCalibration, calibrate_predictor, draw_weights
from stage_recorder import StageRecorder, deltas_of_classes, masks_of_classes
from torch import Tensor, nn
from torch.nn import functional as F
from zoo import DETECTIONS, SEED, NotInstalled, Saved, ZooModel, read_pixels, version

FRAMEWORK = "detectron2"
INSTALL = (
    "detectron2 is not installed: git clone https://github.com/facebookresearch/detectron2, add the clone to PYTHONPATH, "
    "and pip install fvcore iopath omegaconf hydra-core yacs pycocotools 'setuptools<81'"
)

_INSTANCES = "COCO-InstanceSegmentation/"
MODELS = [
    ZooModel("mask-r50-fpn", _INSTANCES + "mask_rcnn_R_50_FPN_3x.yaml"),
    ZooModel("mask-r101-fpn", _INSTANCES + "mask_rcnn_R_101_FPN_3x.yaml"),
    ZooModel("mask-r50-c4", _INSTANCES + "mask_rcnn_R_50_C4_3x.yaml"),
    ZooModel("mask-r50-dc5", _INSTANCES + "mask_rcnn_R_50_DC5_3x.yaml"),
    ZooModel("mask-x101-fpn", _INSTANCES + "mask_rcnn_X_101_32x8d_FPN_3x.yaml"),
    ZooModel("mask-r50-fpn-gn", "Misc/mask_rcnn_R_50_FPN_3x_gn.yaml"),
    ZooModel("mask-r50-fpn-gn-scratch", "Misc/scratch_mask_rcnn_R_50_FPN_3x_gn.yaml"),
    ZooModel("mask-r50-fpn-syncbn", "Misc/mask_rcnn_R_50_FPN_3x_syncbn.yaml"),
    ZooModel("keypoint-r50-fpn", "COCO-Keypoints/keypoint_rcnn_R_50_FPN_3x.yaml"),
    ZooModel("faster-r50-fpn", "COCO-Detection/faster_rcnn_R_50_FPN_3x.yaml"),
    ZooModel("lvis-r50-fpn", "LVISv1-InstanceSegmentation/mask_rcnn_R_50_FPN_1x.yaml"),
    ZooModel("cityscapes-r50-fpn", "Cityscapes/mask_rcnn_R_50_FPN.yaml"),
    ZooModel("class-agnostic-r50-fpn", "Misc/mask_rcnn_R_50_FPN_1x_cls_agnostic.yaml"),
    ZooModel(
        "class-agnostic-boxes-r50-fpn", _INSTANCES + "mask_rcnn_R_50_FPN_3x.yaml", {"MODEL.ROI_BOX_HEAD.CLS_AGNOSTIC_BBOX_REG": True}
    ),
    ZooModel("voc-faster-r50-c4", "PascalVOC-Detection/faster_rcnn_R_50_C4.yaml"),
    ZooModel(
        "five-ratios-r50-fpn", _INSTANCES + "mask_rcnn_R_50_FPN_3x.yaml",
        {"MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS": [[0.3, 0.5, 1.0, 2.0, 3.0]]},
    ),
    ZooModel("mask-r18-fpn", _INSTANCES + "mask_rcnn_R_50_FPN_3x.yaml", {"MODEL.RESNETS.DEPTH": 18, "MODEL.RESNETS.RES2_OUT_CHANNELS": 64}),
    ZooModel("mask-r34-fpn", _INSTANCES + "mask_rcnn_R_50_FPN_3x.yaml", {"MODEL.RESNETS.DEPTH": 34, "MODEL.RESNETS.RES2_OUT_CHANNELS": 64}),
    # What is not built here.
    ZooModel("deformable-r50-fpn", "Misc/mask_rcnn_R_50_FPN_3x_dconv_c3-c5.yaml", refused=("deform",)),
    ZooModel("cascade-r50-fpn", "Misc/cascade_mask_rcnn_R_50_FPN_3x.yaml", refused=("cascade",)),
    ZooModel("panoptic-r50-fpn", "COCO-PanopticSegmentation/panoptic_fpn_R_50_3x.yaml", refused=("panoptic", "semantic")),
    ZooModel("semantic-r50-fpn", "Misc/semantic_R_50_FPN_1x.yaml", refused=("semantic",)),
    ZooModel("retinanet-r50-fpn", "COCO-Detection/retinanet_R_50_FPN_3x.yaml", refused=("retinanet",)),
    ZooModel("rpn-r50-fpn", "COCO-Detection/rpn_R_50_FPN_1x.yaml", refused=("box head", "proposal")),
    ZooModel("fast-r50-fpn", "COCO-Detection/fast_rcnn_R_50_FPN_1x.yaml", refused=("region proposal", "rpn")),
    ZooModel("regnet-x-fpn", _INSTANCES + "mask_rcnn_regnetx_4gf_dds_fpn_1x.py", refused=("regnet",)),
    ZooModel("point-rend-r50-fpn", "PointRend: InstanceSegmentation/pointrend_rcnn_R_50_FPN_3x_coco.yaml", refused=("pointrend", "point rend", "point head")),
]  # fmt: skip


def prepare() -> None:
    """Imports detectron2, with an empty module in place of its compiled operators where they are missing.

    Raises: NotInstalled.
    """
    try:
        spec = importlib.util.find_spec("detectron2")
        if spec is None:
            raise NotInstalled(INSTALL)
        if importlib.util.find_spec("detectron2._C") is None:
            sys.modules.setdefault("detectron2._C", types.ModuleType("detectron2._C"))
        importlib.import_module("detectron2.modeling")
        importlib.import_module("detectron2.model_zoo")
    except ImportError as error:
        raise NotInstalled(f"{INSTALL} ({error})") from None


def versions() -> str:
    """What the figures were measured with."""
    import detectron2

    return f"detectron2 {detectron2.__version__}, torch {version('torch')}, torchvision {version('torchvision')}, Pillow {version('pillow')}"


def profile(_: ZooModel) -> str:
    """The program's name for the framework's conventions."""
    return FRAMEWORK


def configuration(model: ZooModel) -> Any:
    """The zoo's configuration, for the CPU and with the model's changes."""
    import detectron2
    from detectron2.config import get_cfg

    root = Path(detectron2.__file__).parent
    name = model.configuration
    folders = [root / "model_zoo/configs", root.parent / "configs"]
    settings = None
    if name.startswith("PointRend: "):
        folders, name = [root.parent / "projects/PointRend/configs"], name.removeprefix("PointRend: ")
        from detectron2.projects import point_rend

        settings = get_cfg()
        point_rend.add_pointrend_config(settings)
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        raise ToolError(f"detectron2: its zoo has no {name}")
    if path.suffix == ".py":
        from detectron2.config import LazyConfig

        return LazyConfig.load(str(path))
    settings = settings or get_cfg()
    settings.merge_from_file(str(path))
    for key, value in model.changes.items():
        settings.merge_from_list([key, value])
    settings.MODEL.DEVICE = "cpu"
    settings.MODEL.WEIGHTS = ""
    return settings


def make(model: ZooModel, folder: Path, image: Path) -> Saved:
    """Builds the model, gives it seeded weights, and saves it as detectron2 does."""
    from detectron2.checkpoint import DetectionCheckpointer
    from detectron2.config import CfgNode, LazyConfig, instantiate
    from detectron2.modeling import build_model

    settings = configuration(model)
    is_yaml = isinstance(settings, CfgNode)
    network = (build_model(settings) if is_yaml else instantiate(settings.model)).eval()
    with torch.no_grad():
        draw_weights(network, SEED)
        if not model.refused:
            _calibrate(network, settings, image)
    folder.mkdir(parents=True, exist_ok=True)
    DetectionCheckpointer(network, str(folder)).save("model")
    (folder / "last_checkpoint").unlink(missing_ok=True)
    if is_yaml:
        (folder / "config.yaml").write_text(settings.dump())
    else:
        LazyConfig.save(settings, str(folder / "config.yaml"))
    return Saved(folder / "model.pth", folder / "config.yaml")


def _frame(settings: Any, image: Path) -> list[dict]:
    """The input of a model, as detectron2's DefaultPredictor makes it of a picture's file."""
    from detectron2.data import transforms
    from detectron2.data.detection_utils import read_image

    pixels = read_image(str(image), format=settings.INPUT.FORMAT)
    resize = transforms.ResizeShortestEdge([settings.INPUT.MIN_SIZE_TEST] * 2, settings.INPUT.MAX_SIZE_TEST)
    resized = resize.get_transform(pixels).apply_image(pixels)
    tensor = torch.as_tensor(resized.astype("float32").transpose(2, 0, 1))
    return [{"image": tensor, "height": pixels.shape[0], "width": pixels.shape[1]}]


@torch.no_grad()
def _calibrate(network: nn.Module, settings: Any, image: Path) -> None:
    """Gives the weights that were drawn the scales of a trained model's, while the model runs on the picture."""
    rpn, heads = network.proposal_generator, network.roi_heads
    calibration = RunningCalibration()
    predictor = heads.box_predictor
    described: list[Tensor] = []
    original = predictor.inference

    def inference(_: Any, proposals: list) -> Any:
        from detectron2.structures import Instances

        def detect(logits: Tensor, deltas: Tensor, rows: Tensor) -> int:
            chosen = Instances(proposals[0].image_size, proposal_boxes=proposals[0].proposal_boxes[rows])
            found = original((logits, deltas), [chosen])[0][0]
            return int((found.scores > LOWEST_SCORE).sum())

        limits = predictor.test_score_thresh, predictor.test_topk_per_image
        predictor.test_score_thresh, predictor.test_topk_per_image = max(LOWEST_SCORE, limits[0]), 1000
        outputs = calibrate_predictor(
            predictor.cls_score, predictor.bbox_pred, described[0], predictor.cls_score.out_features - 1,
            proposals[0].proposal_boxes.tensor, DETECTIONS, detect,
        )  # fmt: skip
        predictor.test_score_thresh, predictor.test_topk_per_image = limits
        return original(outputs, proposals)

    with calibration.watching():
        calibration.norms(network)
        head = rpn.rpn_head
        calibration.proposals(head, head.conv, head.objectness_logits, head.anchor_deltas, rpn.post_nms_topk[False])
        for name in ("box_head", "mask_head", "keypoint_head"):
            part = getattr(heads, name, None)
            if part is not None:
                calibration.layers(part, predictor=MASK_LOGITS, score_lowres=HEATMAPS)
        handle = predictor.cls_score.register_forward_pre_hook(lambda _, inputs: described.append(inputs[0]))
        predictor.inference = inference
        try:
            network(_frame(settings, image))
        finally:
            handle.remove()
            del predictor.inference


@torch.no_grad()
def record(_: ZooModel, saved: Saved, image: Path) -> dict[str, Tensor]:
    """Runs a saved model on a picture with detectron2's own predictor, and returns all stages by name."""
    from detectron2.config import get_cfg
    from detectron2.data.detection_utils import read_image
    from detectron2.engine import DefaultPredictor

    settings = get_cfg()
    settings.merge_from_file(str(saved.configuration))
    settings.MODEL.WEIGHTS = str(saved.weights)
    predictor = DefaultPredictor(settings)
    recorder = _Recorder()
    recorder.keep("input.image", torch.from_numpy(read_pixels(image).copy()).permute(2, 0, 1))
    with recorder.undone():
        recorder.watch(predictor.model)
        found = predictor(read_image(str(image), format="BGR"))["instances"]
    recorder.keep_output(found)
    return recorder.tensors


class _Recorder(StageRecorder):
    """Knows where in detectron2's models each stage is computed."""

    def watch(self, model: nn.Module) -> None:
        self.around(model, "preprocess_image", lambda _a, _n, images: self._keep_input(images))
        body = getattr(model.backbone, "bottom_up", model.backbone)
        self.after(body.stem, self.keeps("backbone.stem"))
        for level in range(2, 6):
            stage = getattr(body, f"res{level}", None)
            if stage is not None:
                self.after(stage, self.keeps(f"backbone.c{level}"))
        if body is not model.backbone:
            self._watch_pyramid(model.backbone)
        self._watch_proposals(model.proposal_generator)
        self._watch_boxes(model.roi_heads)
        if model.roi_heads.mask_on:
            self._watch_masks(model.roi_heads)
        if getattr(model.roi_heads, "keypoint_on", False):
            self._watch_keypoints(model.roi_heads)

    def _keep_input(self, images: Any) -> None:
        self.keep("input.tensor", images.tensor[0])
        self.keep("input.size", torch.tensor(images.image_sizes[0]))

    def _watch_pyramid(self, pyramid: nn.Module) -> None:
        levels = [int(name.removeprefix("res")) for name in pyramid.in_features]
        for level in levels:
            self.after(getattr(pyramid, f"fpn_lateral{level}"), self.keeps(f"fpn.lateral.p{level}"))
            self.before(getattr(pyramid, f"fpn_output{level}"), self.keeps(f"fpn.merged.p{level}"))

        def action(maps: dict[str, Tensor]) -> None:
            for name, value in maps.items():
                self.keep(f"fpn.{name}", value[0])
            for level in levels[:-1]:
                self.keep_topdown(level, F.interpolate(self.tensors[f"fpn.merged.p{level + 1}"][None], scale_factor=2.0, mode="nearest")[0])

        self.after(pyramid, action)

    def _watch_proposals(self, rpn: nn.Module) -> None:
        levels = [name.replace("res", "c") for name in rpn.in_features]

        def names(stage: str) -> list[str]:
            return [f"{stage}.{level}" for level in levels]

        self.after(rpn.rpn_head.conv, self.keeps_each(names("rpn.hidden")))
        self.after(rpn.rpn_head.objectness_logits, self.keeps_each(names("rpn.objectness")))
        # Channel 4a + c is coordinate c of anchor shape a.
        self.after(rpn.rpn_head.anchor_deltas, self.keeps_each(names("rpn.deltas"), lambda x: x.unflatten(0, (-1, 4))))

        def keep(arguments: tuple, _: dict, proposals: list) -> None:
            from detectron2.structures import Boxes

            anchors, objectness, deltas, sizes = arguments
            decoded = rpn._decode_proposals(anchors, deltas)
            for level, boxes, logits, candidates in zip(levels, anchors, objectness, decoded, strict=True):
                self.keep(f"anchors.{level}", boxes.tensor)
                best, rows = logits[0].topk(min(len(logits[0]), rpn.pre_nms_topk[False]))
                chosen = Boxes(candidates[0, rows].clone())
                chosen.clip(sizes[0])
                self.keep(f"rpn.candidates.{level}.boxes", chosen.tensor)
                self.keep(f"rpn.candidates.{level}.scores", best.sigmoid())
            self.keep("rpn.proposals.boxes", proposals[0].proposal_boxes.tensor)
            self.keep("rpn.proposals.scores", proposals[0].objectness_logits.sigmoid())

        self.around(rpn, "predict_proposals", keep)

    def _watch_boxes(self, heads: nn.Module) -> None:
        if hasattr(heads, "res5"):
            # One pooler and one fifth stage for both heads, which run one after the other.
            self.after(heads.pooler, self.keeps_each_whole(["box.pooled", "mask.pooled"]))
            self.after(heads.res5, self.keeps_each_whole(["box.c5", "mask.c5"]))
            self.before(heads.box_predictor, self.keeps_all("box.hidden.1"))
        else:
            self.after(heads.box_pooler, self.keeps_all("box.pooled"))
            for name, layer in heads.box_head.named_children():
                kind, number = name.rstrip("0123456789"), name.lstrip("abcdefghijklmnopqrstuvwxyz_")
                if kind == "conv":
                    self.after(layer, self.keeps_all(f"box.convolution.{number}"))
                elif kind == "fc_relu":
                    self.after(layer, self.keeps_all(f"box.hidden.{number}"))

        def keep(arguments: tuple, _: dict, result: Any) -> None:
            (logits, deltas), proposals = arguments
            self.keep("box.level", _levels(heads, "box", proposals[0].proposal_boxes))
            # detectron2's background is the last class, here it is the first; nothing refines its box.
            logits = logits.roll(1, dims=1)
            self.keep("box.logits", logits)
            self.keep("box.probabilities", F.softmax(logits, -1))
            self.keep("box.deltas", deltas_of_classes(deltas, heads.num_classes))
            found, rows = result[0][0], result[1][0]
            self.keep("detections.boxes", found.pred_boxes.tensor)
            self.keep("detections.scores", found.scores)
            self.keep("detections.classes", found.pred_classes + 1)
            self.keep("detections.proposal", rows)

        self.around(heads.box_predictor, "inference", keep)

    def _watch_masks(self, heads: nn.Module) -> None:
        if hasattr(heads, "mask_pooler"):
            self.after(heads.mask_pooler, self.keeps_all("mask.pooled"))
        for name, layer in heads.mask_head.named_children():
            if name.startswith("mask_fcn") and "relu" not in name:
                self.after(layer, self.keeps_all(f"mask.hidden.{name.removeprefix('mask_fcn')}"))
        self.after(heads.mask_head.deconv_relu, self.keeps_all("mask.upsampled"))
        self.after(heads.mask_head.predictor, lambda value: self.keep("mask.logits", masks_of_classes(value, heads.num_classes)))

        def action(instances: list) -> None:
            self.keep("mask.level", _levels(heads, "mask", instances[0].pred_boxes))
            self.keep("mask.probabilities", instances[0].pred_masks[:, 0])

        self.after(heads.mask_head, action)

    def _watch_keypoints(self, heads: nn.Module) -> None:
        self.after(heads.keypoint_pooler, self.keeps_all("keypoint.pooled"))
        for name, layer in heads.keypoint_head.named_children():
            if name.startswith("conv_fcn_relu"):
                self.after(layer, self.keeps_all(f"keypoint.hidden.{name.removeprefix('conv_fcn_relu')}"))
        self.around(heads.keypoint_head, "layers", lambda _a, _n, value: self.keep("keypoint.heatmaps", value))

    def keep_output(self, found: Any) -> None:
        self.keep("output.boxes", found.pred_boxes.tensor)
        self.keep("output.scores", found.scores)
        self.keep("output.classes", found.pred_classes + 1)
        if found.has("pred_masks"):
            self.keep("output.masks", found.pred_masks.to(torch.uint8))
        if found.has("pred_keypoints"):
            self.keep("output.keypoints", found.pred_keypoints)


def _levels(heads: nn.Module, part: str, boxes: Any) -> Tensor:
    """The level that each box is pooled from, by the pooler's own function."""
    from detectron2.modeling.poolers import assign_boxes_to_levels

    pooler = getattr(heads, f"{part}_pooler", None) or heads.pooler
    levels = pooler.min_level, pooler.max_level
    # A map's level is that of its scale: 4 for C4, and for DC5, whose fifth stage is dilated instead.
    if levels[0] == levels[1]:
        return torch.full((len(boxes),), levels[0])
    return levels[0] + assign_boxes_to_levels([boxes], *levels, pooler.canonical_box_size, pooler.canonical_level)


if __name__ == "__main__":
    sys.exit(zoo.main(sys.modules[__name__], __doc__))
