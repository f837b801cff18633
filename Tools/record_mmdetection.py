#!/usr/bin/env python3
"""Makes models of MMDetection's zoo, and records every stage of one on a picture, as a bundle.

    record_mmdetection.py --list
    record_mmdetection.py NAME --image photograph.png --output FOLDER

MMDetection builds the model from its zoo's configuration, reads the picture, resizes it, loads the checkpoint and runs
it, all by its own code; hooks copy what flows by. FOLDER gets `model.pth`, as MMEngine writes it with the
configuration inside, and `bundle.safetensors`. The weights are seeded and calibrated: none are downloaded.

MMDetection's operators are in mmcv's compiled module `mmcv._ext`, which the package mmcv-lite lacks and for which
there are wheels for few versions of PyTorch. Where it is missing, a module of the same functions takes its place:

| mmcv's function | computed by | equal, since |
|---|---|---|
| `nms` | `torchvision.ops.nms` | both drop a box whose IoU with a better one is above the threshold; `offset` is 0, as in MMDetection 2 and 3 |
| `roi_align_forward` (average) | `torchvision.ops.roi_align` | both are Caffe2's: the same bins, samples and `aligned`; a sampling ratio of 0 is torchvision's −1 |

Every other function of it stops with an error when it is called; a model that needs one is made here, and not run.
"""

import copy
import importlib
import importlib.machinery
import importlib.util
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import torch
import torchvision
import zoo
from bundles import ToolError
from calibrate import MASK_LOGITS
from calibrate_zoo import LOWEST_SCORE, RunningCalibration, calibrate_predictor, draw_weights
from stage_recorder import FINEST_LEVEL, StageRecorder, deltas_of_classes, expect, masks_of_classes
from torch import Tensor, nn
from torch.nn import functional as F
from zoo import DETECTIONS, SEED, NotInstalled, Saved, ZooModel, read_pixels, version

FRAMEWORK = "mmdetection"
INSTALL = "MMDetection is not installed: pip install mmdet==3.3.0 mmengine mmcv-lite==2.1.0"

