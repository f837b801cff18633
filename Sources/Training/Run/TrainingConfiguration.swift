import Foundation
import Inference

/// All that a training run is made of, but for the pictures: one commented file, JSON5.
///
/// Every member has to be in the file, and nothing else may be: a misspelt one is an error, not a default.
public struct TrainingConfiguration: Hashable, Codable, Sendable {
    /// Numeric conventions, by name.
    public var profile: String
    /// The network.
    public var network: Architecture
    /// How large pictures are made.
    public var input: InputSize
    /// Limits and thresholds when training is over.
    public var testing: Testing
    /// What the pictures are, unless `--data` says so.
    public var scenes: Scenes?
    /// The probability that a picture is mirrored.
    public var flipProbability: Double
    /// Whether the pictures of a batch are either all wide or all high, so that they take equally long.
    public var groupsByAspectRatio: Bool
    /// Everything random follows from it: first parameters, order of pictures, flips, sampling.
    public var seed: UInt64
    /// Pictures a step.
    public var batchSize: Int
    /// Of how many parts a batch is computed one after another, to save memory.
    public var accumulationSteps: Int
    /// Steps in all.
    public var steps: Int
    /// The learning rate over the steps.
    public var learningRate: LearningRate
    /// How parameters follow their gradients.
    public var updateRule: UpdateRule
    /// How strongly parameters are drawn to zero.
    public var weightDecay: Double
    /// Whether biases and norms are drawn to zero too.
    public var decaysVectors: Bool
    /// The largest length of all gradients taken as one vector; longer ones are shortened to it. Null for none.
    public var largestGradientNorm: Double?
    /// Parameters that stay as they are: `"backbone.stem"` names those of the stem.
    public var frozen: [String]
    /// How anchors find their objects.
    public var anchorMatching: BoxMatcher
    /// How many anchors have a loss.
    public var anchorSampling: BalancedSampler
    /// Proposals while training.
    public var proposals: ProposalLimits
    /// How proposals find their objects.
    public var proposalMatching: BoxMatcher
    /// How many proposals have a loss.
    public var proposalSampling: BalancedSampler
    /// How many of the sampled objects have a mask loss: these heads take most of a step's time, the box head
    /// hardly any. Null for all, as in the paper.
    public var maskCount: Int?
    /// How many of the sampled objects have a keypoint loss. Null for all, as in the paper.
    public var keypointCount: Int?
    /// The loss of anchors' deltas.
    public var proposalBoxLoss: BoxLoss
    /// The loss of proposals' deltas.
    public var boxLoss: BoxLoss
    /// Whether mask targets are 0 or 1, or shares of cells.
    public var masksAreBinary: Bool
    /// What each part of the loss counts.
    public var lossWeights: LossWeights

    /// How large pictures are made.
    public struct InputSize: Hashable, Codable, Sendable {
        /// The shorter side; one of several, drawn for each picture, is scale jitter. The last one is used when
        /// training is over.
        public var shorterSides: [Int]
        /// The largest longer side.
        public var longestSide: Int

        /// Sides in pixels.
        package init(shorterSides: [Int], longestSide: Int) {
            self.shorterSides = shorterSides
            self.longestSide = longestSide
        }
    }

    /// Limits and thresholds of the trained model.
    public struct Testing: Hashable, Codable, Sendable {
        /// How many proposals, and how much they may overlap, in training too.
        public var proposals: Settings.Proposals
        /// Which boxes become detections.
        public var boxes: Settings.Boxes
        /// Which pixels belong to a mask.
        public var masks: Settings.Masks

        func validate() throws {
            try proposals.validate()
            try boxes.validate()
            try masks.validate()
        }
    }

    /// Pictures that the project draws itself.
    public struct Scenes: Hashable, Codable, Sendable {
        /// Another seed, other pictures.
        public var seed: UInt64
        /// How many different ones.
        public var count: Int

        /// As many scenes, from this seed.
        package init(seed: UInt64, count: Int) {
            self.seed = seed
            self.count = count
        }
    }

    /// What each part of the loss counts.
    public struct LossWeights: Hashable, Codable, Sendable {
        /// Whether an anchor is an object.
        public var objectness: Float
        /// The deltas of anchors.
        public var proposalBoxes: Float
        /// Classes of proposals.
        public var classes: Float
        /// The deltas of proposals.
        public var boxes: Float
        /// Masks.
        public var masks: Float
        /// Keypoints.
        public var keypoints: Float

        /// One weight a part.
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

    /// What a step needs to know.
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
