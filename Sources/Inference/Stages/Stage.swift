import Foundation

/// The name of one tensor that the pipeline produces. These names are the contract between the recorder, bundles,
/// figures, tests and outside tools. ``StageFamily`` lists the names, and ``StageRow`` describes each.
public struct Stage: Hashable, Sendable, CustomStringConvertible {
    /// The name as in a bundle: `fpn.lateral.p2`.
    public let name: String

    /// A stage with any name; ``family`` is nil if the contract has no such name.
    public init(_ name: String) { self.name = name }

    /// The single stage of a family without levels or numbers.
    private init(_ family: StageFamily) { self.init(family.rawValue) }

    /// The stage of a family with a number: 3 for `backbone.c3`.
    private init(_ family: StageFamily, _ number: Int) { self.init(family.name(of: "\(number)")) }

    /// The stage of a family with a level: `p3`.
    private init(_ family: StageFamily, _ level: String) { self.init(family.name(of: level)) }

    /// The stage's name.
    public var description: String { name }

    // Input.
    /// The decoded image at its original size.
    public static let image = Stage(.image)
    /// The input of the first convolution.
    public static let inputTensor = Stage(.inputTensor)
    /// Height and width after resizing and before padding.
    public static let inputSize = Stage(.inputSize)

    // Backbone and pyramid.
    /// The output of the stem: convolution, norm, ReLU and max pool.
    public static let stem = Stage(.stem)
    /// The output of residual stage c2 … c5.
    public static func backbone(_ index: Int) -> Stage { Stage(.backbone, index) }
    /// The map after the 1×1 lateral convolution of the pyramid.
    public static func lateral(_ index: Int) -> Stage { Stage(.lateral, index) }
    /// The coarser map, enlarged, that is added to the lateral map.
    public static func topDown(_ index: Int) -> Stage { Stage(.topDown, index) }
    /// The sum of the lateral map and the enlarged coarser map.
    public static func merged(_ index: Int) -> Stage { Stage(.merged, index) }
    /// The pyramid's output, after the 3×3 convolution; p6 subsamples p5.
    public static func pyramid(_ index: Int) -> Stage { Stage(.pyramid, index) }

    // Region proposals, per level (`p2` … `p6`, or `c4`).
    /// Anchor boxes, ordered by row, then column, then shape.
    public static func anchors(_ level: String) -> Stage { Stage(.anchors, level) }
    /// The hidden map, after the 3×3 convolution and ReLU.
    public static func rpnHidden(_ level: String) -> Stage { Stage(.rpnHidden, level) }
    /// One logit per anchor.
    public static func objectness(_ level: String) -> Stage { Stage(.objectness, level) }
    /// dx, dy, dw, dh per anchor.
    public static func rpnDeltas(_ level: String) -> Stage { Stage(.rpnDeltas, level) }
    /// The boxes of a level's best anchors, decoded and clipped, before suppression.
    public static func candidateBoxes(_ level: String) -> Stage { Stage(.candidateBoxes, level) }
    /// Their objectness probabilities.
    public static func candidateScores(_ level: String) -> Stage { Stage(.candidateScores, level) }
    /// Proposal boxes, after suppression, best first.
    public static let proposalBoxes = Stage(.proposalBoxes)
    /// Their objectness probabilities.
    public static let proposalScores = Stage(.proposalScores)

    // Box head.
    /// The pyramid level that each proposal is pooled from.
    public static let boxLevel = Stage(.boxLevel)
    /// The pooled features of each proposal.
    public static let boxPooled = Stage(.boxPooled)
    /// The maps after the k-th 3×3 convolution of a convolutional box head.
    public static func boxConvolution(_ index: Int) -> Stage { Stage(.boxConvolution, index) }
    /// The maps after the fifth residual stage, in C4 models.
    public static let boxC5 = Stage(.boxC5)
    /// The vectors after the k-th fully connected layer and ReLU (after averaging, in a C4 head).
    public static func boxHidden(_ index: Int) -> Stage { Stage(.boxHidden, index) }
    /// One logit per class, background first.
    public static let boxLogits = Stage(.boxLogits)
    /// Class probabilities, after softmax.
    public static let boxProbabilities = Stage(.boxProbabilities)
    /// dx, dy, dw, dh per class.
    public static let boxDeltas = Stage(.boxDeltas)

    // Detections, in coordinates of the resized image.
    /// Detection boxes, after per-class suppression and the limit on their number.
    public static let detectionBoxes = Stage(.detectionBoxes)
    /// Probabilities of the detected classes.
    public static let detectionScores = Stage(.detectionScores)
    /// Class indices; 0 is background and never appears.
    public static let detectionClasses = Stage(.detectionClasses)
    /// The index of the proposal that each detection comes from.
    public static let detectionProposals = Stage(.detectionProposals)

    // Masks.
    /// The pyramid level that each detection is pooled from.
    public static let maskLevel = Stage(.maskLevel)
    /// The pooled features of each detection.
    public static let maskPooled = Stage(.maskPooled)
    /// The maps after the fifth residual stage, where that precedes the mask head (C4 models).
    public static let maskC5 = Stage(.maskC5)
    /// The output of the mask head's k-th hidden layer, after ReLU.
    public static func maskHidden(_ index: Int) -> Stage { Stage(.maskHidden, index) }
    /// The maps after the transposed convolution and ReLU.
    public static let maskUpsampled = Stage(.maskUpsampled)
    /// One map of mask logits per class.
    public static let maskLogits = Stage(.maskLogits)
    /// The mask probabilities of the predicted class.
    public static let maskProbabilities = Stage(.maskProbabilities)

    // Keypoints.
    /// The pooled features of each detection.
    public static let keypointPooled = Stage(.keypointPooled)
    /// The maps after the keypoint head's k-th 3×3 convolution and ReLU.
    public static func keypointHidden(_ index: Int) -> Stage { Stage(.keypointHidden, index) }
    /// One map of logits per keypoint.
    public static let keypointHeatmaps = Stage(.keypointHeatmaps)

    // Output, in coordinates of the original image.
    /// Boxes, x1, y1, x2, y2 in pixels.
    public static let outputBoxes = Stage(.outputBoxes)
    /// Probabilities of the classes.
    public static let outputScores = Stage(.outputScores)
    /// Class indices, from 1.
    public static let outputClasses = Stage(.outputClasses)
    /// Binary masks, each of the size of the whole image.
    public static let outputMasks = Stage(.outputMasks)
    /// x, y and score of each keypoint.
    public static let outputKeypoints = Stage(.outputKeypoints)
}

extension Stage {
    /// Whether the name matches a pattern in which `*` stands for any run of characters: `fpn.*`.
    public func matches(_ pattern: String) -> Bool { name.matches(pattern: pattern) }
}