_MASK = "mask_rcnn/mask-rcnn_"
MODELS = [
    ZooModel("mask-r50-fpn", _MASK + "r50_fpn_1x_coco.py"),
    ZooModel("mask-r101-fpn", _MASK + "r101_fpn_1x_coco.py"),
    ZooModel("mask-r50-caffe-fpn", _MASK + "r50-caffe_fpn_1x_coco.py"),
    ZooModel("mask-x101-fpn", _MASK + "x101-32x4d_fpn_1x_coco.py"),
    ZooModel("mask-x101-32x8d-fpn", _MASK + "x101-32x8d_fpn_1x_coco.py"),
    ZooModel("mask-r50-fpn-gn", "gn/mask-rcnn_r50_fpn_gn-all_2x_coco.py"),
    ZooModel("weight-standardised-r50-fpn", "gn+ws/mask-rcnn_r50_fpn_gn-ws-all_2x_coco.py"),
    ZooModel("faster-r50-fpn", "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"),
    ZooModel("lvis-r50-fpn", "lvis/mask-rcnn_r50_fpn_sample1e-3_ms-1x_lvis-v1.py"),
    ZooModel("cityscapes-r50-fpn", "cityscapes/mask-rcnn_r50_fpn_1x_cityscapes.py"),
    ZooModel("mask-r50-caffe-c4", _MASK + "r50-caffe-c4_1x_coco.py"),
    ZooModel("faster-r50-caffe-dc5", "faster_rcnn/faster-rcnn_r50-caffe-dc5_1x_coco.py"),
    ZooModel("class-agnostic-boxes-r50-fpn", _MASK + "r50_fpn_1x_coco.py", {"model.roi_head.bbox_head.reg_class_agnostic": True}),
    ZooModel("class-agnostic-masks-r50-fpn", _MASK + "r50_fpn_1x_coco.py", {"model.roi_head.mask_head.class_agnostic": True}),
    ZooModel("five-ratios-r50-fpn", _MASK + "r50_fpn_1x_coco.py", {"model.rpn_head.anchor_generator.ratios": [0.3, 0.5, 1.0, 2.0, 3.0]}),
    ZooModel(
        "mask-r18-fpn", _MASK + "r50_fpn_1x_coco.py", {"model.backbone.depth": 18, "model.neck.in_channels": [64, 128, 256, 512]}
    ),
    ZooModel(
        "mask-r34-fpn", _MASK + "r50_fpn_1x_coco.py", {"model.backbone.depth": 34, "model.neck.in_channels": [64, 128, 256, 512]}
    ),
    # What is not built here.
    ZooModel("deformable-r50-fpn", "dcn/mask-rcnn_r50-dconv-c3-c5_fpn_1x_coco.py", refused=("deform",)),
    ZooModel("modulated-deformable-r50-fpn", "dcnv2/mask-rcnn_r50-mdconv-c3-c5_fpn_1x_coco.py", refused=("deform",)),
    ZooModel("gcnet-r50-fpn", "gcnet/mask-rcnn_r50-gcb-r16-c3-c5_fpn_1x_coco.py", refused=("gcnet", "global context", "context block")),
    ZooModel("pafpn-faster-r50", "pafpn/faster-rcnn_r50_pafpn_1x_coco.py", refused=("pafpn", "path aggregation")),
    ZooModel("mask-scoring-r50-fpn", "ms_rcnn/ms-rcnn_r50_fpn_1x_coco.py", refused=("mask scoring", "mask iou")),
    ZooModel("point-rend-r50-fpn", "point_rend/point-rend_r50-caffe_fpn_ms-1x_coco.py", refused=("pointrend", "point rend", "point head")),
    ZooModel("cascade-r50-fpn", "cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco.py", refused=("cascade",)),
    ZooModel("retinanet-r50-fpn", "retinanet/retinanet_r50_fpn_1x_coco.py", refused=("retinanet",)),
    ZooModel("regnet-x-fpn", "regnet/mask-rcnn_regnetx-3.2GF_fpn_1x_coco.py", refused=("regnet",)),
    ZooModel("swin-t-fpn", "swin/mask-rcnn_swin-t-p4-w7_fpn_1x_coco.py", refused=("swin", "transformer")),
    ZooModel("panoptic-r50-fpn", "panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco.py", refused=("panoptic", "semantic")),
    ZooModel("htc-r50-fpn", "htc/htc_r50_fpn_1x_coco.py", refused=("cascade", "htc")),
    ZooModel("libra-faster-r50-fpn", "libra_rcnn/libra-faster-rcnn_r50_fpn_1x_coco.py", refused=("libra", "balanced", "bfp", "non-local")),
    ZooModel("double-heads-r50-fpn", "double_heads/dh-faster-rcnn_r50_fpn_1x_coco.py", refused=("double",)),
    ZooModel("carafe-r50-fpn", "carafe/mask-rcnn_r50_fpn-carafe_1x_coco.py", refused=("carafe",)),
    ZooModel("grid-r50-fpn", "grid_rcnn/grid-rcnn_r50_fpn_gn-head_2x_coco.py", refused=("grid",)),
    ZooModel("hrnet-w18-fpn", "hrnet/mask-rcnn_hrnetv2p-w18-1x_coco.py", refused=("hrnet", "high-resolution")),
    ZooModel("res2net-r101-fpn", "res2net/mask-rcnn_res2net-101_fpn_2x_coco.py", refused=("res2net",)),
    ZooModel("resnest-s50-fpn", "resnest/mask-rcnn_s50_fpn_syncbn-backbone+head_ms-1x_coco.py", refused=("resnest", "split attention", "split-attention")),
]  # fmt: skip


def prepare() -> None:
    """Imports MMDetection, with torchvision's operators where mmcv's compiled ones are missing.

    Raises: NotInstalled.
    """
    try:
        if importlib.util.find_spec("mmdet") is None or importlib.util.find_spec("mmcv") is None:
            raise NotInstalled(INSTALL)
        import mmcv

        if importlib.util.find_spec("mmcv._ext") is None:
            sys.modules["mmcv._ext"] = mmcv._ext = _operators()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module("mmdet.apis")
            from mmdet.utils import register_all_modules

            register_all_modules()
    except (ImportError, AssertionError) as error:
        raise NotInstalled(f"{INSTALL} ({error})") from None


