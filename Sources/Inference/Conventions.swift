import Geometry
import Kernels

/// Numeric conventions: everything in which two implementations of the same network differ and that no checkpoint
/// tells.
///
/// Each switch is one member here and is read in one place. A ``Profile`` names the conventions of a framework; any
/// member of a copy can be changed.
public struct Conventions: Hashable, Sendable {
    /// How an image becomes the network's input.
    public var input: Input
    /// Where anchors lie.
    public var anchors: Anchors
    /// How proposals are made from anchors.
    public var proposals: Proposals
    /// How regions are pooled from the pyramid.
    public var pooling: Pooling
    /// How detections are made from proposals.
    public var detections: Detections
    /// How results return to the image's own frame.
    public var output: Output

    // MARK: Members

    /// How a picture becomes the network's input.
    public struct Input: Hashable, Sendable {
        /// The order in which the network expects red, green and blue.
        public enum ChannelOrder: String, Hashable, Sendable, CaseIterable {
            /// Red first.
            case rgb
            /// Blue first, as OpenCV reads pictures.
            case bgr
        }

        /// How the target size is rounded.
        public var resize: ResizeRule
        /// How values between pixels come about, and whether that happens before or after normalising.
        public var filter: ResizeFilter
        /// Red or blue first.
        public var channelOrder: ChannelOrder
        /// Subtracted from each channel (in `channelOrder`), values being 0 … `whitePoint`.
        public var mean: [Float]
        /// Each channel is then divided by this.
        public var standardDeviation: [Float]
        /// What full brightness is before normalising: 1 or 255.
        public var whitePoint: Float
        /// Height and width are padded to a multiple of this.
        public var padMultiple: Int
        /// Where padding goes, and how much of it.
        public enum Padding: String, Hashable, Sendable, CaseIterable {
            /// To the right and below, up to the next multiple.
            case rightAndBelow
            /// On all sides, to a square whose side is the resize rule's maximum: every picture becomes
            /// equally large.
            case aroundInSquare
        }
        /// Where padding goes, and how much of it.
        public var padding = Padding.rightAndBelow
        /// Whether padding is black before normalising rather than 0 after it.
        public var normalizesPadding = false
    }

    /// Where anchors lie.
    public struct Anchors: Hashable, Sendable {
        /// Whether the corners of the anchors around (0, 0) are rounded to whole pixels, ties to even.
        public var roundsCorners: Bool
        /// How far apart neighbouring anchors are.
        public enum Stride: String, Hashable, Sendable, CaseIterable {
            /// The padded picture's size divided by the map's, rounded down: 61 instead of 64 for p6 of an
            /// 800-pixel picture.
            case measured
            /// 4, 8, 16, 32, 64.
            case nominal
        }
        /// How far apart neighbouring anchors are.
        public var stride: Stride
        /// Whether the anchors of one position run over ratios first and sizes within, or the reverse.
        public var ratiosAreOuter: Bool
        /// Which of the two an aspect ratio divides by the other.
        public enum AspectRatio: String, Hashable, Sendable, CaseIterable {
            /// A ratio of 2 is a tall anchor.
            case heightOverWidth
            /// A ratio of 2 is a wide anchor: the same shapes in the opposite order.
            case widthOverHeight
        }
        /// Which of the two an aspect ratio divides by the other.
        public var aspectRatio = AspectRatio.heightOverWidth
        /// How far the first anchor's centre lies from the image's corner, in strides.
        public var offset: Float = 0
    }

    /// How proposals are made from anchors.
    public struct Proposals: Hashable, Sendable {
        /// How deltas turn into boxes.
        public var coder: BoxCoder
        /// A proposal must be at least this wide and high…
        public var minimumSide: Float
        /// …or, if true, more than that.
        public var minimumIsExcluded: Bool
        /// Whether the best anchors are chosen by logit rather than by probability. Where large logits tie at a
        /// probability of 1, the order of the grid decides.
        public var selectsByLogit = true
        /// Whether ``Settings/Proposals/preNMSTopN`` anchors are taken on each level, or over all levels together.
        public var preNMSTopNIsPerLevel = true
        /// Whether suppression ranks by logit rather than by probability, in which large logits tie at 1.
        public var ranksByLogit: Bool
        /// Suppression within levels, or across them.
        public var suppression = Suppression()
    }

