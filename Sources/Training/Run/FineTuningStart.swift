import Formats
import Inference
import Tensors

/// The parameters that fine-tuning begins with: those of a checkpoint, but for layers whose size depends on
/// the number of classes, where that differs; or those of a backbone that was trained on ImageNet. Parts of the network
/// that the checkpoint does not have at all begin anew.
package struct FineTuningStart: Sendable {
    /// All parameters of the network.
    package let parameters: Parameters
    /// What starts anew, and what the backbone expects, in words.
    package let remarks: [String]
    /// The parts of the network that begin anew, such as `mask`.
    package let freshParts: Set<String>
    /// Those, and the parts whose last layer begins anew: what they put out means nothing before they are trained.
    package let untrainedParts: Set<String>

    /// Layers whose outputs are counted by class or by kind of keypoint.
    private static let outputLayers = ["box.logits", "box.deltas", "mask.logits", "keypoint.heatmaps"]

    /// Takes what fits from the checkpoint at `path`.
    /// - Parameters:
    ///   - entry: which of several networks in the file.
    ///   - configuration: the network to train.
    /// - Throws: `FileError` when it cannot be read, or has no backbone, or lacks a parameter of a part that it has and
    ///   that does not depend on the number of classes, or has it in another shape; ``TrainingError`` when the
    ///   configuration makes no sense.
    package init(_ path: String, entry: String? = nil, for configuration: TrainingConfiguration) throws {
        try configuration.validate()
        let source = Mixture(
            stored: try Self.stored(path, entry: entry, for: configuration),
            fresh: RandomParameters(seed: configuration.seed))
        do {
            parameters = try Parameters(configuration.network, from: source)
        } catch let error as ParameterError {
            throw FileError(path: path, fault: error.description)
        }
        let parameters = parameters
        func isFresh(_ name: String) -> Bool {
            !source.contains(name) || source.replaces(name, parameters[name]?.shape ?? [])
        }
        let parts = Dictionary(grouping: parameters.names, by: Self.part)
        let freshParts = Set(parts.filter { $1.allSatisfy(isFresh) }.keys)
        self.freshParts = freshParts
        var remarks: [String] = []
        let replaced = Self.outputLayers.filter { layer in
            parameters["\(layer).weight"] != nil && source.contains("\(layer).weight")
                && isFresh("\(layer).weight")
        }
        untrainedParts = freshParts.union(replaced.map(Self.part))
        if !replaced.isEmpty {
            remarks.append("\(replaced.joined(separator: ", ")): another number of classes, begun anew")
        }
        if !freshParts.isEmpty {
            let missing = parameters.names.filter { freshParts.contains(Self.part(of: $0)) }
            let count = missing.reduce(0) { $0 + (parameters[$1]?.shape.reduce(1, *) ?? 0) }
            let names = Self.partNames.filter { freshParts.contains($0.0) }.map(\.1)
            remarks.append(
                "\(path) has no \(names.joined(separator: ", ")): these begin at random, \(count) parameters")
        }
        if case .backbone(let backbone) = source.stored {
            remarks.append(Self.conventions(of: backbone.naming, path, configuration))
        }
        self.remarks = remarks
    }

    /// The parts of the network by the first word of their parameters' names, and what they are called.
    private static let partNames = [
        ("fpn", "pyramid"), ("rpn", "region proposal network"), ("box", "box head"), ("mask", "mask head"),
        ("keypoint", "keypoint head"),
    ]

    private static func part(of name: String) -> String { String(name.prefix { $0 != "." }) }

    /// A file with no more than a backbone is read as one, whatever else its names might be.
    private static func stored(
        _ path: String, entry: String?, for configuration: TrainingConfiguration
    ) throws -> Stored {
        let file = try TensorFile(contentsOf: path, entry: entry)
        let checkpoint = Result { try Checkpoint(file, entry: entry) }
        if let checkpoint = try? checkpoint.get(),
            checkpoint.names.contains(where: { part(of: $0) != "backbone" })
        {
            return .checkpoint(checkpoint)
        }
        var epsilon: Float = 0
        if case .frozenBatch(let added) = configuration.network.backbone.norm { epsilon = added }
        if let backbone = BareBackbone(file, epsilon: epsilon) { return .backbone(backbone) }
        return .checkpoint(try checkpoint.get())
    }

    /// What a backbone of that naming was trained with, and whether the configuration has the same. A file does not tell:
    /// with the wrong one training begins far from where the backbone was.
    private static func conventions(
        of naming: BareBackbone.Naming, _ path: String, _ configuration: TrainingConfiguration
    ) -> String {
        let usual: (order: Conventions.Input.ChannelOrder, isDivided: Bool, stride: String)
        switch naming {
        case .torchvision: usual = (.rgb, true, "conv2")
        case .detectron2, .caffe2: usual = (.bgr, false, "conv1")
        }
        func words(_ order: Conventions.Input.ChannelOrder, _ isDivided: Bool, _ stride: String) -> String {
            "\(order.rawValue.uppercased()), \(isDivided ? "divided by deviations" : "not divided by deviations"), "
                + "stride in \(stride == "conv1" ? "the 1×1 convolution (conv1)" : "the 3×3 convolution (conv2)")"
        }
        let expected = words(usual.order, usual.isDivided, usual.stride)
        let start =
            "the backbone starts from \(path) (names of \(naming.rawValue)), usually trained with \(expected)"
        guard let input = Profile.named(configuration.profile)?.conventions.input else { return start }
        // A deviation of one level is none.
        let isDivided = input.standardDeviation.contains { abs($0 * 255 / input.whitePoint - 1) > 1e-3 }
        let given = words(
            input.channelOrder, isDivided, configuration.network.backbone.stridePlacement.rawValue)
        return given == expected
            ? "\(start), as the configuration has it"
            : "\(start); the configuration has \(given): set profile and network.backbone.stridePlacement to what the "
                + "file was trained with"
    }

    /// Where parameters come from.
    private enum Stored {
        case checkpoint(Checkpoint)
        case backbone(BareBackbone)
    }

    private struct Mixture: ParameterSource {
        var stored: Stored
        var fresh: RandomParameters
        /// The parts of the network that the file has.
        let parts: Set<String>

        init(stored: Stored, fresh: RandomParameters) {
            self.stored = stored
            self.fresh = fresh
            switch stored {
            case .checkpoint(let checkpoint):
                parts = Set(checkpoint.names.map(FineTuningStart.part)).union(["backbone"])
            case .backbone: parts = ["backbone"]
            }
        }

        mutating func parameter(_ name: String, shape: [Int], initialization: Initialization) throws -> Tensor
        {
            if isAbsent(name) || replaces(name, shape) {
                return fresh.parameter(name, shape: shape, initialization: initialization)
            }
            switch stored {
            case .checkpoint(var checkpoint):
                return try checkpoint.parameter(name, shape: shape, initialization: initialization)
            case .backbone(var backbone):
                return try backbone.parameter(inBackbone(name), shape: shape, initialization: initialization)
            }
        }

        /// Whether it is of a part that the file does not have.
        private func isAbsent(_ name: String) -> Bool {
            if parts.contains(FineTuningStart.part(of: name)) { return false }
            if case .backbone(let backbone) = stored { return !backbone.contains(inBackbone(name)) }
            return true
        }

        /// The fifth stage of a backbone is the box head of a C4 network.
        private func inBackbone(_ name: String) -> String {
            name.hasPrefix("box.c5.") ? "backbone." + name.dropFirst("box.".count) : name
        }

        /// Whether it is of a layer whose size depends on the number of classes, and that differs.
        func replaces(_ name: String, _ shape: [Int]) -> Bool {
            guard case .checkpoint(let checkpoint) = stored else { return false }
            return FineTuningStart.outputLayers.contains { name.hasPrefix($0 + ".") }
                && checkpoint.shapes[name] != shape
        }

        func contains(_ name: String) -> Bool {
            switch stored {
            case .checkpoint(let checkpoint): checkpoint.contains(name)
            case .backbone(let backbone): backbone.contains(inBackbone(name))
            }
        }
    }
}
