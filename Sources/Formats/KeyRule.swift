/// The native and the foreign names of one module of the network.
struct KeyRule: Sendable {
    let native: ModulePattern
    /// The name to write, followed by other names that are also read.
    let foreign: [ModulePattern]
    /// The last words of its parameters' names.
    let words: Set<Substring>

    /// A convolution or dense layer.
    static func layer(_ native: String, _ foreign: String, _ older: String...) -> KeyRule {
        KeyRule(
            native: ModulePattern(native), foreign: ([foreign] + older).map(ModulePattern.init),
            words: ["weight", "bias"])
    }

    /// A normalisation.
    static func norm(_ native: String, _ foreign: String, _ other: String...) -> KeyRule {
        KeyRule(
            native: ModulePattern(native), foreign: ([foreign] + other).map(ModulePattern.init),
            words: ["weight", "bias", "running_mean", "running_var"])
    }

    /// The native names on both sides: the modules of all schemes, among them the box head of a C4 model and
    /// norms in the keypoint head, which torchvision does not have.
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
