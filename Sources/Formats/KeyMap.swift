/// The naming scheme of a file's parameters. Only this type knows the names used by other frameworks.
///
/// The native names are those of the stages that the parameters belong to: `rpn.hidden.1.weight`,
/// `backbone.c4.5.conv2.norm.running_var`. A parameter's name consists of the name of its module, which
/// differs between frameworks, and a last word, which does not: `weight`, `bias`, and for a normalisation
/// also `running_mean` and `running_var`. So a scheme is a table of modules.
///
/// To add a framework, add a case here and its table in an extension of ``KeyRule``.
public enum KeyMap: String, Sendable, CaseIterable {
    /// This project's names.
    case native
    /// torchvision's Mask, Faster and Keypoint R-CNN: the names of its current code; for reading, also the
    /// older ones of its published files.
    case torchvision
    /// torchvision's second version of Mask and Faster R-CNN, with normalisation everywhere and a box head of
    /// four convolutions.
    case torchvisionV2 = "torchvision-v2"
    /// detectron2's models with a feature pyramid: Mask, Faster and Keypoint R-CNN.
    case detectron2
    /// detectron2's C4 models, whose box head is the fifth stage.
    case detectron2C4 = "detectron2-c4"
    /// MMDetection's Mask and Faster R-CNN, versions 2 and 3.
    case mmdetection

    /// The scheme that recognises most of `keys`; nil if it recognises fewer than half.
    public static func detect(_ keys: some Collection<String>) -> KeyMap? {
        let relevant = keys.filter { !isIgnored($0) }
        let counted = allCases.map { map in (map, relevant.count { map.native(from: $0) != nil }) }
        // The first of equally good ones: a backbone alone has the same names in both versions of
        // torchvision.
        let best = counted.reduce(counted[0]) { $1.1 > $0.1 ? $1 : $0 }
        return best.1 > 0 && best.1 * 2 >= relevant.count ? best.0 : nil
    }

    /// The name of the framework, for messages.
    public var framework: String {
        switch self {
        case .native: "this project"
        case .torchvision: "torchvision"
        case .torchvisionV2: "torchvision, second version"
        case .detectron2: "detectron2"
        case .detectron2C4: "detectron2, C4"
        case .mmdetection: "MMDetection"
        }
    }

    /// Whether the background is the last class rather than the first, and has no rows of boxes and masks.
    var isBackgroundLast: Bool {
        switch self {
        case .native, .torchvision, .torchvisionV2: false
        case .detectron2, .detectron2C4, .mmdetection: true
        }
    }

    /// Whether a key is to be ignored although no network uses it: counters of training, and settings stored
    /// in older files of detectron2.
    public static func isIgnored(_ key: some StringProtocol) -> Bool {
        key.hasSuffix(".num_batches_tracked") || key == "pixel_mean" || key == "pixel_std"
            || key.hasPrefix("proposal_generator.anchor_generator.cell_anchors.")
    }

    /// The native name of the parameter that this scheme calls `key`; nil if the scheme has no such key.
    public func native(from key: String) -> String? {
        translate(key) { rule, module in
            for foreign in rule.foreign {
                if let variables = foreign.variables(in: module) {
                    return rule.native.filled(with: variables)
                }
            }
            return nil
        }
    }

    /// This scheme's name of the parameter with the native name `name`; nil if it has no such parameter.
    public func foreign(from name: String) -> String? {
        translate(name) { rule, module in
            rule.native.variables(in: module).flatMap { rule.foreign[0].filled(with: $0) }
        }
    }

    /// Translates all but the last word of `key`, by the first rule that matches.
    private func translate(
        _ key: String, _ translation: (_ rule: KeyRule, _ module: Substring) -> String?
    ) -> String? {
        guard let dot = key.lastIndex(of: ".") else { return nil }
        let word = key[key.index(after: dot)...]
        for rule in rules where rule.words.contains(word) {
            if let module = translation(rule, key[..<dot]) { return module + key[dot...] }
        }
        return nil
    }

    private var rules: [KeyRule] {
        switch self {
        case .native: KeyRule.native
        case .torchvision: KeyRule.torchvision
        case .torchvisionV2: KeyRule.torchvisionV2
        case .detectron2: KeyRule.detectron2
        case .detectron2C4: KeyRule.detectron2C4
        case .mmdetection: KeyRule.mmdetection
        }
    }
}
