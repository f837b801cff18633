/// Limits and thresholds, which can be changed from run to run of the same network and implementation. The network
/// itself is described by ``Architecture``, and what implementations do differently by ``Conventions``.
public struct Settings: Hashable, Sendable {
    /// The size that images are resized to.
    public var input: Input
    /// The number of proposals, and how much they may overlap.
    public var proposals: Proposals
    /// The score and NMS thresholds, and the largest number of detections.
    public var boxes: Boxes
    /// The mask threshold.
    public var masks: Masks

    /// Settings; the defaults are the paper's.
    public init(
        input: Input = Input(), proposals: Proposals = Proposals(), boxes: Boxes = Boxes(),
        masks: Masks = Masks()
    ) {
        self.input = input
        self.proposals = proposals
        self.boxes = boxes
        self.masks = masks
    }

    /// The size that images are resized to before the network sees them, in pixels.
    public struct Input: Hashable, Codable, Sendable {
        /// The length of the shorter side, unless `maximumSide` forbids it.
        public var minimumSide: Int
        /// The largest length of the longer side. An image that would exceed it is resized to this length instead.
        public var maximumSide: Int

        /// Side lengths in pixels.
        public init(minimumSide: Int = 800, maximumSide: Int = 1333) {
            self.minimumSide = minimumSide
            self.maximumSide = maximumSide
        }
    }

    /// Limits on the boxes that the region proposal network yields.
    public struct Proposals: Hashable, Codable, Sendable {
        /// Anchors kept before suppression: per level, or over all levels
        /// (``Conventions/Proposals/preNMSTopNIsPerLevel``).
        public var preNMSTopN: Int
        /// Proposals kept after suppression, over all levels.
        public var postNMSTopN: Int
        /// A proposal whose IoU with a better one exceeds this is dropped.
        public var nmsThreshold: Double

        /// Limits; the defaults are an FPN model's at inference.
        public init(preNMSTopN: Int = 1000, postNMSTopN: Int = 1000, nmsThreshold: Double = 0.7) {
            self.preNMSTopN = preNMSTopN
            self.postNMSTopN = postNMSTopN
            self.nmsThreshold = nmsThreshold
        }
    }

    /// The score and NMS thresholds, and the largest number of detections.
    public struct Boxes: Hashable, Codable, Sendable {
        /// Boxes whose class probability is below this are dropped.
        public var scoreThreshold: Float
        /// A detection whose IoU with a better one of the same class exceeds this is dropped.
        public var nmsThreshold: Double
        /// The largest number of detections, over all classes.
        public var detectionsPerImage: Int

        /// Thresholds and a limit; the defaults are those of torchvision and detectron2.
        public init(
            scoreThreshold: Float = 0.05, nmsThreshold: Double = 0.5, detectionsPerImage: Int = 100
        ) {
            self.scoreThreshold = scoreThreshold
            self.nmsThreshold = nmsThreshold
            self.detectionsPerImage = detectionsPerImage
        }
    }

    /// The mask threshold.
    public struct Masks: Hashable, Codable, Sendable {
        /// The smallest mask probability of a pixel inside the mask.
        public var threshold: Float

        /// A mask threshold; one half by default, as in the paper.
        public init(threshold: Float = 0.5) { self.threshold = threshold }
    }
}

extension Settings {
    /// Checks that the settings can be run. They may come from a file, so every number is bounded.
    /// - Throws: ``ConfigurationError`` naming the first invalid member.
    public func validate() throws {
        try input.validate()
        try proposals.validate()
        try boxes.validate()
        try masks.validate()
    }
}

extension Settings.Input {
    fileprivate func validate() throws {
        try check(minimumSide, in: 1...8192, "input.minimumSide")
        try check(maximumSide, in: 1...8192, "input.maximumSide")
    }
}

extension Settings.Proposals {
    /// Checks that the values are in range.
    /// - Throws: ``ConfigurationError`` naming the first invalid member.
    public func validate() throws {
        try check(preNMSTopN, in: 0...1_000_000, "proposals.preNMSTopN")
        try check(postNMSTopN, in: 0...1_000_000, "proposals.postNMSTopN")
        try check(nmsThreshold, in: 0...1, "proposals.nmsThreshold")
    }
}

extension Settings.Boxes {
    /// Checks that the values are in range.
    /// - Throws: ``ConfigurationError`` naming the first invalid member.
    public func validate() throws {
        try check(Double(scoreThreshold), in: 0...1, "boxes.scoreThreshold")
        try check(nmsThreshold, in: 0...1, "boxes.nmsThreshold")
        try check(detectionsPerImage, in: 0...100_000, "boxes.detectionsPerImage")
    }
}

extension Settings.Masks {
    /// Checks that the values are in range.
    /// - Throws: ``ConfigurationError`` naming the first invalid member.
    public func validate() throws {
        try check(Double(threshold), in: 0...1, "masks.threshold")
    }
}