    /// How two suppressions can differ besides in their threshold.
    public struct Suppression: Hashable, Sendable {
        /// Whether an IoU of exactly the threshold suppresses.
        public var comparison = NonMaximumSuppression.Comparison.above
        /// How classes, or levels, are kept apart.
        public var classSeparation = NonMaximumSuppression.ClassSeparation.automatic(above: 1000)
        /// Whether edges are indices of pixels, so that widths are `x2 − x1 + 1` (Detectron 1).
        public var edgesAreInclusive = false

        /// Suppression by these conventions at a threshold.
        public func at(threshold: Double) -> NonMaximumSuppression {
            NonMaximumSuppression(
                threshold: threshold, comparison: comparison, classSeparation: classSeparation,
                edgesAreInclusive: edgesAreInclusive)
        }
    }

    /// How regions are pooled from the pyramid.
    public struct Pooling: Hashable, Sendable {
        /// Where the small number against rounding stands in 4 + log₂(√area / 224).
        public enum LevelRule: Hashable, Sendable {
            /// ⌊4 + log₂(s / 224) + ε⌋.
            case epsilonOutside(Float)
            /// ⌊4 + log₂(s / 224 + ε)⌋.
            case epsilonInside(Float)
            /// ⌊2 + log₂(s / 56 + ε)⌋, counted from p2.
            case epsilonInsideFromFinest(Float)
            /// 4 + log₂(s / 224) to the nearest whole number, ties to even: boxes change level at √2 times the
            /// sides where the others do.
            case rounded
        }
        /// How a box's size gives its level.
        public var level: LevelRule
        /// How map positions relate to pixels.
        public enum Scale: String, Hashable, Sendable, CaseIterable {
            /// 1/4, 1/8, …
            case nominal
            /// 2 to the rounded logarithm of the map's height over the unpadded picture's.
            case measured
            /// The map's outermost positions lie on the padded picture's outermost pixels: (map − 1) /
            /// (picture − 1), along the vertical axis.
            case cornerToCorner
        }
        /// How map positions relate to pixels.
        public var scale: Scale
        /// The kind of layer, made for an output size.
        public var layer: PoolingLayer
    }

    /// How detections are made from proposals.
    public struct Detections: Hashable, Sendable {
        /// How deltas turn into boxes.
        public var coder: BoxCoder
        /// A detection must be at least this wide and high, in the resized frame; 0 for any.
        public var minimumSide: Float
        /// Suppression within classes.
        public var suppression = Suppression()
        /// Whether a probability of exactly the threshold is enough.
        public var scoreThresholdIsIncluded = false
        /// Whether a proposal can only be a detection of its most probable class, and of none if that is
        /// background.
        public var keepsBestClassOnly = false
    }

    /// How results return to the picture's own frame.
    public struct Output: Hashable, Sendable {
        /// Whether boxes are clipped to the picture once more, and those left without area dropped.
        public var clipsBoxes: Bool
        /// Whether edges are rounded to whole pixels, ties to even.
        public var roundsBoxes = false
        /// How a small mask is enlarged to its box.
        public enum Pasting: String, Hashable, Sendable, CaseIterable {
            /// Padded by one position, on a box truncated to whole pixels.
            case wholePixels
            /// Read at each pixel's centre from the exact box.
            case pixelCentres
            /// Resized to the whole pixels of the box, beyond which nothing is pasted.
            case resizedToBox
        }
        /// How a small mask is enlarged to its box.
        public var pasting: Pasting
        /// What the third number of a keypoint is.
        public enum KeypointScore: String, Hashable, Sendable, CaseIterable {
            /// The logit at the maximum.
            case logit
            /// A softmax over the map before enlargement.
            case probability
        }
        /// What the third number of a keypoint is.
        public var keypointScore: KeypointScore
    }
}

