/// One part of the network under two names.
struct KeyRule: Sendable {
    let native: ModulePattern
    /// The name to write; after it, others that are in use too and are read.
    let foreign: [ModulePattern]
    /// What its parameters are called.
    let words: Set<Substring>

    /// A convolution or dense layer.
    static func layer(_ native: String, _ foreign: String, _ older: String...) -> KeyRule {
        KeyRule(
            native: ModulePattern(native), foreign: ([foreign] + older).map(ModulePattern.init),
            words: ["weight", "bias"])
    }

    /// A normalisation.
    static func norm(_ native: String, _ foreign: String) -> KeyRule {
        KeyRule(
            native: ModulePattern(native), foreign: [ModulePattern(foreign)],
            words: ["weight", "bias", "running_mean", "running_var"])
    }

    /// All that any scheme has, and what torchvision has not: the box head of a C4 model, and norms in the keypoint
    /// head; under our names on both sides.
    static let native: [KeyRule] = {
        let own: [KeyRule] = [
            .norm("keypoint.hidden.{k}.norm", "keypoint.hidden.{k}.norm"),
            .layer("box.c5.{i}.conv{k}", "box.c5.{i}.conv{k}"),
            .norm("box.c5.{i}.conv{k}.norm", "box.c5.{i}.conv{k}.norm"),
            .layer("box.c5.{i}.shortcut", "box.c5.{i}.shortcut"),
            .norm("box.c5.{i}.shortcut.norm", "box.c5.{i}.shortcut.norm"),
        ]
        return own
            + (torchvision + torchvisionV2).map { rule in
                KeyRule(native: rule.native, foreign: [rule.native], words: rule.words)
            }
    }()
}
