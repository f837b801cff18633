// Variables: s stage (2–5), i block (from 0), k convolution (from 1), p pyramid level (2–5).
// torchvision counts stages from 1, levels and layers from 0.

extension KeyRule {
    /// The rules that both versions of torchvision share.
    private static let torchvisionShared: [KeyRule] = [
        .layer("backbone.stem", "backbone.body.conv1"),
        .norm("backbone.stem.norm", "backbone.body.bn1"),
        .layer("backbone.c{s}.{i}.conv{k}", "backbone.body.layer{s-1}.{i}.conv{k}"),
        .norm("backbone.c{s}.{i}.conv{k}.norm", "backbone.body.layer{s-1}.{i}.bn{k}"),
        .layer("backbone.c{s}.{i}.shortcut", "backbone.body.layer{s-1}.{i}.downsample.0"),
        .norm("backbone.c{s}.{i}.shortcut.norm", "backbone.body.layer{s-1}.{i}.downsample.1"),
        .layer("rpn.objectness", "rpn.head.cls_logits"),
        .layer("rpn.deltas", "rpn.head.bbox_pred"),
        .layer("box.logits", "roi_heads.box_predictor.cls_score"),
        .layer("box.deltas", "roi_heads.box_predictor.bbox_pred"),
        .layer("mask.upsampled", "roi_heads.mask_predictor.conv5_mask"),
        .layer("mask.logits", "roi_heads.mask_predictor.mask_fcn_logits"),
    ]

    static let torchvision: [KeyRule] =
        torchvisionShared + [
            .layer(
                "fpn.lateral.p{p}", "backbone.fpn.inner_blocks.{p-2}.0",
                "backbone.fpn.inner_blocks.{p-2}"),
            .layer("fpn.p{p}", "backbone.fpn.layer_blocks.{p-2}.0", "backbone.fpn.layer_blocks.{p-2}"),
            .layer("rpn.hidden.{k}", "rpn.head.conv.{k-1}.0"),
            .layer("rpn.hidden.1", "rpn.head.conv"),
            .layer("box.hidden.1", "roi_heads.box_head.fc6"),
            .layer("box.hidden.2", "roi_heads.box_head.fc7"),
            .layer(
                "mask.hidden.{k}", "roi_heads.mask_head.{k-1}.0", "roi_heads.mask_head.mask_fcn{k}"),
            // Every second index is a ReLU.
            .layer("keypoint.hidden.{k}", "roi_heads.keypoint_head.{2k-2}"),
            .layer("keypoint.heatmaps", "roi_heads.keypoint_predictor.kps_score_lowres"),
        ]

    static let torchvisionV2: [KeyRule] =
        torchvisionShared + [
            .layer("fpn.lateral.p{p}", "backbone.fpn.inner_blocks.{p-2}.0"),
            .norm("fpn.lateral.p{p}.norm", "backbone.fpn.inner_blocks.{p-2}.1"),
            .layer("fpn.p{p}", "backbone.fpn.layer_blocks.{p-2}.0"),
            .norm("fpn.p{p}.norm", "backbone.fpn.layer_blocks.{p-2}.1"),
            .layer("rpn.hidden.{k}", "rpn.head.conv.{k-1}.0"),
            .layer("box.convolution.{k}", "roi_heads.box_head.{k-1}.0"),
            .norm("box.convolution.{k}.norm", "roi_heads.box_head.{k-1}.1"),
            // After the four convolutions and the flattening.
            .layer("box.hidden.1", "roi_heads.box_head.5"),
            .layer("mask.hidden.{k}", "roi_heads.mask_head.{k-1}.0"),
            .norm("mask.hidden.{k}.norm", "roi_heads.mask_head.{k-1}.1"),
        ]
}
