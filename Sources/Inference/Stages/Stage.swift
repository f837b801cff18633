import Foundation

/// The name of one tensor that the pipeline produces: the contract between the recorder, bundles, figures,
/// tests and every outside tool.
public struct Stage: Hashable, Sendable, CustomStringConvertible {
    /// As in a bundle: `fpn.lateral.p2`.
    public let name: String

    /// A stage by its name; the members of this type are the names that exist.
    public init(_ name: String) { self.name = name }

    /// The name.
    public var description: String { name }

    // Input.
    /// The picture as decoded.
    public static let image = Stage("input.image")
    /// What the first convolution sees.
    public static let inputTensor = Stage("input.tensor")
    /// Height and width after the resize and before the padding.
    public static let inputSize = Stage("input.size")

    // Backbone and pyramid.
    /// After convolution, norm, ReLU and max pool.
    public static let stem = Stage("backbone.stem")
    /// The output of residual stage c2 … c5.
    public static func backbone(_ index: Int) -> Stage { Stage("backbone.c\(index)") }
    /// After the 1×1 convolution.
    public static func lateral(_ index: Int) -> Stage { Stage("fpn.lateral.p\(index)") }
    /// The coarser map, enlarged: what is added.
    public static func topDown(_ index: Int) -> Stage { Stage("fpn.topdown.p\(index)") }
    /// The sum.
    public static func merged(_ index: Int) -> Stage { Stage("fpn.merged.p\(index)") }
    /// After the 3×3 convolution; p6 subsamples p5.
    public static func pyramid(_ index: Int) -> Stage { Stage("fpn.p\(index)") }

    // Region proposals, per level (`p2` … `p6`, or `c4`).
    /// Anchor boxes, in order row, column, shape.
    public static func anchors(_ level: String) -> Stage { Stage("anchors.\(level)") }
    /// After the 3×3 convolution and ReLU.
    public static func rpnHidden(_ level: String) -> Stage { Stage("rpn.hidden.\(level)") }
    /// One logit an anchor.
    public static func objectness(_ level: String) -> Stage { Stage("rpn.objectness.\(level)") }
    /// dx, dy, dw, dh of each anchor.
    public static func rpnDeltas(_ level: String) -> Stage { Stage("rpn.deltas.\(level)") }
    /// The best of a level, decoded and clipped, before suppression.
    public static func candidateBoxes(_ level: String) -> Stage { Stage("rpn.candidates.\(level).boxes") }
    /// Their probabilities.
    public static func candidateScores(_ level: String) -> Stage { Stage("rpn.candidates.\(level).scores") }
    /// After suppression, best first.
    public static let proposalBoxes = Stage("rpn.proposals.boxes")
    /// Their probabilities.
    public static let proposalScores = Stage("rpn.proposals.scores")

    // Box head.
    /// The pyramid level that each proposal pools from.
    public static let boxLevel = Stage("box.level")
    /// What each proposal pools.
    public static let boxPooled = Stage("box.pooled")
    /// After the k-th 3×3 convolution of a convolutional box head.
    public static func boxConvolution(_ index: Int) -> Stage { Stage("box.convolution.\(index)") }
    /// After the fifth residual stage, where that is the box head.
    public static let boxC5 = Stage("box.c5")
    /// After the k-th fully connected layer and ReLU (after averaging, in a C4 head).
    public static func boxHidden(_ index: Int) -> Stage { Stage("box.hidden.\(index)") }
    /// One logit a class, background first.
    public static let boxLogits = Stage("box.logits")
    /// After softmax.
    public static let boxProbabilities = Stage("box.probabilities")
    /// dx, dy, dw, dh for each class.
    public static let boxDeltas = Stage("box.deltas")

    // Detections, in the frame of the resized picture.
    /// After per-class suppression and the cut.
    public static let detectionBoxes = Stage("detections.boxes")
    /// Probabilities of the detected classes.
    public static let detectionScores = Stage("detections.scores")
    /// Class indices; 0 is background and never appears.
    public static let detectionClasses = Stage("detections.classes")
    /// The proposal that each came from.
    public static let detectionProposals = Stage("detections.proposal")

    // Masks.
    /// The pyramid level that each detection pools from.
    public static let maskLevel = Stage("mask.level")
    /// What each detection pools.
    public static let maskPooled = Stage("mask.pooled")
    /// After the fifth residual stage, where that comes before the mask head.
    public static let maskC5 = Stage("mask.c5")
    /// After the k-th hidden layer and ReLU.
    public static func maskHidden(_ index: Int) -> Stage { Stage("mask.hidden.\(index)") }
    /// After the transposed convolution and ReLU.
    public static let maskUpsampled = Stage("mask.upsampled")
    /// One map a class.
    public static let maskLogits = Stage("mask.logits")
    /// The predicted class's, as probabilities.
    public static let maskProbabilities = Stage("mask.probabilities")

