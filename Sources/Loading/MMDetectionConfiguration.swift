import Foundation
import Inference

/// The values of an MMDetection configuration, from a checkpoint's `meta` or from a file.
///
/// The text is Python, which is not executed: only literals are read, other values count as absent. Versions
/// 2 and 3 name some values differently; both are recognised.
package struct MMDetectionConfiguration {
    private let values: [String: PythonLiteral]
    /// `mean`, `std` and `to_rgb` (version 2) or `bgr_to_rgb` (version 3), wherever they are; nil unless all
    /// are present.
    let channels: InputChannels?
    /// `style`: the stride is in the first convolution of a block for "caffe", in the second for "pytorch".
    let stridePlacement: Architecture.Backbone.StridePlacement?

    /// Reads the text of a configuration.
    package init(_ text: String) {
        values = PythonLiteral.assignments(in: text)
        let dictionaries = PythonLiteral.dictionary(values).dictionaries
        func first<Value>(_ name: String, _ value: (PythonLiteral) -> Value?) -> Value? {
            dictionaries.compactMap { $0[name].flatMap(value) }.first
        }
        func three(_ literal: PythonLiteral) -> [Float]? {
            literal.numbers.flatMap { $0.count == 3 ? $0.map { Float($0) } : nil }
        }
        if let mean = first("mean", three), let deviation = first("std", three),
            let isReversed = first("to_rgb", \.bool) ?? first("bgr_to_rgb", \.bool)
        {
            channels = InputChannels(order: isReversed ? .rgb : .bgr, means: mean, deviations: deviation)
        } else {
            channels = nil
        }
        stridePlacement = first("style") { literal in
            switch literal.string {
            case "caffe": .conv1
            case "pytorch": .conv2
            default: nil
            }
        }
    }

    /// All values of the text that have an equivalent here, under this project's names.
    /// - Parameters:
    ///   - origin: the source of the text, for messages.
    ///   - isStyleKnown: whether the channels and the placement of the stride are already known.
    package func stated(by origin: String, isStyleKnown: Bool = false) -> StatedConfiguration {
        var reader = Reader(values: values, stated: StatedConfiguration(origin: origin, isStrict: false))
        reader.stated.profile = .mmdetection
        reader.readInput(isStyleKnown ? nil : channels)
        if let stridePlacement, !isStyleKnown {
            reader.state(
                "backbone.stridePlacement", .string(stridePlacement.rawValue), "backbone.style")
        }
        reader.readBackbone()
        reader.readAnchors()
        reader.readProposals()
        reader.readRegions()
        reader.readDetections()
        reader.nameTheUnsupported()
        return reader.stated
    }
}

/// Reads the configuration part by part.
private struct Reader {
    let values: [String: PythonLiteral]
    var stated: StatedConfiguration

    private var model: PythonLiteral { values["model"] ?? .none }

    mutating func state(_ key: String, _ value: ConfigurationValue, _ path: String) {
        stated.state(key, value, origin: "\(stated.origin): \(path)")
    }

    private mutating func state(
        _ key: String, number path: String, in literal: PythonLiteral, _ prefix: String
    ) {
        guard let number = literal.member(path)?.number else { return }
        state(key, .number(number), prefix + path)
    }

    /// Up to version 2.0, the test settings were beside the model.
    private var testing: (PythonLiteral, String) {
        if let own = model.member("test_cfg"), case .dictionary = own { return (own, "model.test_cfg.") }
        return (values["test_cfg"] ?? .none, "test_cfg.")
    }

    mutating func readInput(_ channels: InputChannels?) {
        if let channels {
            state("input.channelOrder", .string(channels.order.rawValue), "to_rgb")
            state("input.whitePoint", .number(255), "mean")
            state("input.mean", channels.mean.configurationValue, "mean")
            state("input.standardDeviation", channels.deviation.configurationValue, "std")
        }
        let preprocessor = model.member("data_preprocessor") ?? values["data_preprocessor"] ?? .none
        state(
            "input.padMultiple", number: "pad_size_divisor", in: preprocessor, "data_preprocessor.")
        guard let (size, keepsRatio, path) = testSize else { return }
        let sides = size.sorted()
        state("input.minimumSide", .number(sides[0]), path)
        state("input.maximumSide", .number(sides[1]), path)
        if !keepsRatio { stated.remark("\(path): keep_ratio=False is not followed") }
    }

