import Tensors

/// The parameters of a ResNet or ResNeXt trained on ImageNet, without a detector, under this project's names.
/// The usual initialisation for training a detector.
package struct BareBackbone: ParameterSource, Sendable {
    /// The naming scheme of the file.
    package enum Naming: String, Sendable, CaseIterable {
        /// `conv1`, `layer1.0.conv1`, `fc`.
        case torchvision = "torchvision, timm or MMDetection"
        /// `stem.conv1`, `res2.0.conv1`.
        case detectron2
        /// `conv1_w`, `res2_0_branch2a_w`: the original (MSRA) ResNets, as in detectron2's `R-50.pkl`.
        case caffe2 = "Caffe2 (detectron2's MSRA models)"

        fileprivate var rules: [KeyRule] {
            switch self {
            case .torchvision: KeyRule.torchvisionResNet
            case .detectron2: KeyRule.detectron2ResNet
            case .caffe2: KeyRule.caffe2ResNet
            }
        }

        /// A key that every file of this scheme has, possibly after a prefix.
        fileprivate var landmark: String {
            switch self {
            case .torchvision: "layer1.0.conv1.weight"
            case .detectron2: "res2.0.conv1.weight"
            case .caffe2: "res2_0_branch2a_w"
            }
        }

        /// The native name of a parameter whose name in the file is `key`, without the prefix; nil if there
        /// is none.
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

    /// The naming scheme of the file.
    package let naming: Naming
    /// The prefix of every name, such as `module.`; usually empty.
    package let prefix: String
    /// Keys that do not belong to the backbone, such as those of the classifier, in the order of the file.
    package let otherKeys: [String]
    private let file: TensorFile
    private let keys: [String: String]
    private let epsilon: Float

    /// The backbone in `file`; nil when its naming scheme is unknown.
    /// - Parameter epsilon: the epsilon of the network's batch norms. In Caffe2's files, the statistics are
    ///   folded into scale and shift; they are replaced by mean 0 and variance 1 − epsilon, so that the norm
    ///   divides by 1.
    package init?(_ file: TensorFile, epsilon: Float) {
        // If a file has several backbones, as contrastive learning saves them, take the first.
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

    /// Whether the file has the parameter with that native name.
    package func contains(_ name: String) -> Bool { keys[name] != nil || statistic(name) != nil }

    /// The parameter with that native name, of exactly the given shape.
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

    /// The value of the running mean or variance of a batch norm in a file that has only its scale and shift;
    /// nil if `name` is not one of those.
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
