// Variables as for torchvision: s stage (2–5), i block (from 0), k layer (from 1), p pyramid level (2–5).
// detectron2 counts stages and levels as this project does.

extension KeyRule {
    /// The stem and the stages of a backbone called `name`.
    private static func detectron2Backbone(_ name: String) -> [KeyRule] {
        [
            .layer("backbone.stem", "\(name).stem.conv1"),
            .norm("backbone.stem.norm", "\(name).stem.conv1.norm"),
        ] + detectron2Stage("backbone.c{s}.{i}", "\(name).res{s}.{i}")
    }

    /// The blocks of a stage.
    private static func detectron2Stage(_ native: String, _ foreign: String) -> [KeyRule] {
        [
            .layer("\(native).conv{k}", "\(foreign).conv{k}"),
            .norm("\(native).conv{k}.norm", "\(foreign).conv{k}.norm"),
            .layer("\(native).shortcut", "\(foreign).shortcut"),
            .norm("\(native).shortcut.norm", "\(foreign).shortcut.norm"),
        ]
    }

    private static let detectron2Heads: [KeyRule] = [
        .layer("rpn.hidden.1", "proposal_generator.rpn_head.conv"),
        // With MODEL.RPN.CONV_DIMS of several layers.
        .layer("rpn.hidden.{k}", "proposal_generator.rpn_head.conv.conv{k-1}"),
        .layer("rpn.objectness", "proposal_generator.rpn_head.objectness_logits"),
        .layer("rpn.deltas", "proposal_generator.rpn_head.anchor_deltas"),
        .layer("box.logits", "roi_heads.box_predictor.cls_score"),
        .layer("box.deltas", "roi_heads.box_predictor.bbox_pred"),
        .layer("mask.hidden.{k}", "roi_heads.mask_head.mask_fcn{k}"),
        .norm("mask.hidden.{k}.norm", "roi_heads.mask_head.mask_fcn{k}.norm"),
        .layer("mask.upsampled", "roi_heads.mask_head.deconv"),
        .layer("mask.logits", "roi_heads.mask_head.predictor"),
        .layer("box.convolution.{k}", "roi_heads.box_head.conv{k}"),
        .norm("box.convolution.{k}.norm", "roi_heads.box_head.conv{k}.norm"),
        .layer("box.hidden.{k}", "roi_heads.box_head.fc{k}"),
        .layer("keypoint.hidden.{k}", "roi_heads.keypoint_head.conv_fcn{k}"),
        .layer("keypoint.heatmaps", "roi_heads.keypoint_head.score_lowres"),
    ]

    static let detectron2: [KeyRule] =
        detectron2Backbone("backbone.bottom_up") + detectron2Heads + [
            .layer("fpn.lateral.p{p}", "backbone.fpn_lateral{p}"),
            .norm("fpn.lateral.p{p}.norm", "backbone.fpn_lateral{p}.norm"),
            .layer("fpn.p{p}", "backbone.fpn_output{p}"),
            .norm("fpn.p{p}.norm", "backbone.fpn_output{p}.norm"),
        ]

    // Of models without a pyramid: C4, whose box head is the fifth stage, and DC5, which has one of its own.

    static let detectron2C4: [KeyRule] =
        detectron2Backbone("backbone") + detectron2Heads
        + detectron2Stage("box.c5.{i}", "roi_heads.res5.{i}")
}