def _operators() -> types.ModuleType:
    """A module in the place of `mmcv._ext`; see the table at the top of this file."""

    class Operators(types.ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)

            def missing(*_: Any, **__: Any) -> None:
                raise NotImplementedError(f"mmcv's {name} is not compiled, and torchvision has no operator in its place")

            return missing

    def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
        if offset != 0:
            raise NotImplementedError("nms with an offset")
        return torchvision.ops.nms(boxes, scores, iou_threshold)

    def roi_align_forward(
        input: Tensor, rois: Tensor, output: Tensor, argmax_y: Tensor, argmax_x: Tensor, aligned_height: int, aligned_width: int,
        spatial_scale: float, sampling_ratio: int, pool_mode: int, aligned: bool,
    ) -> None:  # fmt: skip
        if pool_mode != 1:
            raise NotImplementedError("RoIAlign that takes the largest sample")
        samples = sampling_ratio if sampling_ratio > 0 else -1
        output.copy_(torchvision.ops.roi_align(input, rois, (aligned_height, aligned_width), spatial_scale, samples, aligned))

    module = Operators("mmcv._ext")
    module.nms, module.roi_align_forward = nms, roi_align_forward
    module.__spec__ = importlib.machinery.ModuleSpec("mmcv._ext", None)
    return module


def versions() -> str:
    """What the figures were measured with."""
    mmcv = "mmcv" if version("mmcv") != "–" else "mmcv-lite"
    names = ("mmdet", "mmengine", mmcv, "torch", "torchvision", "opencv-python")
    return ", ".join(f"{name} {version(name)}" for name in names)


def profile(_: ZooModel) -> str:
    """The program's name for the framework's conventions."""
    return FRAMEWORK


def configuration(model: ZooModel) -> Any:
    """The zoo's configuration with the model's changes, without pretrained weights."""
    import mmdet
    from mmengine.config import Config

    root = Path(mmdet.__file__).parent
    folders = [root / ".mim/configs", root.parent / "configs"]
    path = next((folder / model.configuration for folder in folders if (folder / model.configuration).is_file()), None)
    if path is None:
        raise ToolError(f"MMDetection: its zoo has no {model.configuration}")
    settings = Config.fromfile(str(path))
    settings.merge_from_dict(model.changes)
    return settings


def _build(settings: Any) -> nn.Module:
    from mmdet.registry import MODELS as registry
    from mmengine.model.utils import revert_sync_batchnorm

    description = copy.deepcopy(settings.model)
    _forget_weights(description)
    network = registry.build(description)
    return revert_sync_batchnorm(network).eval()


def _forget_weights(description: Any) -> None:
    """Takes out every `init_cfg` that would load a file."""
    if isinstance(description, dict):
        start = description.get("init_cfg")
        if isinstance(start, dict) and start.get("type") == "Pretrained":
            description["init_cfg"] = None
        for value in description.values():
            _forget_weights(value)
    elif isinstance(description, (list, tuple)):
        for value in description:
            _forget_weights(value)


def make(model: ZooModel, folder: Path, image: Path) -> Saved:
    """Builds the model, gives it seeded weights, and saves it as MMEngine's runner does."""
    from mmdet.registry import DATASETS
    from mmengine.runner.checkpoint import save_checkpoint, weights_to_cpu

    settings = configuration(model)
    network = _build(settings)
    with torch.no_grad():
        draw_weights(network, SEED)
        if not model.refused:
            _calibrate(network, settings, image)
    folder.mkdir(parents=True, exist_ok=True)
    dataset = DATASETS.get(settings.train_dataloader.dataset.type)
    information = getattr(dataset, "METAINFO", {})
    meta = {
        "epoch": 12, "iter": 87960, "cfg": settings.pretty_text, "seed": SEED, "experiment_name": model.name,
        "mmengine_version": version("mmengine"), "hook_msgs": {},
        "dataset_meta": {key.lower(): value for key, value in information.items()},
    }  # fmt: skip
    save_checkpoint({"meta": meta, "state_dict": weights_to_cpu(network.state_dict()), "message_hub": {}}, str(folder / "model.pth"))
    return Saved(folder / "model.pth", None)


