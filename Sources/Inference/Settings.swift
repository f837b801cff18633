/// Limits and thresholds: what can be set anew for every run of the same network without making it another
/// implementation. Which network it is stands in ``Architecture``, how it computes in ``Conventions``.
public struct Settings: Hashable, Sendable {
    /// How large images are made.
    public var input: Input
    /// How many proposals there are, and how much they may overlap.
    public var proposals: Proposals
    /// Which boxes become detections.
    public var boxes: Boxes
    /// Which pixels belong to a mask.
    public var masks: Masks

    /// Settings; those left out are the paper's.
    public init(
        input: Input = Input(), proposals: Proposals = Proposals(), boxes: Boxes = Boxes(),
        masks: Masks = Masks()
    ) {
        self.input = input
        self.proposals = proposals
        self.boxes = boxes
        self.masks = masks
    }

    /// How large images are made before the network sees them, in pixels.
    public struct Input: Hashable, Codable, Sendable {
        /// What the shorter side becomes…
        public var minimumSide: Int
        /// …unless the longer one would then exceed this, which it becomes instead.
        public var maximumSide: Int

        /// Lengths of the sides, in pixels.
        public init(minimumSide: Int = 800, maximumSide: Int = 1333) {
            self.minimumSide = minimumSide
            self.maximumSide = maximumSide
        }
    }

    /// How many boxes the region proposal network may name.
    public struct Proposals: Hashable, Codable, Sendable {
        /// Anchors taken before suppression: on each level, or over all of them where the conventions say so.
        public var preNMSTopN: Int
        /// Proposals kept after suppression, over all levels.
        public var postNMSTopN: Int
        /// Of two proposals with a larger IoU than this, the worse one is dropped.
        public var nmsThreshold: Double

        /// Limits; those left out are an FPN model's at test time.
        public init(preNMSTopN: Int = 1000, postNMSTopN: Int = 1000, nmsThreshold: Double = 0.7) {
            self.preNMSTopN = preNMSTopN
            self.postNMSTopN = postNMSTopN
            self.nmsThreshold = nmsThreshold
        }
    }

    /// Which boxes become detections.
    public struct Boxes: Hashable, Codable, Sendable {
        /// Boxes whose class has a smaller probability are dropped.
        public var scoreThreshold: Float
        /// Of two detections of one class with a larger IoU than this, the worse one is dropped.
        public var nmsThreshold: Double
        /// Detections kept, over all classes.
        public var detectionsPerImage: Int

        /// Thresholds and a limit; those left out are as in torchvision and detectron2.
        public init(
            scoreThreshold: Float = 0.05, nmsThreshold: Double = 0.5, detectionsPerImage: Int = 100
        ) {
            self.scoreThreshold = scoreThreshold
            self.nmsThreshold = nmsThreshold
            self.detectionsPerImage = detectionsPerImage
        }
    }

    /// Which pixels belong to a mask.
    public struct Masks: Hashable, Codable, Sendable {
        /// Those of at least this probability.
        public var threshold: Float

        /// A threshold.
        public init(threshold: Float = 0.5) { self.threshold = threshold }
    }
}

extension Settings {
    /// Refuses what cannot be run. Settings may come from a file, so every number is bounded.
    /// - Throws: ``ConfigurationError``, in one line that names the member.
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
    /// Refuses what cannot be run.
    /// - Throws: ``ConfigurationError``.
    public func validate() throws {
        try check(preNMSTopN, in: 0...1_000_000, "proposals.preNMSTopN")
        try check(postNMSTopN, in: 0...1_000_000, "proposals.postNMSTopN")
        try check(nmsThreshold, in: 0...1, "proposals.nmsThreshold")
    }
}

extension Settings.Boxes {
    /// Refuses what cannot be run.
    /// - Throws: ``ConfigurationError``.
    public func validate() throws {
        try check(Double(scoreThreshold), in: 0...1, "boxes.scoreThreshold")
        try check(nmsThreshold, in: 0...1, "boxes.nmsThreshold")
        try check(detectionsPerImage, in: 0...100_000, "boxes.detectionsPerImage")
    }
}

extension Settings.Masks {
    /// Refuses what cannot be run.
    /// - Throws: ``ConfigurationError``.
    public func validate() throws {
        try check(Double(threshold), in: 0...1, "masks.threshold")
    }
}
