import Geometry
import Kernels

/// Numeric conventions: everything in which two implementations of the same network differ and that a checkpoint does
/// not record.
///
/// Each convention is one member here and is read in one place in the code. A ``Profile`` has the conventions of a
/// framework; any member can be changed in a copy.
public struct Conventions: Hashable, Sendable {
    /// How an image becomes the network's input.
    public var input: Input
    /// How anchors are placed.
    public var anchors: Anchors
    /// How proposals are selected from anchors.
    public var proposals: Proposals
    /// How regions are pooled from the pyramid.
    public var pooling: Pooling
    /// How detections are selected from proposals.
    public var detections: Detections
    /// How results are mapped back to the original image.
    public var output: Output

    // MARK: Members

    /// How an image becomes the network's input.
    public struct Input: Hashable, Sendable {
        /// The order in which the network expects red, green and blue.
        public enum ChannelOrder: String, Hashable, Sendable, CaseIterable {
            /// Red first.
            case rgb
            /// Blue first, as OpenCV reads images.
            case bgr
        }

        /// How the target size is rounded.
        public var resize: ResizeRule
        /// The resampling filter, which also determines whether an image is resized before or after normalising.
        public var filter: ResizeFilter
        /// The order in which the network expects red, green and blue.
        public var channelOrder: ChannelOrder
        /// Subtracted from each channel, in units of 0 … `whitePoint`; three values in `channelOrder`.
        public var mean: [Float]
        /// Each channel is then divided by this; three values in `channelOrder`.
        public var standardDeviation: [Float]
        /// The value of a fully bright pixel before normalising: 1 or 255.
        public var whitePoint: Float
        /// Height and width are padded to multiples of this, in pixels.
        public var padMultiple: Int
        /// Where an image is padded, and to what size.
        public enum Padding: String, Hashable, Sendable, CaseIterable {
            /// On the right and below, up to the next multiple of `padMultiple`.
            case rightAndBelow
            /// On all sides, to a square whose side is the settings' `maximumSide`, so that all inputs have the same
            /// size (Matterport).
            case aroundInSquare
        }
        /// Where an image is padded, and to what size.
        public var padding = Padding.rightAndBelow
        /// Whether padding is black, 0 before normalising (Matterport), rather than 0 after it.
        public var normalizesPadding = false
    }

    /// How anchors are placed.
    public struct Anchors: Hashable, Sendable {
        /// Whether the corners of the anchors around (0, 0) are rounded to whole pixels, ties to even (torchvision).
        public var roundsCorners: Bool
        /// The distance between neighbouring anchors.
        public enum Stride: String, Hashable, Sendable, CaseIterable {
            /// The padded image's size divided by the map's, rounded down (torchvision): 61 instead of 64 for p6 of an
            /// 800-pixel image.
            case measured
            /// The power of two of the level: 4, 8, 16, 32, 64.
            case nominal
        }
        /// The distance between neighbouring anchors.
        public var stride: Stride
        /// Whether the anchors of one position are ordered by ratio, then size; otherwise by size, then ratio.
        public var ratiosAreOuter: Bool
        /// The definition of an anchor's aspect ratio.
        public enum AspectRatio: String, Hashable, Sendable, CaseIterable {
            /// Height / width: an anchor of ratio 2 is tall.
            case heightOverWidth
            /// Width / height (Matterport): an anchor of ratio 2 is wide. The same shapes in the opposite order.
            case widthOverHeight
        }
        /// The definition of an anchor's aspect ratio.
        public var aspectRatio = AspectRatio.heightOverWidth
        /// Distance of the first anchor's centre from the image's upper left corner, in strides along each axis.
        public var offset: Float = 0
    }

    /// How proposals are selected from anchors.
    public struct Proposals: Hashable, Sendable {
        /// How deltas are decoded into boxes.
        public var coder: BoxCoder
        /// The smallest width and height of a proposal, in pixels of the resized image.
        public var minimumSide: Float
        /// Whether width and height must exceed `minimumSide` rather than reach it.
        public var minimumIsExcluded: Bool
        /// Whether the best anchors are selected by logit rather than by probability. Large logits have the same
        /// probability, 1 in Float32; ties are broken by the order of the grid.
        public var selectsByLogit = true
        /// Whether ``Settings/Proposals/preNMSTopN`` anchors are taken on each level, or over all levels together.
        public var preNMSTopNIsPerLevel = true
        /// Whether suppression ranks by logit rather than by probability, at which large logits tie at 1.
        public var ranksByLogit: Bool
        /// Non-maximum suppression, within levels or across them.
        public var suppression = Suppression()
    }

    /// The choices of a non-maximum suppression besides its threshold.
    public struct Suppression: Hashable, Sendable {
        /// Whether a box is suppressed by an IoU that equals the threshold, or only above it.
        public var comparison = NonMaximumSuppression.Comparison.above
        /// How boxes of different classes, or levels, are kept from suppressing each other.
        public var classSeparation = NonMaximumSuppression.ClassSeparation.automatic(above: 1000)
        /// Whether box edges are pixel indices, so that widths are `x2 − x1 + 1` (Detectron 1).
        public var edgesAreInclusive = false

