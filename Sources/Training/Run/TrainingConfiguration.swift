import Foundation
import Inference

/// Everything that determines a training run except the images. Read from a JSON5 file, which may have comments.
///
/// The file must have exactly these members: a misspelt one is an error, not a default.
public struct TrainingConfiguration: Hashable, Codable, Sendable {
    /// The name of the profile of numeric conventions.
    public var profile: String
    /// The architecture of the network.
    public var network: Architecture
    /// The size that images are resized to.
    public var input: InputSize
    /// Limits and thresholds of the trained model at inference.
    public var testing: Testing
    /// The generated scenes to train on, unless `--data` names a dataset.
    public var scenes: Scenes?
    /// The probability that an image is flipped horizontally.
    public var flipProbability: Double
    /// Whether each batch has only images that are wider than high or only images that are not, so that they take about
    /// equally long.
    public var groupsByAspectRatio: Bool
    /// The seed of all random numbers: initial parameters, order of images, flips, sampling.
    public var seed: UInt64
    /// Images per step.
    public var batchSize: Int
    /// The number of parts into which a batch is split and computed sequentially, to save memory. The gradient is the
    /// mean of the parts' gradients.
    public var accumulationSteps: Int
    /// Total number of steps.
    public var steps: Int
    /// The learning rate schedule.
    public var learningRate: LearningRate
    /// The optimiser's update rule.
    public var updateRule: UpdateRule
    /// The weight decay.
    public var weightDecay: Double
    /// Whether weight decay also applies to biases and norms.
    public var decaysVectors: Bool
    /// The largest L2 norm of all gradients together; larger ones are clipped to it. Null for no limit.
    public var largestGradientNorm: Double?
    /// Prefixes of the names of parameters that are not trained: `"backbone.stem"` for those of the stem.
    public var frozen: [String]
    /// How anchors are matched to objects.
    public var anchorMatching: BoxMatcher
    /// How many anchors are sampled for the loss.
    public var anchorSampling: BalancedSampler
    /// The number of proposals during training.
    public var proposals: ProposalLimits
    /// How proposals are matched to objects.
    public var proposalMatching: BoxMatcher
    /// How many proposals are sampled for the loss.
    public var proposalSampling: BalancedSampler
    /// The largest number of matched proposals per image with a mask loss; null for all, as in the paper. The mask and
    /// keypoint heads take most of a step's time, the box head very little.
    public var maskCount: Int?
    /// The largest number of matched proposals per image with a keypoint loss; null for all, as in the paper.
    public var keypointCount: Int?
    /// The loss of anchors' deltas.
    public var proposalBoxLoss: BoxLoss
    /// The loss of proposals' deltas.
    public var boxLoss: BoxLoss
    /// Whether mask targets are binary instead of the covered fraction of each cell.
    public var masksAreBinary: Bool
    /// The weight of each term of the loss.
    public var lossWeights: LossWeights

    /// The size that images are resized to.
    public struct InputSize: Hashable, Codable, Sendable {
        /// Lengths of the shorter side in pixels. With several, one is drawn for each image (scale jitter); the trained
        /// model uses the last one.
        public var shorterSides: [Int]
        /// The largest length of the longer side in pixels.
        public var longestSide: Int

        /// Sides in pixels.
        package init(shorterSides: [Int], longestSide: Int) {
            self.shorterSides = shorterSides
            self.longestSide = longestSide
        }
    }

    /// Limits and thresholds of the trained model.
    public struct Testing: Hashable, Codable, Sendable {
        /// The number of proposals, and their NMS threshold, which training uses too.
        public var proposals: Settings.Proposals
        /// The score and NMS thresholds, and the largest number of detections.
        public var boxes: Settings.Boxes
        /// The mask threshold.
        public var masks: Settings.Masks

        func validate() throws {
            try proposals.validate()
            try boxes.validate()
            try masks.validate()
        }
    }

    /// Scenes that the project draws itself.
    public struct Scenes: Hashable, Codable, Sendable {
        /// The seed; different seeds give different scenes.
        public var seed: UInt64
        /// The number of different scenes.
        public var count: Int

        /// A number of scenes from a seed.
        package init(seed: UInt64, count: Int) {
            self.seed = seed
            self.count = count
        }
    }

    /// The weight of each term of the loss.
    public struct LossWeights: Hashable, Codable, Sendable {
        /// Weight of the objectness of anchors.
        public var objectness: Float
        /// Weight of the deltas of anchors.
        public var proposalBoxes: Float
        /// Weight of the classes of proposals.
        public var classes: Float
        /// Weight of the deltas of proposals.
        public var boxes: Float
        /// Weight of masks.
        public var masks: Float
        /// Weight of keypoints.
        public var keypoints: Float

        /// One weight per term.
        package init(
            objectness: Float, proposalBoxes: Float, classes: Float, boxes: Float, masks: Float,
            keypoints: Float
        ) {
            self.objectness = objectness
            self.proposalBoxes = proposalBoxes
            self.classes = classes
            self.boxes = boxes
            self.masks = masks
            self.keypoints = keypoints
        }
    }

    /// The settings of a training step.
    public var settings: TrainingSettings {
        var settings = TrainingSettings()
        settings.anchorMatcher = anchorMatching
        settings.anchorSampler = anchorSampling
        settings.proposals = proposals
        settings.proposalMatcher = proposalMatching
        settings.proposalSampler = proposalSampling
        settings.maskCount = maskCount
        settings.keypointCount = keypointCount
        settings.proposalBoxLoss = proposalBoxLoss
        settings.boxLoss = boxLoss
        settings.masksAreBinary = masksAreBinary
        settings.weights = [
            .objectness: lossWeights.objectness, .proposalBoxes: lossWeights.proposalBoxes,
            .classes: lossWeights.classes, .boxes: lossWeights.boxes, .masks: lossWeights.masks,
            .keypoints: lossWeights.keypoints,
        ]
        return settings
    }
}