    /// The image size at test time: that of the test pipeline, wherever that is.
    private var testSize: ([Double], Bool, String)? {
        let pipelines: [(String, PythonLiteral?)] = [
            ("test_pipeline", values["test_pipeline"]),
            ("test_dataloader", values["test_dataloader"]?.member("dataset.pipeline")),
            ("val_dataloader", values["val_dataloader"]?.member("dataset.pipeline")),
            ("data.test.pipeline", values["data"]?.member("test.pipeline")),
            ("data.val.pipeline", values["data"]?.member("val.pipeline")),
        ]
        for (name, pipeline) in pipelines {
            guard let steps = pipeline?.dictionaries else { continue }
            let keepsRatio = steps.lazy.compactMap { $0["keep_ratio"]?.bool }.first ?? true
            for member in ["scale", "img_scale"] {
                for step in steps {
                    guard let scale = step[member] else { continue }
                    // One size, or a list with a single size.
                    let size = scale.numbers ?? scale.list?.first?.numbers
                    if let size, size.count == 2, size.allSatisfy({ $0 >= 1 && $0 <= 8192 }) {
                        return (size, keepsRatio, "\(name).\(member)")
                    }
                }
            }
        }
        return nil
    }

    /// What belongs to the network and shows in no shape.
    mutating func readBackbone() {
        if let dilation = model.member("backbone.dilations")?.numbers?.last,
            let stride = model.member("backbone.strides")?.numbers?.last, (dilation > 1) == (stride == 1)
        {
            state("backbone.lastStageDilation", .number(dilation), "backbone.dilations")
        }
        if model.member("backbone.norm_cfg.type")?.string == "GN" {
            state(
                "backbone.groupNormGroups", number: "norm_cfg.num_groups",
                in: model.member("backbone") ?? .none,
                "backbone.")
        }
        switch model.member("backbone.conv_cfg.type")?.string {
        case "ConvWS": state("groupNorms.standardizeWeights", .bool(true), "backbone.conv_cfg")
        case "Conv2d", "Conv", nil:
            if model.member("backbone.norm_cfg.type")?.string == "GN" {
                state("groupNorms.standardizeWeights", .bool(false), "backbone.conv_cfg")
            }
        case let type?: stated.remark("model.backbone.conv_cfg \(type) is not followed")
        }
    }

    mutating func readAnchors() {
        guard let generator = model.member("rpn_head.anchor_generator") else { return }
        let path = "rpn_head.anchor_generator."
        let strides = generator.member("strides")?.numbers ?? [4, 8, 16, 32, 64]
        let bases = generator.member("base_sizes")?.numbers ?? strides
        if let ratios = generator.member("ratios")?.numbers {
            state("anchors.aspectRatios", ratios.configurationValue, path + "ratios")
        }
        var scales = generator.member("scales")?.numbers
        if scales == nil, let octave = generator.member("octave_base_scale")?.number,
            let count = generator.member("scales_per_octave")?.whole, (1...16).contains(count)
        {
            scales = (0..<count).map { octave * pow(2, Double($0) / Double(count)) }
        }
        if let scales, bases.count <= 16, scales.count <= 64 {
            state(
                "anchors.sizes", bases.map { base in scales.map { base * $0 } }.configurationValue,
                path + "scales")
        }
        if let offset = generator.member("center_offset")?.number {
            state("anchors.offset", .number(offset), path + "center_offset")
        }
        if let strides = generator.member("strides")?.numbers,
            zip(strides, strides.dropFirst()).contains(where: { $1 != 2 * $0 })
        {
            stated.remark("\(path)strides \(strides.configurationValue.text) is not followed")
        }
        coder("proposals", model.member("rpn_head.bbox_coder"), "rpn_head.bbox_coder.")
    }

    private mutating func coder(_ part: String, _ coder: PythonLiteral?, _ path: String) {
        guard let coder else { return }
        if let deviations = coder.member("target_stds")?.numbers {
            state(
                "\(part).deltaScaling", .members(["standardDeviations": deviations.configurationValue]),
                path + "target_stds")
        }
        if let means = coder.member("target_means")?.numbers, means.contains(where: { $0 != 0 }) {
            stated.remark("\(path)target_means \(means.configurationValue.text) is not followed")
        }
        if let type = coder.member("type")?.string, type != "DeltaXYWHBBoxCoder" {
            stated.remark("\(path)type \(type) is not followed")
        }
    }

