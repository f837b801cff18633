import Tensors

/// The parameters of a ResNet or ResNeXt alone, as trained on ImageNet, under our names whatever the file calls them:
/// what the training of a detector begins with.
package struct BareBackbone: ParameterSource, Sendable {
    /// Whose names the file has.
    package enum Naming: String, Sendable, CaseIterable {
        /// `conv1`, `layer1.0.conv1`, `fc`.
        case torchvision = "torchvision, timm or MMDetection"
        /// `stem.conv1`, `res2.0.conv1`.
        case detectron2
        /// `conv1_w`, `res2_0_branch2a_w`: the original ResNets that detectron2's `R-50.pkl` holds.
        case caffe2 = "Caffe2 (detectron2's MSRA models)"

        fileprivate var rules: [KeyRule] {
            switch self {
            case .torchvision: KeyRule.torchvisionResNet
            case .detectron2: KeyRule.detectron2ResNet
            case .caffe2: KeyRule.caffe2ResNet
            }
        }

        /// A key that every such file has, after whatever prefix.
        fileprivate var landmark: String {
            switch self {
            case .torchvision: "layer1.0.conv1.weight"
            case .detectron2: "res2.0.conv1.weight"
            case .caffe2: "res2_0_branch2a_w"
            }
        }

        /// Our name of a parameter, the prefix removed.
        fileprivate func native(from key: Substring) -> String? {
            let word: Substring, module: Substring
            if self == .caffe2 {
                guard let line = key.lastIndex(of: "_") else { return nil }
                module = key[..<line]
                switch key[key.index(after: line)...] {
                case "w", "s": word = "weight"
                case "b": word = "bias"
                default: return nil
                }
            } else {
                guard let dot = key.lastIndex(of: ".") else { return nil }
                module = key[..<dot]
                word = key[key.index(after: dot)...]
            }
            for rule in rules where rule.words.contains(word) {
                if let variables = rule.foreign[0].variables(in: module),
                    let native = rule.native.filled(with: variables)
                {
                    return "\(native).\(word)"
                }
            }
            return nil
        }
    }

    /// Whose names the file has.
    package let naming: Naming
    /// What stands before every name, such as `module.`; mostly nothing.
    package let prefix: String
    /// Keys of the file that belong to no backbone, such as those of the classifier, in its order.
    package let otherKeys: [String]
    private let file: TensorFile
    private let keys: [String: String]
    private let epsilon: Float

    /// The backbone in `file`; nil when its names are none that are known.
    /// - Parameter epsilon: what the network adds to variances. Caffe2's files have batch norms without statistics, whose
    ///   scale and shift hold as they are: variance and epsilon are 1 together.
    package init?(_ file: TensorFile, epsilon: Float) {
        // With several, such as those of a contrastive learner, the first.
        let found = Naming.allCases.lazy.compactMap { naming in
            file.names.first { $0.hasSuffix(naming.landmark) }.map {
                (naming, $0.dropLast(naming.landmark.count))
            }
        }
        guard let (naming, prefix) = found.first else { return nil }
        self.naming = naming
        self.prefix = String(prefix)
        self.file = file
        self.epsilon = epsilon
        var keys: [String: String] = [:]
        var others: [String] = []
        for name in file.names where !KeyMap.isIgnored(name) {
            if name.hasPrefix(prefix), let native = naming.native(from: name.dropFirst(prefix.count)) {
                keys[native] = name
            } else {
                others.append(name)
            }
        }
        self.keys = keys
        otherKeys = others
    }

    /// Whether the file has a parameter of that name, which is one of ours.
    package func contains(_ name: String) -> Bool { keys[name] != nil || statistic(name) != nil }

    /// The parameter of that name, which is one of ours, in exactly that shape.
    /// - Throws: ``ParameterError`` when it is missing, has another shape, or holds NaN or infinity.
    package mutating func parameter(
        _ name: String, shape: [Int], initialization: Initialization
    ) throws -> Tensor {
        guard let stored = keys[name].flatMap({ file[$0] }) else {
            if let value = statistic(name) {
                return Tensor(shape: shape) { $0.update(repeating: value) }
            }
            throw ParameterError.missing(name: name)
        }
        guard stored.shape == shape else {
            throw ParameterError.shape(name: name, found: stored.shape, expected: shape)
        }
        let tensor = try stored.floats()
        if let index = tensor.withUnsafeElements(firstNotFinite) {
            throw ParameterError.notFinite(name: name, index: index)
        }
        return tensor
    }

    /// What stands for the statistics of a batch norm in a file that has only its scale and shift.
    private func statistic(_ name: String) -> Float? {
        guard naming == .caffe2, let dot = name.lastIndex(of: "."), keys["\(name[..<dot]).weight"] != nil
        else {
            return nil
        }
        return switch name[dot...] {
        case ".running_mean": 0
        case ".running_var": 1 - epsilon
        default: nil
        }
    }
}
