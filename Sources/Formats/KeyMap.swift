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

    /// The scheme by which most of `keys` are named, if it is at least half of them.
    public static func detect(_ keys: some Collection<String>) -> KeyMap? {
        let relevant = keys.filter { !isIgnored($0) }
        let counted = allCases.map { map in (map, relevant.count { map.native(from: $0) != nil }) }
        // Of equals the first: a backbone alone is the same in both versions of torchvision.
        let best = counted.reduce(counted[0]) { $1.1 > $0.1 ? $1 : $0 }
        return best.1 > 0 && best.1 * 2 >= relevant.count ? best.0 : nil
    }

    /// Whether a file may have that key without any network asking for it: counters of training.
    public static func isIgnored(_ key: String) -> Bool { key.hasSuffix(".num_batches_tracked") }

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
        _ key: String, _ translation: (_ rule: Rule, _ module: Substring) -> String?
    ) -> String? {
        guard let dot = key.lastIndex(of: ".") else { return nil }
        let word = key[key.index(after: dot)...]
        for rule in rules where rule.words.contains(word) {
            if let module = translation(rule, key[..<dot]) { return module + key[dot...] }
        }
        return nil
    }

    private var rules: [Rule] {
        switch self {
        case .native: Rule.native
        case .torchvision: Rule.torchvision
        case .torchvisionV2: Rule.torchvisionV2
        }
    }
}

/// One part of the network under two names.
private struct Rule: Sendable {
    let native: ModulePattern
    /// The name to write; after it, others that are in use too and are read.
    let foreign: [ModulePattern]
    /// What its parameters are called.
    let words: Set<Substring>

    /// A convolution or dense layer.
    static func layer(_ native: String, _ foreign: String, _ older: String...) -> Rule {
        Rule(
            native: ModulePattern(native), foreign: ([foreign] + older).map(ModulePattern.init),
            words: ["weight", "bias"])
    }

    /// A normalisation.
    static func norm(_ native: String, _ foreign: String) -> Rule {
        Rule(
            native: ModulePattern(native), foreign: [ModulePattern(foreign)],
            words: ["weight", "bias", "running_mean", "running_var"])
    }

    /// All that any scheme has, and what torchvision has not: the box head of a C4 model, and norms in the keypoint
    /// head; under our names on both sides.
    static let native: [Rule] = {
        let own: [Rule] = [
            .norm("keypoint.hidden.{k}.norm", "keypoint.hidden.{k}.norm"),
            .layer("box.c5.{i}.conv{k}", "box.c5.{i}.conv{k}"),
            .norm("box.c5.{i}.conv{k}.norm", "box.c5.{i}.conv{k}.norm"),
            .layer("box.c5.{i}.shortcut", "box.c5.{i}.shortcut"),
            .norm("box.c5.{i}.shortcut.norm", "box.c5.{i}.shortcut.norm"),
        ]
        return own
            + (torchvision + torchvisionV2).map { rule in
                Rule(native: rule.native, foreign: [rule.native], words: rule.words)
            }
    }()
}

// Variables: s stage (2–5), i block (from 0), k convolution (from 1), p pyramid level (2–5).
// torchvision counts stages from 1, levels and layers from 0.

extension Rule {
    /// What the two versions of torchvision share.
    private static let torchvisionShared: [Rule] = [
        .layer("backbone.stem", "backbone.body.conv1"),
        .norm("backbone.stem.norm", "backbone.body.bn1"),
        .layer("backbone.c{s}.{i}.conv{k}", "backbone.body.layer{s-1}.{i}.conv{k}"),
        .norm("backbone.c{s}.{i}.conv{k}.norm", "backbone.body.layer{s-1}.{i}.bn{k}"),
        .layer("backbone.c{s}.{i}.shortcut", "backbone.body.layer{s-1}.{i}.downsample.0"),
        .norm("backbone.c{s}.{i}.shortcut.norm", "backbone.body.layer{s-1}.{i}.downsample.1"),
        .layer("rpn.objectness", "rpn.head.cls_logits"),
        .layer("rpn.deltas", "rpn.head.bbox_pred"),
        .layer("box.logits", "roi_heads.box_predictor.cls_score"),
        .layer("box.deltas", "roi_heads.box_predictor.bbox_pred"),
        .layer("mask.upsampled", "roi_heads.mask_predictor.conv5_mask"),
        .layer("mask.logits", "roi_heads.mask_predictor.mask_fcn_logits"),
    ]

    static let torchvision: [Rule] =
        torchvisionShared + [
            .layer(
                "fpn.lateral.p{p}", "backbone.fpn.inner_blocks.{p-2}.0",
                "backbone.fpn.inner_blocks.{p-2}"),
            .layer("fpn.p{p}", "backbone.fpn.layer_blocks.{p-2}.0", "backbone.fpn.layer_blocks.{p-2}"),
            .layer("rpn.hidden.1", "rpn.head.conv.0.0", "rpn.head.conv"),
            .layer("box.hidden.1", "roi_heads.box_head.fc6"),
            .layer("box.hidden.2", "roi_heads.box_head.fc7"),
            .layer(
                "mask.hidden.{k}", "roi_heads.mask_head.{k-1}.0", "roi_heads.mask_head.mask_fcn{k}"),
            // A ReLU takes every second place.
            .layer("keypoint.hidden.{k}", "roi_heads.keypoint_head.{2k-2}"),
            .layer("keypoint.heatmaps", "roi_heads.keypoint_predictor.kps_score_lowres"),
        ]

    static let torchvisionV2: [Rule] =
        torchvisionShared + [
            .layer("fpn.lateral.p{p}", "backbone.fpn.inner_blocks.{p-2}.0"),
            .norm("fpn.lateral.p{p}.norm", "backbone.fpn.inner_blocks.{p-2}.1"),
            .layer("fpn.p{p}", "backbone.fpn.layer_blocks.{p-2}.0"),
            .norm("fpn.p{p}.norm", "backbone.fpn.layer_blocks.{p-2}.1"),
            .layer("rpn.hidden.{k}", "rpn.head.conv.{k-1}.0"),
            .layer("box.convolution.{k}", "roi_heads.box_head.{k-1}.0"),
            .norm("box.convolution.{k}.norm", "roi_heads.box_head.{k-1}.1"),
            // After the four convolutions and the flattening.
            .layer("box.hidden.1", "roi_heads.box_head.5"),
            .layer("mask.hidden.{k}", "roi_heads.mask_head.{k-1}.0"),
            .norm("mask.hidden.{k}.norm", "roi_heads.mask_head.{k-1}.1"),
        ]
}