def _infer(network: nn.Module, settings: Any, image: Path) -> Any:
    """Runs a model on a picture's file, as MMDetection's `inference_detector` does."""
    from mmdet.apis import inference_detector

    network.cfg = settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return inference_detector(network, str(image))


def _calibrate(network: nn.Module, settings: Any, image: Path) -> None:
    """Gives the weights that were drawn the scales of a trained model's, while the model runs on the picture."""
    heads = network.roi_head
    head = heads.bbox_head
    calibration = RunningCalibration()
    described: list[Tensor] = []
    original = head.predict_by_feat

    def predict(rois: Any, cls_scores: Any, bbox_preds: Any, batch_img_metas: Any, rcnn_test_cfg: Any, rescale: bool) -> Any:
        counting = copy.deepcopy(rcnn_test_cfg)
        counting.score_thr, counting.max_per_img = max(LOWEST_SCORE, counting.score_thr), 1000

        def detect(logits: Tensor, deltas: Tensor, rows: Tensor) -> int:
            found = original((rois[0][rows],), (logits,), (deltas,), batch_img_metas, counting, rescale)
            return len(found[0].scores)

        logits, deltas = calibrate_predictor(
            head.fc_cls, head.fc_reg, described[0], head.num_classes, rois[0][:, 1:], DETECTIONS, detect
        )
        return original(rois, (logits,), (deltas,), batch_img_metas, rcnn_test_cfg, rescale)

    with calibration.watching():
        calibration.norms(network)
        rpn = network.rpn_head
        calibration.proposals(rpn, rpn.rpn_conv, rpn.rpn_cls, rpn.rpn_reg, rpn.test_cfg.max_per_img)
        for part in (head, heads.mask_head if heads.with_mask else None):
            if part is not None:
                calibration.layers(part, conv_logits=MASK_LOGITS)
        handle = head.fc_cls.register_forward_pre_hook(lambda _, inputs: described.append(inputs[0]))
        head.predict_by_feat = predict
        try:
            _infer(network, settings, image)
        finally:
            handle.remove()
            del head.predict_by_feat


@torch.no_grad()
def record(_: ZooModel, saved: Saved, image: Path) -> dict[str, Tensor]:
    """Runs a saved model on a picture with MMDetection's own entry points, and returns all stages by name."""
    from mmdet.apis import init_detector
    from mmengine.config import Config

    text = torch.load(saved.weights, map_location="cpu", weights_only=False)["meta"]["cfg"]
    settings = Config.fromstring(text, ".py")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _forget_weights(settings.model)
        network = init_detector(settings, str(saved.weights), palette="coco", device="cpu")
    recorder = _Recorder()
    recorder.keep("input.image", torch.from_numpy(read_pixels(image).copy()).permute(2, 0, 1))
    with recorder.undone():
        recorder.watch(network)
        found = _infer(network, settings, image).pred_instances
    recorder.keep_output(found)
    return recorder.tensors


