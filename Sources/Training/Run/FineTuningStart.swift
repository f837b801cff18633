import Formats
import Inference
import Tensors

/// The parameters that fine-tuning starts from: those of a checkpoint or of a pretrained backbone. Layers whose size
/// depends on the number of classes are initialised randomly if that number differs, and so are parts of the network
/// that the file does not have.
package struct FineTuningStart: Sendable {
    /// The initial parameters of the whole network.
    package let parameters: Parameters
    /// Remarks on what is initialised randomly, and on the conventions that the backbone was trained with.
    package let remarks: [String]
    /// The parts of the network that are initialised randomly, such as `mask`.
    package let freshParts: Set<String>
    /// The fresh parts, and those whose last layer is initialised randomly: their output is meaningless before
    /// training.
    package let untrainedParts: Set<String>

    /// Layers whose number of outputs depends on the number of classes or keypoints.
    private static let outputLayers = ["box.logits", "box.deltas", "mask.logits", "keypoint.heatmaps"]

    /// Takes the parameters that fit from the checkpoint at `path`.
    /// - Parameters:
    ///   - entry: the name of one of several networks in the file.
    ///   - configuration: the network to train.
    /// - Throws: `FileError` if the file cannot be read, has no backbone, or has a part of the network with a missing
    ///   parameter or a wrong shape (other than from the number of classes); ``TrainingError`` if the configuration is
    ///   invalid.
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

    /// The prefix of the parameters' names of each part of the network, and the part's name in remarks.
    private static let partNames = [
        ("fpn", "pyramid"), ("rpn", "region proposal network"), ("box", "box head"), ("mask", "mask head"),
        ("keypoint", "keypoint head"),
    ]

    private static func part(of name: String) -> String { String(name.prefix { $0 != "." }) }

    /// Reads the file as a checkpoint if that has more than a backbone, otherwise as a bare backbone if possible.
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

    /// A remark on the conventions that backbones with these names are usually trained with, compared with the
    /// configuration's. The file does not record them, and with wrong ones the pretrained features are far off.
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
        // A standard deviation of 1 in units of 0 … 255 is no division.
        let isDivided = input.standardDeviation.contains { abs($0 * 255 / input.whitePoint - 1) > 1e-3 }
        let given = words(
            input.channelOrder, isDivided, configuration.network.backbone.stridePlacement.rawValue)
        return given == expected
            ? "\(start), as the configuration has it"
            : "\(start); the configuration has \(given): set profile and network.backbone.stridePlacement to what the "
                + "file was trained with"
    }

    /// The file that parameters are taken from.
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

        /// Whether the parameter belongs to a part that the file does not have.
        private func isAbsent(_ name: String) -> Bool {
            if parts.contains(FineTuningStart.part(of: name)) { return false }
            if case .backbone(let backbone) = stored { return !backbone.contains(inBackbone(name)) }
            return true
        }

        /// In a C4 network, the fifth stage of the backbone is the box head.
        private func inBackbone(_ name: String) -> String {
            name.hasPrefix("box.c5.") ? "backbone." + name.dropFirst("box.".count) : name
        }

        /// Whether the parameter belongs to an output layer, and has another shape in the file.
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