    // Keypoints.
    /// What each detection pools.
    public static let keypointPooled = Stage("keypoint.pooled")
    /// After the k-th 3×3 convolution and ReLU.
    public static func keypointHidden(_ index: Int) -> Stage { Stage("keypoint.hidden.\(index)") }
    /// One map of logits a keypoint.
    public static let keypointHeatmaps = Stage("keypoint.heatmaps")

    // Output, in the frame of the picture as decoded.
    /// Boxes.
    public static let outputBoxes = Stage("output.boxes")
    /// Scores.
    public static let outputScores = Stage("output.scores")
    /// Class indices.
    public static let outputClasses = Stage("output.classes")
    /// Masks of the whole picture's size.
    public static let outputMasks = Stage("output.masks")
    /// x, y and score of each keypoint.
    public static let outputKeypoints = Stage("output.keypoints")
}

extension Stage {
    /// One sentence on what the stage is, for whoever steps through the pipeline.
    public var sentence: String {
        let parts = name.split(separator: ".").map(String.init)
        let level = parts.last ?? ""
        switch parts.prefix(2).joined(separator: ".") {
        case "input.image": return "The picture as decoded: 8-bit red, green and blue."
        case "input.tensor":
            return "Resized, normalised, and padded with zeros: what the first convolution sees."
        case "input.size": return "Height and width before the padding; boxes live in this frame."
        case "backbone.stem":
            return "A 7×7 convolution and a max pool take the picture to a quarter of its size."
        case "backbone.c2", "backbone.c3", "backbone.c4", "backbone.c5":
            let stride = 1 << (Int(level.dropFirst()) ?? 0)
            return "Residual stage \(level.dropFirst()): one position for every \(stride) pixels."
        case "fpn.lateral": return "A 1×1 convolution brings the backbone's map to the pyramid's width."
        case "fpn.topdown": return "The coarser map, enlarged by repeating values: more meaning, less place."
        case "fpn.merged": return "Lateral plus top-down: strong features at fine resolution."
        case "fpn.p6": return "Every second value of p5, for the largest anchors."
        case "fpn.p2", "fpn.p3", "fpn.p4", "fpn.p5":
            return "A 3×3 convolution smooths the sum: the map that the heads read."
        case "rpn.hidden": return "A 3×3 convolution shared by objectness and deltas."
        case "rpn.objectness": return "For each anchor a logit: is there an object?"
        case "rpn.deltas": return "For each anchor how to shift and stretch it onto the object."
        case "rpn.candidates": return "The best anchors of the level, decoded and clipped to the picture."
        case "rpn.proposals":
            return level == "boxes"
                ? "What non-maximum suppression leaves, best first: where to look closer."
                : "The objectness of each proposal, as a probability."
        case "box.level": return "Small proposals pool from fine maps, large ones from coarse maps."
        case "box.pooled": return "RoIAlign cuts every proposal to the same size, without rounding."
        case "box.convolution": return "A 3×3 convolution of each pooled proposal."
        case "box.c5": return "The fifth residual stage, run on each pooled proposal."
        case "box.hidden": return "What the box head makes of each proposal, as one vector."
        case "box.logits": return "For each proposal a logit per class, background first."
        case "box.probabilities": return "Softmax over the classes: here they compete."
        case "box.deltas": return "For each class how to refine the proposal's box."
        case "detections.boxes": return "What per-class suppression and the cut leave, best first."
        case "detections.scores": return "The probability of each detection's class."
        case "detections.classes": return "The class of each detection; 0 would be background."
        case "detections.proposal": return "The proposal that each detection came from."
        case "mask.level": return "The level that each detection pools from."
        case "mask.pooled": return "RoIAlign again, finer, on the refined boxes."
        case "mask.c5": return "The fifth residual stage, run on each pooled detection."
        case "mask.hidden": return "A convolution of the mask head: place is kept, pixel to pixel."
        case "mask.upsampled": return "A transposed convolution doubles the resolution."
        case "mask.logits": return "One mask per class: classes do not compete."
        case "mask.probabilities": return "The sigmoid of the predicted class's mask."
        case "keypoint.pooled": return "RoIAlign for the keypoint head."
        case "keypoint.hidden": return "A convolution of the keypoint head."
        case "keypoint.heatmaps": return "One map per keypoint: where is it most likely?"
        case "output.boxes": return "Boxes in pixels of the original picture."
        case "output.scores": return "Their scores."
        case "output.classes": return "Their classes."
        case "output.masks": return "Masks enlarged to their boxes, cut at one half and pasted."
        case "output.keypoints": return "x, y and score of each keypoint, in the original picture."
        default:
            return parts.first == "anchors"
                ? "Boxes of a few shapes around every position: the proposals' starting points." : ""
        }
    }

    /// Whether the name matches a pattern in which `*` stands for any run of characters: `fpn.*`.
    public func matches(_ pattern: String) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else {
            return name == pattern
        }
        guard name.hasPrefix(first), name.count >= first.count + last.count, name.hasSuffix(last) else {
            return false
        }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let found = rest.range(of: String(piece)) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}