    mutating func readProposals() {
        let (testing, prefix) = testing
        guard let settings = testing.member("rpn") else { return }
        let path = prefix + "rpn."
        state("proposals.preNMSTopN", number: "nms_pre", in: settings, path)
        for name in ["max_per_img", "max_num", "nms_post"] where settings.member(name)?.number != nil {
            state("proposals.postNMSTopN", number: name, in: settings, path)
            break
        }
        for name in ["nms.iou_threshold", "nms.iou_thr", "nms_thr"] where settings.member(name)?.number != nil
        {
            state("proposals.nmsThreshold", number: name, in: settings, path)
            break
        }
        state("proposals.minimumSide", number: "min_bbox_size", in: settings, path)
        if settings.member("nms_across_levels")?.bool == true {
            state("proposals.nmsSeparation", .string("none"), path + "nms_across_levels")
        }
        suppression(settings.member("nms"), path + "nms.")
    }

    private mutating func suppression(_ nms: PythonLiteral?, _ path: String) {
        if let type = nms?.member("type")?.string, type != "nms" {
            stated.remark("\(path)type \(type) is not followed: suppression is greedy here")
        }
    }

    mutating func readRegions() {
        coder(
            "boxes", model.member("roi_head.bbox_head.bbox_coder") ?? model.member("bbox_head.bbox_coder"),
            "bbox_head.bbox_coder.")
        // Two-stage models have one extractor for boxes; masks may share it.
        guard
            let extractor = model.member("roi_head.bbox_roi_extractor") ?? model.member("bbox_roi_extractor")
        else { return }
        let path = "bbox_roi_extractor.roi_layer."
        if let layer = extractor.member("roi_layer") {
            switch layer.member("type")?.string {
            case "RoIAlign", nil: break
            case "RoIPool": state("pooling.layer", .string("roipool-truncating"), path + "type")
            case let type?: stated.remark("\(path)type \(type) is not followed")
            }
            // `sample_num` in version 1's names.
            for name in ["sampling_ratio", "sample_num"] {
                state("pooling.samplingRatio", number: name, in: layer, path)
            }
            if let isAligned = layer.member("aligned")?.bool {
                state("pooling.subtractsHalfPixel", .bool(isAligned), path + "aligned")
            }
        }
        if let scale = extractor.member("finest_scale")?.number, scale != 56 {
            stated.remark(
                "bbox_roi_extractor.finest_scale \(ConfigurationValue.number(scale).text) is not followed")
        }
    }

    mutating func readDetections() {
        let (testing, prefix) = testing
        guard let settings = testing.member("rcnn") else { return }
        let path = prefix + "rcnn."
        state("boxes.scoreThreshold", number: "score_thr", in: settings, path)
        for name in ["nms.iou_threshold", "nms.iou_thr"] where settings.member(name)?.number != nil {
            state("boxes.nmsThreshold", number: name, in: settings, path)
            break
        }
        state("boxes.detectionsPerImage", number: "max_per_img", in: settings, path)
        state("masks.threshold", number: "mask_thr_binary", in: settings, path)
        suppression(settings.member("nms"), path + "nms.")
        if settings.member("nms.class_agnostic")?.bool == true {
            state("boxes.nmsSeparation", .string("none"), path + "nms.class_agnostic")
        }
    }

    /// Adds remarks on parts that this project does not support, by MMDetection's names.
    mutating func nameTheUnsupported() {
        if values["_base_"] != nil {
            stated.remark("_base_ is not read: what stands there is not followed")
        }
        let known: [(String, [String])] = [
            ("type", ["MaskRCNN", "FasterRCNN"]), ("neck.type", ["FPN"]), ("rpn_head.type", ["RPNHead"]),
            ("rpn_head.anchor_generator.type", ["AnchorGenerator"]),
            ("roi_head.type", ["StandardRoIHead"]), ("backbone.type", ["ResNet", "ResNeXt"]),
            ("roi_head.bbox_roi_extractor.type", ["SingleRoIExtractor"]),
        ]
        for (path, names) in known {
            guard let name = model.member(path)?.string, !names.contains(name) else { continue }
            stated.remark("model.\(path) \(name) is not followed")
        }
    }
}
