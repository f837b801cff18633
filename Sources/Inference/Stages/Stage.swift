import Foundation

/// The name of one tensor that the pipeline produces: the contract between the recorder, bundles, figures,
/// tests and every outside tool. ``StageFamily`` has the names, ``StageRow`` what there is to say about each.
public struct Stage: Hashable, Sendable, CustomStringConvertible {
    /// As in a bundle: `fpn.lateral.p2`.
    public let name: String

    /// A stage by its name; ``family`` says whether there is one of that name.
    public init(_ name: String) { self.name = name }

    /// The only stage of a family.
    private init(_ family: StageFamily) { self.init(family.rawValue) }

    /// The stage of a family that has the number: 3 for `backbone.c3`.
    private init(_ family: StageFamily, _ number: Int) { self.init(family.name(of: "\(number)")) }

    /// The stage of a family that has the level: `p3`.
    private init(_ family: StageFamily, _ level: String) { self.init(family.name(of: level)) }

    /// The name.
    public var description: String { name }

    // Input.
    /// The picture as decoded.
    public static let image = Stage(.image)
    /// What the first convolution sees.
    public static let inputTensor = Stage(.inputTensor)
    /// Height and width after the resize and before the padding.
    public static let inputSize = Stage(.inputSize)

    // Backbone and pyramid.
    /// After convolution, norm, ReLU and max pool.
    public static let stem = Stage(.stem)
    /// The output of residual stage c2 … c5.
    public static func backbone(_ index: Int) -> Stage { Stage(.backbone, index) }
    /// After the 1×1 convolution.
    public static func lateral(_ index: Int) -> Stage { Stage(.lateral, index) }
    /// The coarser map, enlarged: what is added.
    public static func topDown(_ index: Int) -> Stage { Stage(.topDown, index) }
    /// The sum.
    public static func merged(_ index: Int) -> Stage { Stage(.merged, index) }
    /// After the 3×3 convolution; p6 subsamples p5.
    public static func pyramid(_ index: Int) -> Stage { Stage(.pyramid, index) }

    // Region proposals, per level (`p2` … `p6`, or `c4`).
    /// Anchor boxes, in order row, column, shape.
    public static func anchors(_ level: String) -> Stage { Stage(.anchors, level) }
    /// After the 3×3 convolution and ReLU.
    public static func rpnHidden(_ level: String) -> Stage { Stage(.rpnHidden, level) }
    /// One logit an anchor.
    public static func objectness(_ level: String) -> Stage { Stage(.objectness, level) }
    /// dx, dy, dw, dh of each anchor.
    public static func rpnDeltas(_ level: String) -> Stage { Stage(.rpnDeltas, level) }
    /// The best of a level, decoded and clipped, before suppression.
    public static func candidateBoxes(_ level: String) -> Stage { Stage(.candidateBoxes, level) }
    /// Their probabilities.
    public static func candidateScores(_ level: String) -> Stage { Stage(.candidateScores, level) }
    /// After suppression, best first.
    public static let proposalBoxes = Stage(.proposalBoxes)
    /// Their probabilities.
    public static let proposalScores = Stage(.proposalScores)

    // Box head.
    /// The pyramid level that each proposal pools from.
    public static let boxLevel = Stage(.boxLevel)
    /// What each proposal pools.
    public static let boxPooled = Stage(.boxPooled)
    /// After the k-th 3×3 convolution of a convolutional box head.
    public static func boxConvolution(_ index: Int) -> Stage { Stage(.boxConvolution, index) }
    /// After the fifth residual stage, where that is the box head.
    public static let boxC5 = Stage(.boxC5)
    /// After the k-th fully connected layer and ReLU (after averaging, in a C4 head).
    public static func boxHidden(_ index: Int) -> Stage { Stage(.boxHidden, index) }
    /// One logit a class, background first.
    public static let boxLogits = Stage(.boxLogits)
    /// After softmax.
    public static let boxProbabilities = Stage(.boxProbabilities)
    /// dx, dy, dw, dh for each class.
    public static let boxDeltas = Stage(.boxDeltas)

    // Detections, in the frame of the resized picture.
    /// After per-class suppression and the cut.
    public static let detectionBoxes = Stage(.detectionBoxes)
    /// Probabilities of the detected classes.
    public static let detectionScores = Stage(.detectionScores)
    /// Class indices; 0 is background and never appears.
    public static let detectionClasses = Stage(.detectionClasses)
    /// The proposal that each came from.
    public static let detectionProposals = Stage(.detectionProposals)

    // Masks.
    /// The pyramid level that each detection pools from.
    public static let maskLevel = Stage(.maskLevel)
    /// What each detection pools.
    public static let maskPooled = Stage(.maskPooled)
    /// After the fifth residual stage, where that comes before the mask head.
    public static let maskC5 = Stage(.maskC5)
    /// After the k-th hidden layer and ReLU.
    public static func maskHidden(_ index: Int) -> Stage { Stage(.maskHidden, index) }
    /// After the transposed convolution and ReLU.
    public static let maskUpsampled = Stage(.maskUpsampled)
    /// One map a class.
    public static let maskLogits = Stage(.maskLogits)
    /// The predicted class's, as probabilities.
    public static let maskProbabilities = Stage(.maskProbabilities)

    // Keypoints.
    /// What each detection pools.
    public static let keypointPooled = Stage(.keypointPooled)
    /// After the k-th 3×3 convolution and ReLU.
    public static func keypointHidden(_ index: Int) -> Stage { Stage(.keypointHidden, index) }
    /// One map of logits a keypoint.
    public static let keypointHeatmaps = Stage(.keypointHeatmaps)

    // Output, in the frame of the picture as decoded.
    /// Boxes.
    public static let outputBoxes = Stage(.outputBoxes)
    /// Scores.
    public static let outputScores = Stage(.outputScores)
    /// Class indices.
    public static let outputClasses = Stage(.outputClasses)
    /// Masks of the whole picture's size.
    public static let outputMasks = Stage(.outputMasks)
    /// x, y and score of each keypoint.
    public static let outputKeypoints = Stage(.outputKeypoints)
}

extension Stage {
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
