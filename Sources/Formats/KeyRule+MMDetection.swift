// Variables as for torchvision: s stage (2–5), i block (from 0), k layer (from 1), p pyramid level (2–5).
// Like torchvision, MMDetection counts stages from 1, levels and layers from 0.

extension KeyRule {
    /// A norm, called `bn` where it is a batch norm and `gn` where it is a group norm.
    private static func mmdetectionNorm(_ native: String, _ prefix: String, _ suffix: String = "") -> KeyRule
    {
        .norm(native, "\(prefix)bn\(suffix)", "\(prefix)gn\(suffix)")
    }

    /// The blocks of a stage.
    private static func mmdetectionStage(_ native: String, _ foreign: String) -> [KeyRule] {
        [
            .layer("\(native).conv{k}", "\(foreign).conv{k}"),
            mmdetectionNorm("\(native).conv{k}.norm", "\(foreign).", "{k}"),
            .layer("\(native).shortcut", "\(foreign).downsample.0"),
            .norm("\(native).shortcut.norm", "\(foreign).downsample.1"),
        ]
    }

    static let mmdetection: [KeyRule] =
        [
            .layer("backbone.stem", "backbone.conv1"),
            mmdetectionNorm("backbone.stem.norm", "backbone.", "1"),
        ] + mmdetectionStage("backbone.c{s}.{i}", "backbone.layer{s-1}.{i}")
        // For C4 models, whose box head is the fifth stage.
        + mmdetectionStage("box.c5.{i}", "roi_head.shared_head.layer4.{i}") + [
            .layer("fpn.lateral.p{p}", "neck.lateral_convs.{p-2}.conv"),
            mmdetectionNorm("fpn.lateral.p{p}.norm", "neck.lateral_convs.{p-2}."),
            .layer("fpn.p{p}", "neck.fpn_convs.{p-2}.conv"),
            mmdetectionNorm("fpn.p{p}.norm", "neck.fpn_convs.{p-2}."),
            .layer("rpn.hidden.1", "rpn_head.rpn_conv"),
            // With `num_convs` of several layers.
            .layer("rpn.hidden.{k}", "rpn_head.rpn_conv.{k-1}.conv"),
            .layer("rpn.objectness", "rpn_head.rpn_cls"),
            .layer("rpn.deltas", "rpn_head.rpn_reg"),
            .layer("box.convolution.{k}", "roi_head.bbox_head.shared_convs.{k-1}.conv"),
            mmdetectionNorm("box.convolution.{k}.norm", "roi_head.bbox_head.shared_convs.{k-1}."),
            .layer("box.hidden.{k}", "roi_head.bbox_head.shared_fcs.{k-1}"),
            .layer("box.logits", "roi_head.bbox_head.fc_cls"),
            .layer("box.deltas", "roi_head.bbox_head.fc_reg"),
            .layer("mask.hidden.{k}", "roi_head.mask_head.convs.{k-1}.conv"),
            mmdetectionNorm("mask.hidden.{k}.norm", "roi_head.mask_head.convs.{k-1}."),
            .layer("mask.upsampled", "roi_head.mask_head.upsample"),
            .layer("mask.logits", "roi_head.mask_head.conv_logits"),
        ]
}
