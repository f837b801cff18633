/// What names of parameters tell of a network, or of a part of one, that is not built here.
///
/// Each of them shares its backbone's or its heads' names with networks that are, so that half of it would load, and run
/// as something else.
package struct OtherNetwork: Sendable {
    /// In words, to stand after “has” or “is”: `is RetinaNet`, `has deformable convolutions`.
    package let description: String
    /// A parameter that shows it.
    package let key: String

    /// What keeps a file that has it from being loaded.
    package var fault: String { "\(description) (\(quoted(key))), which is not built here" }

    /// The first sign among names of parameters; nil if there is none.
    package init?(in names: some Collection<String>) {
        for (description, signs) in Self.known {
            for sign in signs {
                guard let key = names.first(where: { $0.contains(sign) }) else { continue }
                self.description = description
                self.key = key
                return
            }
        }
        return nil
    }

    /// What is known, with pieces of names that nothing else has: wholes first, since they contain the parts as well.
    private static let known: [(description: String, signs: [String])] = [
        ("is FCOS", ["centerness.", "bbox_ctrness.", ".ctrness."]),
        ("is RetinaNet", [".cls_subnet.", "bbox_head.retina_", "head.classification_head.cls_logits."]),
        ("is SSD", ["head.classification_head.module_list.", "backbone.extra."]),
        ("is a transformer of the DETR family", ["transformer.decoder.", "class_embed.", "query_embed."]),
        (
            "is Mask2Former or MaskFormer",
            ["sem_seg_head.predictor.transformer", "sem_seg_head.pixel_decoder.", "panoptic_head."]
        ),
        ("has point heads (PointRend)", ["point_head."]),
        ("has a head that scores masks (Mask Scoring R-CNN)", ["mask_iou_head.", "maskiou_head."]),
        ("has a grid head (Grid R-CNN)", ["grid_head."]),
        ("has double heads (Double-Head R-CNN)", ["bbox_head.conv_branch.", "bbox_head.fc_branch."]),
        (
            "has heads in a cascade (Cascade R-CNN, HTC)",
            ["roi_heads.box_head.0.fc", "roi_heads.box_predictor.0.", "roi_head.bbox_head.0."]
        ),
        (
            "has a head for semantic segmentation (panoptic FPN)",
            ["sem_seg_head.", "semantic_head.", "semantic_fpn."]
        ),
        ("has deformable convolutions", ["conv2_offset", "conv_offset.", "offset_conv"]),
        ("has global context blocks (GCNet)", ["context_block"]),
        ("has attention blocks beside its convolutions", ["gen_attention_block", "nonlocal_block"]),
        ("has a PAFPN", ["neck.downsample_convs.", "neck.pafpn_convs."]),
        ("has a pyramid that reassembles features (CARAFE)", ["upsample_modules."]),
        ("has a balanced pyramid (Libra R-CNN)", ["neck.1.refine.", "neck.1."]),
        (
            "has a Swin or ViT backbone",
            ["relative_position_bias_table", "patch_embed.", ".attn.qkv.", "backbone.cls_token"]
        ),
        ("has a ConvNeXt backbone", ["depthwise_conv.", "pointwise_conv1.", ".dwconv."]),
        ("has an HRNet backbone", ["backbone.transition1.", ".branches.0."]),
        ("has a RegNet backbone", ["backbone.bottom_up.s1.", "trunk_output.block1", ".se.0.weight"]),
        ("has a MobileNet backbone", ["backbone.body.1.block.", "backbone.features.0.0."]),
        ("has a Res2Net backbone", ["backbone.layer1.0.convs."]),
        ("has a ResNeSt backbone", ["backbone.layer1.0.conv2.fc1."]),
        ("has a VGG backbone", ["backbone.features.0.weight"]),
    ]
}