        /// Non-maximum suppression with these conventions at an IoU threshold.
        public func at(threshold: Double) -> NonMaximumSuppression {
            NonMaximumSuppression(
                threshold: threshold, comparison: comparison, classSeparation: classSeparation,
                edgesAreInclusive: edgesAreInclusive)
        }
    }

    /// How regions are pooled from the pyramid.
    public struct Pooling: Hashable, Sendable {
        /// Where ε is added in 4 + log₂(√area / 224) to guard against rounding errors; s is √area.
        public enum LevelRule: Hashable, Sendable {
            /// ⌊4 + log₂(s / 224) + ε⌋ (torchvision).
            case epsilonOutside(Float)
            /// ⌊4 + log₂(s / 224 + ε)⌋ (detectron2).
            case epsilonInside(Float)
            /// ⌊2 + log₂(s / 56 + ε)⌋, counted from p2 (MMDetection).
            case epsilonInsideFromFinest(Float)
            /// 4 + log₂(s / 224) rounded to the nearest integer, ties to even (Matterport). A box moves from p3 to p4
            /// at a side of 224 / √2 pixels instead of 224.
            case rounded
        }
        /// How the level of a box is computed from its size.
        public var level: LevelRule
        /// The scale from pixels to map positions.
        public enum Scale: String, Hashable, Sendable, CaseIterable {
            /// The inverse of the nominal stride: 1/4, 1/8, …
            case nominal
            /// 2 to the power of round(log₂(h / H)), where h is the map's height and H that of the unpadded image
            /// (torchvision).
            case measured
            /// The map's outermost positions lie on the padded image's outermost pixels: (h − 1) / (H − 1), where h is
            /// the map's height and H that of the padded image (Matterport).
            case cornerToCorner
        }
        /// The scale from pixels to map positions.
        public var scale: Scale
        /// The RoI layer.
        public var layer: PoolingLayer
    }

    /// How detections are selected from proposals.
    public struct Detections: Hashable, Sendable {
        /// How deltas are decoded into boxes.
        public var coder: BoxCoder
        /// The smallest width and height of a detection, in pixels of the resized image; 0 for no limit.
        public var minimumSide: Float
        /// Non-maximum suppression within classes.
        public var suppression = Suppression()
        /// Whether a probability that equals the score threshold passes it.
        public var scoreThresholdIsIncluded = false
        /// Whether a proposal yields at most one detection, of its most probable class, and none if that is background.
        public var keepsBestClassOnly = false
    }

    /// How results are mapped back to the original image.
    public struct Output: Hashable, Sendable {
        /// Whether boxes are clipped to the original image as well, and empty ones dropped.
        public var clipsBoxes: Bool
        /// Whether box edges are rounded to whole pixels, ties to even.
        public var roundsBoxes = false
        /// How a mask is enlarged to its box.
        public enum Pasting: String, Hashable, Sendable, CaseIterable {
            /// The mask is padded by one value on each side and resized to a box truncated to whole pixels
            /// (torchvision).
            case wholePixels
            /// The mask is sampled at the centre of each pixel, relative to the unrounded box (detectron2,
            /// MMDetection).
            case pixelCentres
            /// The mask is resized to the whole pixels of the box, outside of which nothing is pasted (Matterport).
            case resizedToBox
        }
        /// How a mask is enlarged to its box.
        public var pasting: Pasting
        /// How a keypoint's score is computed.
        public enum KeypointScore: String, Hashable, Sendable, CaseIterable {
            /// The logit at the maximum of the enlarged heat map (torchvision).
            case logit
            /// The probability at the maximum, with a softmax whose denominator is summed over the map before
            /// enlargement (detectron2).
            case probability
        }
        /// How a keypoint's score is computed.
        public var keypointScore: KeypointScore
    }
}

/// An RoI layer with its conventions but without an output size.
public enum PoolingLayer: Hashable, Sendable {
    /// RoIPool (Fast R-CNN, section 2.1).
    case pool(RoIPool.Quantization)
    /// RoIWarp, with `samplesPerAxis` samples along each axis of a bin.
    case warp(samplesPerAxis: Int?, RoIAlign.Reduction = .average)
    /// Crop and resize: one sample per bin, the outermost samples on the region's edges.
    case crop
    /// RoIAlign, with `samplesPerAxis` samples along each axis of a bin (nil: the bin's length, rounded up).
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
        /// RoIPool: rounds the region and the bins, then takes the maximum of each bin.
        case pool = "roipool"
        /// RoIWarp: rounds the region, then samples it bilinearly.
        case warp = "roiwarp"
        /// RoIAlign: no rounding; averages the samples of a bin.
        case align = "roialign"
        /// RoIAlign with the largest sample of a bin instead of the average.
        case alignMaximum = "roialign-max"
    }

    /// A layer of another kind that keeps this one's sampling, as far as both sample.
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
    /// Checks that the conventions can be run. They may come from a file, so every number is bounded.
    /// - Throws: ``ConfigurationError`` naming the first invalid member.
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