/// A kind of RoI layer with its conventions, before it is known how large its output is.
public enum PoolingLayer: Hashable, Sendable {
    /// RoIPool.
    case pool(RoIPool.Quantization)
    /// RoIWarp, with so many samples along each axis of a bin.
    case warp(samplesPerAxis: Int?, RoIAlign.Reduction = .average)
    /// One sample a bin, the outermost on the region's edges.
    case crop
    /// RoIAlign, with so many samples along each axis of a bin (nil: as many as it is long).
    case align(samplesPerAxis: Int?, subtractsHalfPixel: Bool, RoIAlign.Reduction = .average)

    /// The layer for an output of `size` × `size` bins.
    package func layer(outputSize size: Int) -> RoILayer {
        switch self {
        case .pool(let quantization): .pool(RoIPool(outputSize: size, quantization: quantization))
        case .crop: .crop(CropAndResize(outputSize: size))
        case .warp(let samples, let reduction):
            .warp(RoIWarp(outputSize: size, samplesPerAxis: samples, reduction: reduction))
        case .align(let samples, let halfPixel, let reduction):
            .align(
                RoIAlign(
                    outputSize: size, samplesPerAxis: samples, subtractsHalfPixel: halfPixel,
                    reduction: reduction))
        }
    }
}

extension PoolingLayer {
    /// The RoI layers of the paper's table 2c, by name.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Rounds twice, then takes maxima.
        case pool = "roipool"
        /// Rounds the region, then samples.
        case warp = "roiwarp"
        /// Rounds nowhere, and averages the samples of a bin.
        case align = "roialign"
        /// Rounds nowhere, and takes the largest sample of a bin.
        case alignMaximum = "roialign-max"
    }

    /// The layer of another kind that samples, where it samples, as this one does.
    package func replaced(by kind: Kind) -> PoolingLayer {
        let samples: Int?
        let halfPixel: Bool
        switch self {
        case .pool, .crop: (samples, halfPixel) = (2, true)
        case .warp(let count, _): (samples, halfPixel) = (count, true)
        case .align(let count, let subtracts, _): (samples, halfPixel) = (count, subtracts)
        }
        return switch kind {
        case .pool: .pool(.nearest)
        case .warp: .warp(samplesPerAxis: samples)
        case .align: .align(samplesPerAxis: samples, subtractsHalfPixel: halfPixel)
        case .alignMaximum: .align(samplesPerAxis: samples, subtractsHalfPixel: halfPixel, .maximum)
        }
    }
}

extension Conventions {
    /// Refuses what cannot be run. Conventions may come from a file, so every number is bounded.
    /// - Throws: ``ConfigurationError``, in one line that names the member.
    public func validate() throws {
        func require(_ condition: Bool, _ fault: String) throws {
            if !condition { throw ConfigurationError(description: fault) }
        }
        try require(
            input.mean.count == 3 && input.mean.allSatisfy { abs($0) <= 255 },
            "input.mean must be three numbers from -255 to 255")
        try require(
            input.standardDeviation.count == 3
                && input.standardDeviation.allSatisfy { $0 >= 1e-3 && $0 <= 255 },
            "input.standardDeviation must be three numbers from 0.001 to 255")
        try require(input.whitePoint == 1 || input.whitePoint == 255, "input.whitePoint must be 1 or 255")
        try check(input.padMultiple, in: 1...1024, "input.padMultiple")
        try require((0...1).contains(anchors.offset), "anchors.offset must be from 0 to 1")
        for (name, side) in [("proposals", proposals.minimumSide), ("boxes", detections.minimumSide)] {
            try require((0...65536).contains(side), "\(name).minimumSide must be from 0 to 65536")
        }
        try pooling.level.validate()
        try pooling.layer.validate()
    }
}

extension Conventions.Pooling.LevelRule {
    fileprivate func validate() throws {
        switch self {
        case .epsilonOutside(let epsilon), .epsilonInside(let epsilon), .epsilonInsideFromFinest(let epsilon):
            guard (0...1).contains(epsilon) else {
                throw ConfigurationError(description: "pooling.levelEpsilon must be from 0 to 1")
            }
        case .rounded: break
        }
    }
}

extension PoolingLayer {
    fileprivate func validate() throws {
        switch self {
        case .warp(let samples?, _), .align(let samples?, _, _):
            try check(samples, in: 1...64, "pooling.samplesPerAxis")
        case .pool, .crop, .warp, .align: break
        }
    }
}