class _Recorder(StageRecorder):
    """Knows where in MMDetection's models each stage is computed."""

    def watch(self, model: nn.Module) -> None:
        self._watch_backbone(model)
        if model.with_neck:
            self._watch_pyramid(model.neck)
            self._levels = [f"p{FINEST_LEVEL + index}" for index in range(model.neck.num_outs)]
        else:
            self._levels = [f"c{model.backbone.out_indices[-1] + 2}"]
        self._watch_proposals(model.rpn_head)
        self._watch_boxes(model.roi_head)
        if model.roi_head.with_mask:
            self._watch_masks(model.roi_head)

    def _watch_backbone(self, model: nn.Module) -> None:
        def keep(arguments: tuple, _: dict, result: dict) -> None:
            self.keep("input.tensor", result["inputs"][0])
            self.keep("input.size", torch.tensor(result["data_samples"][0].img_shape[:2]))

        self.around(model.data_preprocessor, "forward", keep)
        self.after(model.backbone.maxpool, self.keeps("backbone.stem"))
        for index, name in enumerate(model.backbone.res_layers):
            self.after(getattr(model.backbone, name), self.keeps(f"backbone.c{index + 2}"))

    def _watch_pyramid(self, neck: nn.Module) -> None:
        count = len(neck.lateral_convs)
        for index, (lateral, smooth) in enumerate(zip(neck.lateral_convs, neck.fpn_convs)):
            self.after(lateral, self.keeps(f"fpn.lateral.p{FINEST_LEVEL + index}"))
            self.before(smooth, self.keeps(f"fpn.merged.p{FINEST_LEVEL + index}"))

        def action(maps: tuple[Tensor, ...]) -> None:
            for level, value in enumerate(maps, start=FINEST_LEVEL):
                self.keep(f"fpn.p{level}", value[0])
            for level in range(FINEST_LEVEL, FINEST_LEVEL + count - 1):
                size = self.tensors[f"fpn.lateral.p{level}"].shape[-2:]
                self.keep_topdown(level, F.interpolate(self.tensors[f"fpn.merged.p{level + 1}"][None], size=size, mode="nearest")[0])

        self.after(neck, action)

    def _watch_proposals(self, rpn: nn.Module) -> None:
        def names(stage: str) -> list[str]:
            return [f"{stage}.{level}" for level in self._levels]

        # Rectified in place after the hook of the convolution: what the next layer is given is kept.
        self.before(rpn.rpn_cls, self.keeps_each(names("rpn.hidden")))
        self.after(rpn.rpn_cls, self.keeps_each(names("rpn.objectness")))
        # Channel 4a + c is coordinate c of anchor shape a.
        self.after(rpn.rpn_reg, self.keeps_each(names("rpn.deltas"), lambda x: x.unflatten(0, (-1, 4))))

        def keep(arguments: tuple, named: dict, result: Any) -> None:
            values = dict(zip(("cls_score_list", "bbox_pred_list", "score_factor_list", "mlvl_priors", "img_meta"), arguments)) | named
            shape = values["img_meta"]["img_shape"]
            levels = zip(self._levels, values["cls_score_list"], values["bbox_pred_list"], values["mlvl_priors"], strict=True)
            for level, logits, deltas, anchors in levels:
                self.keep(f"anchors.{level}", anchors)
                scores = logits.permute(1, 2, 0).reshape(-1).sigmoid()
                deltas = deltas.permute(1, 2, 0).reshape(-1, 4)
                limit = rpn.test_cfg.nms_pre
                # In the order of the head: sorted only where there are more than are kept.
                if 0 < limit < len(scores):
                    ranked, rows = scores.sort(descending=True)
                    scores, deltas, anchors = ranked[:limit], deltas[rows[:limit]], anchors[rows[:limit]]
                self.keep(f"rpn.candidates.{level}.boxes", rpn.bbox_coder.decode(anchors, deltas, max_shape=shape))
                self.keep(f"rpn.candidates.{level}.scores", scores)
            self.keep("rpn.proposals.boxes", result.bboxes)
            self.keep("rpn.proposals.scores", result.scores)

        self.around(rpn, "_predict_by_feat_single", keep)

    def _watch_boxes(self, heads: nn.Module) -> None:
        head = heads.bbox_head
        if heads.with_shared_head:
            self.after(heads.bbox_roi_extractor, self.keeps_each_whole(["box.pooled", "mask.pooled"]))
            self.after(heads.shared_head, self.keeps_each_whole(["box.c5", "mask.c5"]))
            self.before(head.fc_cls, self.keeps_all("box.hidden.1"))
        else:
            self.after(heads.bbox_roi_extractor, self.keeps_all("box.pooled"))
            for number, layer in enumerate(head.shared_convs, start=1):
                self.after(layer, self.keeps_all(f"box.convolution.{number}"))
            # A dense layer's output is rectified outside it: what the next layer is given is kept.
            following = [*head.shared_fcs[1:], head.fc_cls]
            for number, layer in enumerate(following, start=1):
                self.before(layer, self.keeps_all(f"box.hidden.{number}"))

        def keep(_: tuple, named: dict, result: list) -> None:
            rois, logits, deltas = named["rois"][0], named["cls_scores"][0], named["bbox_preds"][0]
            self.keep("box.level", self._level(heads.bbox_roi_extractor, rois))
            # MMDetection's background is the last class, here it is the first; nothing refines its box.
            logits = logits.roll(1, dims=1)
            self.keep("box.logits", logits)
            self.keep("box.probabilities", F.softmax(logits, -1))
            self.keep("box.deltas", deltas_of_classes(deltas, head.num_classes))
            found, meta = result[0], named["batch_img_metas"][0]
            boxes = found.bboxes
            if named["rescale"]:
                # Without a mask head MMDetection suppresses in the picture's frame; the stage is in the resized one.
                boxes = boxes * boxes.new_tensor(meta["scale_factor"]).repeat(2)
            self.keep("detections.boxes", boxes)
            self.keep("detections.scores", found.scores)
            self.keep("detections.classes", found.labels + 1)
            self.keep("detections.proposal", self._rows(head, named, found))

        self.around(head, "predict_by_feat", keep)

    def _rows(self, head: nn.Module, named: dict, found: Any) -> Tensor:
        """The proposal of each detection: the suppression run once more, for the indices that it does not pass on."""
        from mmdet.models.layers import multiclass_nms
        from mmdet.structures.bbox import scale_boxes

        rois, logits, deltas, meta = named["rois"][0], named["cls_scores"][0], named["bbox_preds"][0], named["batch_img_metas"][0]
        classes = 1 if head.reg_class_agnostic else head.num_classes
        boxes = head.bbox_coder.decode(rois.repeat_interleave(classes, dim=0)[:, 1:], deltas.view(-1, 4), max_shape=meta["img_shape"])
        if named["rescale"]:
            boxes = scale_boxes(boxes, [1 / side for side in meta["scale_factor"]])
        settings = named["rcnn_test_cfg"]
        dets, labels, rows = multiclass_nms(
            boxes.view(len(rois), -1), F.softmax(logits, -1), settings.score_thr, settings.nms, settings.max_per_img, return_inds=True
        )
        expect(torch.equal(dets[:, :4], found.bboxes) and torch.equal(labels, found.labels), "another suppression than the model's")
        return rows // head.num_classes

    def _level(self, extractor: nn.Module, rois: Tensor) -> Tensor:
        """The level that each box is pooled from, by the extractor's own function."""
        if extractor.num_inputs == 1:
            # A map's level is that of its stride: 4 for C4, and for DC5, whose fifth stage is dilated instead.
            return torch.full((len(rois),), extractor.featmap_strides[0].bit_length() - 1)
        return FINEST_LEVEL + extractor.map_roi_levels(rois, extractor.num_inputs)

    def _watch_masks(self, heads: nn.Module) -> None:
        head = heads.mask_head
        if not heads.share_roi_extractor:
            self.after(heads.mask_roi_extractor, self.keeps_all("mask.pooled"))
        for number, layer in enumerate(head.convs, start=1):
            self.after(layer, self.keeps_all(f"mask.hidden.{number}"))
        # The transposed convolution is rectified outside it.
        self.before(head.conv_logits, self.keeps_all("mask.upsampled"))

        def keep(_: tuple, named: dict, result: list) -> None:
            logits, labels = named["mask_preds"][0], result[0].labels
            self.keep("mask.logits", masks_of_classes(logits, head.num_classes))
            rows = torch.arange(len(labels))
            chosen = logits[:, 0] if head.class_agnostic else logits[rows, labels]
            self.keep("mask.probabilities", chosen.sigmoid())
            boxes = self.tensors["detections.boxes"]
            rois = torch.cat([boxes.new_zeros(len(boxes), 1), boxes], dim=1)
            self.keep("mask.level", self._level(heads.mask_roi_extractor, rois))

        self.around(head, "predict_by_feat", keep)

    def keep_output(self, found: Any) -> None:
        self.keep("output.boxes", found.bboxes)
        self.keep("output.scores", found.scores)
        self.keep("output.classes", found.labels + 1)
        if "masks" in found:
            self.keep("output.masks", found.masks.to(torch.uint8))


if __name__ == "__main__":
    sys.exit(zoo.main(sys.modules[__name__], __doc__))
