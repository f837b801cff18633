import Inference

/// A detectron2 `config.yaml` as written by training, which contains every value.
package struct Detectron2Configuration {
    private let root: ConfigurationValue

    /// Reads the text.
    /// - Throws: ``ConfigurationError`` for text that ``PlainYAML`` cannot read.
    package init(_ text: String) throws { root = try PlainYAML.read(text) }

    private func value(_ path: String) -> ConfigurationValue? {
        var value = root
        for name in path.split(separator: ".") {
            guard case .members(let members) = value, let member = members[String(name)] else { return nil }
            value = member
        }
        return value == .null ? nil : value
    }

    /// All values of the file that have an equivalent here, under this project's names.
    package func stated(by origin: String) -> StatedConfiguration {
        var stated = StatedConfiguration(origin: origin, isStrict: false)
        stated.profile = .detectron2
        func state(_ key: String, _ value: ConfigurationValue?, _ path: String) {
            guard let value else { return }
            stated.state(key, value, origin: "\(origin): \(path)")
        }
        // Values with the same meaning here.
        for (path, key) in [
            ("INPUT.MIN_SIZE_TEST", "input.minimumSide"), ("INPUT.MAX_SIZE_TEST", "input.maximumSide"),
            ("MODEL.PIXEL_MEAN", "input.mean"), ("MODEL.PIXEL_STD", "input.standardDeviation"),
            ("MODEL.ANCHOR_GENERATOR.OFFSET", "anchors.offset"),
            ("MODEL.RPN.PRE_NMS_TOPK_TEST", "proposals.preNMSTopN"),
            ("MODEL.RPN.POST_NMS_TOPK_TEST", "proposals.postNMSTopN"),
            ("MODEL.RPN.NMS_THRESH", "proposals.nmsThreshold"),
            ("MODEL.PROPOSAL_GENERATOR.MIN_SIZE", "proposals.minimumSide"),
            ("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "boxes.scoreThreshold"),
            ("MODEL.ROI_HEADS.NMS_THRESH_TEST", "boxes.nmsThreshold"),
            ("TEST.DETECTIONS_PER_IMAGE", "boxes.detectionsPerImage"),
            ("MODEL.ROI_BOX_HEAD.POOLER_SAMPLING_RATIO", "pooling.samplingRatio"),
            ("MODEL.ROI_MASK_HEAD.POOLER_RESOLUTION", "masks.poolSize"),
            ("MODEL.ROI_KEYPOINT_HEAD.POOLER_RESOLUTION", "keypoints.poolSize"),
        ] {
            state(key, value(path), path)
        }
        // Mean and standard deviation are for samples from 0 to 255.
        state("input.whitePoint", value("MODEL.PIXEL_MEAN").map { _ in .number(255) }, "MODEL.PIXEL_MEAN")
        if case .string(let order)? = value("INPUT.FORMAT") {
            state("input.channelOrder", .string(order.lowercased()), "INPUT.FORMAT")
        }
        if case .bool(let isFirst)? = value("MODEL.RESNETS.STRIDE_IN_1X1") {
            state(
                "backbone.stridePlacement", .string(isFirst ? "conv1" : "conv2"),
                "MODEL.RESNETS.STRIDE_IN_1X1")
        }
        state(
            "backbone.lastStageDilation", value("MODEL.RESNETS.RES5_DILATION"), "MODEL.RESNETS.RES5_DILATION")
        for (path, key) in [
            ("MODEL.RPN.BBOX_REG_WEIGHTS", "proposals.deltaScaling"),
            ("MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS", "boxes.deltaScaling"),
        ] {
            state(key, value(path).map { .members(["weights": $0]) }, path)
        }
        readAnchors(into: &stated)
        readPooler(into: &stated)
        nameTheUnsupported(in: &stated)
        return stated
    }

    private func readAnchors(into stated: inout StatedConfiguration) {
        let path = "MODEL.ANCHOR_GENERATOR."
        if let sizes = value(path + "SIZES") {
            stated.state("anchors.sizes", sizes, origin: "\(stated.origin): \(path)SIZES")
        }
        guard case .list(let lists)? = value(path + "ASPECT_RATIOS"), let first = lists.first else { return }
        if lists.contains(where: { $0 != first }) {
            stated.remark("\(path)ASPECT_RATIOS: other ratios on other levels are not followed")
        } else {
            stated.state("anchors.aspectRatios", first, origin: "\(stated.origin): \(path)ASPECT_RATIOS")
        }
    }

    private func readPooler(into stated: inout StatedConfiguration) {
        let path = "MODEL.ROI_BOX_HEAD.POOLER_TYPE"
        guard case .string(let type)? = value(path) else { return }
        func state(_ key: String, _ value: ConfigurationValue) {
            stated.state(key, value, origin: "\(stated.origin): \(path)")
        }
        switch type {
        case "ROIAlignV2", "ROIAlign":
            state("pooling.layer", .string("roialign"))
            state("pooling.subtractsHalfPixel", .bool(type == "ROIAlignV2"))
        case "ROIPool": state("pooling.layer", .string("roipool"))
        default: stated.remark("\(path) \(type) is not followed")
        }
    }

    /// Adds remarks on values that this project does not support.
    private func nameTheUnsupported(in stated: inout StatedConfiguration) {
        let known: [(String, [ConfigurationValue])] = [
            ("MODEL.META_ARCHITECTURE", [.string("GeneralizedRCNN")]),
            (
                "MODEL.BACKBONE.NAME",
                [.string("build_resnet_fpn_backbone"), .string("build_resnet_backbone")]
            ),
            ("MODEL.PROPOSAL_GENERATOR.NAME", [.string("RPN")]),
            ("MODEL.ANCHOR_GENERATOR.NAME", [.string("DefaultAnchorGenerator")]),
            ("MODEL.ROI_HEADS.NAME", [.string("StandardROIHeads"), .string("Res5ROIHeads")]),
            ("MODEL.FPN.FUSE_TYPE", [.string("sum")]),
            (
                "MODEL.RESNETS.DEFORM_ON_PER_STAGE",
                [.list([.bool(false), .bool(false), .bool(false), .bool(false)])]
            ),
            ("TEST.AUG.ENABLED", [.bool(false)]),
            ("INPUT.CROP.ENABLED", [.bool(false), .bool(true)]),
        ]
        for (path, values) in known {
            guard let found = value(path), !values.contains(found) else { continue }
            stated.remark("\(path) \(found.text) is not followed")
        }
        if let base = value("_BASE_") {
            stated.remark("_BASE_ \(base.text) is not read: what stands there is not followed")
        }
        // This project has one sampling ratio and one kind of RoI layer for all heads.
        for head in ["ROI_MASK_HEAD", "ROI_KEYPOINT_HEAD"] {
            guard value("MODEL.\(head == "ROI_MASK_HEAD" ? "MASK_ON" : "KEYPOINT_ON")") == .bool(true) else {
                continue
            }
            for name in ["POOLER_SAMPLING_RATIO", "POOLER_TYPE"] {
                if let own = value("MODEL.\(head).\(name)"), let boxes = value("MODEL.ROI_BOX_HEAD.\(name)"),
                    own != boxes
                {
                    stated.remark(
                        "MODEL.\(head).\(name) \(own.text) is not followed: it is that of the boxes")
                }
            }
        }
    }
}
