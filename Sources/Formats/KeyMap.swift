/// Whose names the parameters in a file have. This is the one place that knows how others name them.
///
/// Ours are the names of the stages that they belong to: `rpn.hidden.1.weight`,
/// `backbone.c4.5.conv2.norm.running_var`. A parameter's name is that of its part of the network, which
/// differs between frameworks, and a last word, which does not: `weight`, `bias`, and for a normalisation
/// also `running_mean` and `running_var`. So a scheme is a table of parts.
///
/// To add a framework: a case here, its table below.
public enum KeyMap: String, Sendable, CaseIterable {
    /// Ours.
    case native
    /// torchvision's Mask, Faster and Keypoint R-CNN. The names of its current code, and on reading also the
    /// older ones that its published files still have.
    case torchvision
    /// torchvision's second version of Mask and Faster R-CNN: normalisation everywhere, a box head of
    /// convolutions.
    case torchvisionV2 = "torchvision-v2"
    /// detectron2's models with a feature pyramid: Mask, Faster and Keypoint R-CNN.
    case detectron2
    /// detectron2's C4 models, whose box head is the fifth stage.
    case detectron2C4 = "detectron2-c4"
    /// MMDetection's Mask and Faster R-CNN, versions 2 and 3.
    case mmdetection

    /// The scheme by which most of `keys` are named, if it is at least half of them.
    public static func detect(_ keys: some Collection<String>) -> KeyMap? {
        let relevant = keys.filter { !isIgnored($0) }
        let counted = allCases.map { map in (map, relevant.count { map.native(from: $0) != nil }) }
        // Of equals the first: a backbone alone is the same in both versions of torchvision.
        let best = counted.reduce(counted[0]) { $1.1 > $0.1 ? $1 : $0 }
        return best.1 > 0 && best.1 * 2 >= relevant.count ? best.0 : nil
    }

    /// Whose names they are, for people.
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

    /// Whether the background is the last class rather than the first, and has no box and no mask.
    var isBackgroundLast: Bool {
        switch self {
        case .native, .torchvision, .torchvisionV2: false
        case .detectron2, .detectron2C4, .mmdetection: true
        }
    }

    /// Whether a file may have that key without any network asking for it: counters of training, and what older
    /// files of detectron2 have of its settings.
    public static func isIgnored(_ key: some StringProtocol) -> Bool {
        key.hasSuffix(".num_batches_tracked") || key == "pixel_mean" || key == "pixel_std"
            || key.hasPrefix("proposal_generator.anchor_generator.cell_anchors.")
    }

    /// Our name of the parameter that a file of this scheme calls `key`; nil when the scheme has no such key.
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

    /// What this scheme calls the parameter that we call `name`; nil when it has no such parameter.
    public func foreign(from name: String) -> String? {
        translate(name) { rule, module in
            rule.native.variables(in: module).flatMap { rule.foreign[0].filled(with: $0) }
        }
    }

    /// Translates all but the last word of `key`, by the first rule that can.
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
