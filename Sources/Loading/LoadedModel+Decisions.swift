import Kernels
import Inference

extension ResolvedConfiguration {
    /// Everything that cannot be inferred from tensors, one line each, with the value used and its source.
    var decisions: [LoadedModel.Decision] {
        let architecture = configuration.architecture, conventions = configuration.conventions
        let settings = configuration.settings
        var lines = Lines(sources: sources)
        lines.add("profile", configuration.profileName, reason: profileSource)
        if let style { lines.add("backbone style", style.name, reason: style.reason) }
        if case .frozenBatch(let epsilon) = architecture.backbone.norm {
            lines.add("batch-norm epsilon", "\(epsilon)", ["backbone.batchNormEpsilon"])
        }
        if case .group(let groups, _) = architecture.backbone.norm {
            lines.add("group-norm groups", "\(groups)", ["backbone.groupNormGroups"])
        }
        if architecture.backbone.block == .bottleneck {
            lines.add(
                "stride",
                architecture.backbone.stridePlacement == .conv1
                    ? "in the 1×1 convolution" : "in the 3×3 convolution", ["backbone.stridePlacement"])
        }
        if architecture.features == .c5 {
            let dilation = architecture.backbone.lastStageDilation
            lines.add(
                "c5", dilation == 1 ? "stride 32" : "stride 16, dilation \(dilation)",
                ["backbone.lastStageDilation"])
        }
        let input = conventions.input
        lines.add("channels", input.channelOrder.rawValue.uppercased(), ["input.channelOrder"])
        lines.add(
            "mean and deviation",
            "\(Self.list(input.mean)) and \(Self.list(input.standardDeviation)), white being "
                + "\(ConfigurationValue(input.whitePoint).text)", ["input.mean", "input.standardDeviation"])
        lines.add(
            "input size",
            "shorter side \(settings.input.minimumSide), longer at most \(settings.input.maximumSide)",
            ["input.minimumSide", "input.maximumSide"])
        lines.add("padded to multiples of", "\(input.padMultiple)", ["input.padMultiple"])
        lines.add(
            "anchors",
            "sides \(architecture.proposals.anchorSizes.map(Self.list).joined(separator: " | ")), heights over "
                + "widths \(Self.list(architecture.proposals.aspectRatios))",
            ["anchors.sizes", "anchors.aspectRatios"])
        lines.add(
            "proposals",
            "\(settings.proposals.preNMSTopN)\(conventions.proposals.preNMSTopNIsPerLevel ? " a level" : "") before "
                + "NMS at IoU \(settings.proposals.nmsThreshold), \(settings.proposals.postNMSTopN) after",
            ["proposals.preNMSTopN", "proposals.nmsThreshold", "proposals.postNMSTopN"])
        lines.add(
            "RoI layer", conventions.pooling.layer.description,
            ["pooling.layer", "pooling.samplingRatio", "pooling.subtractsHalfPixel"])
        lines.add(
            "detections",
            "probability above \(ConfigurationValue(settings.boxes.scoreThreshold).text), NMS at IoU "
                + "\(settings.boxes.nmsThreshold), at most \(settings.boxes.detectionsPerImage)",
            ["boxes.scoreThreshold", "boxes.nmsThreshold", "boxes.detectionsPerImage"])
        if architecture.masks != nil {
            lines.add(
                "masks", "pixels from \(ConfigurationValue(settings.masks.threshold).text) on",
                ["masks.threshold"])
        }
        return lines.decisions
    }

    private static func list(_ numbers: [Float]) -> String {
        numbers.map { ConfigurationValue($0).text }.joined(separator: ", ")
    }

    /// Collects the lines.
    private struct Lines {
        let sources: [String: String]
        var decisions: [LoadedModel.Decision] = []

        mutating func add(_ subject: String, _ value: String, reason: String) {
            decisions.append(LoadedModel.Decision(subject: subject, value: value, reason: reason))
        }

        /// Adds a line on several values: with their common source, or else with the sources of those that
        /// are not the profile's, by name.
        mutating func add(_ subject: String, _ value: String, _ keys: [String]) {
            let own = keys.map { ($0, sources[$0]) }
            let distinct = Set(own.map { $0.1 ?? "from the profile" })
            if distinct.count == 1, let reason = distinct.first {
                add(subject, value, reason: reason)
                return
            }
            var parts: [(source: String, names: [String])] = []
            for case (let key, let source?) in own {
                let name = String(key.split(separator: ".").last ?? "")
                if let index = parts.firstIndex(where: { $0.source == source }) {
                    parts[index].names.append(name)
                } else {
                    parts.append((source, [name]))
                }
            }
            let words = parts.map { "\($0.names.joined(separator: ", ")) \($0.source)" }
            let rest = own.contains { $0.1 == nil } ? ["the rest from the profile"] : []
            add(subject, value, reason: (words + rest).joined(separator: "; "))
        }
    }
}

extension PoolingLayer {
    /// The layer in words: `roialign, 2×2 samples a bin`.
    fileprivate var description: String {
        func samples(_ count: Int?) -> String {
            count.map { "\($0)×\($0) samples a bin" } ?? "as many samples a bin as it is long"
        }
        return switch self {
        case .pool(let quantization): "roipool, \(quantization == .nearest ? "rounded" : "cut down")"
        case .crop: "crop, one sample a bin"
        case .warp(let count, let reduction):
            "roiwarp, \(samples(count))\(reduction == .maximum ? ", largest" : "")"
        case .align(let count, let halfPixel, let reduction):
            "roialign, \(samples(count))\(reduction == .maximum ? ", largest" : "")"
                + (halfPixel ? ", half a pixel subtracted" : "")
        }
    }
}
