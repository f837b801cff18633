import Geometry
import Kernels

/// A named set of numeric conventions: everything in which two implementations of the same network differ and
/// that no checkpoint tells.
///
/// Each switch is one member here and is read in one place. `Profile.torchvision` and the others are the sets
/// that the frameworks use; any member of a copy can be changed.
public struct Profile: Hashable, Sendable {
    /// As on the command line and in bundles.
    public var name: String
    /// How a picture becomes the network's input.
    public var input: Input
    /// Conventions that a checkpoint's parameters must be read with.
    public var parameters: Parameters
    /// Where anchors lie.
    public var anchors: Anchors
    /// How proposals are made from anchors.
    public var proposals: Proposals
    /// How regions are pooled from the pyramid.
    public var pooling: Pooling
    /// How detections are made from proposals.
    public var detections: Detections
    /// How results return to the picture's own frame.
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

        /// The target size.
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
        /// Height and width are padded, right and below, to a multiple of this.
        public var padMultiple: Int
    }

    /// Conventions that a checkpoint's parameters must be read with.
    public struct Parameters: Hashable, Sendable {
        /// Added to the variance in batch norms. torchvision's published first-generation models were trained
        /// with 0; a model built without asking for weights has 1e-5.
        public var batchNormEpsilon: Float
        /// Which convolution of a downsampling block has the stride.
        public var stridePlacement: Configuration.Backbone.StridePlacement
        /// The same for ResNeXt, whose blocks have groups.
        public var groupedStridePlacement: Configuration.Backbone.StridePlacement = .conv2
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
    }

    /// How proposals are made from anchors.
    public struct Proposals: Hashable, Sendable {
        /// How deltas turn into boxes.
        public var coder: BoxCoder
        /// A proposal must be at least this wide and high…
        public var minimumSide: Float
        /// …or, if true, more than that.
        public var minimumIsExcluded: Bool
        /// Whether suppression ranks by logit rather than by probability, in which large logits tie at 1.
        public var ranksByLogit: Bool
        /// Suppression within levels.
        public var suppression: NonMaximumSuppression
    }

    /// How regions are pooled from the pyramid.
    public struct Pooling: Hashable, Sendable {
        /// Where the small number against rounding stands in 4 + log₂(√area / 224).
        public enum LevelRule: Hashable, Sendable {
            /// ⌊4 + log₂(s / 224) + ε⌋.
            case epsilonOutside(Float)
            /// ⌊4 + log₂(s / 224 + ε)⌋.
            case epsilonInside(Float)
        }
        /// How a box's size gives its level.
        public var level: LevelRule
        /// How map positions relate to pixels.
        public enum Scale: String, Hashable, Sendable, CaseIterable {
            /// 1/4, 1/8, …
            case nominal
            /// 2 to the rounded logarithm of the map's height over the unpadded picture's.
            case measured
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
        /// Suppression within classes; the threshold is the configuration's.
        public var suppression: NonMaximumSuppression
    }

    /// How results return to the picture's own frame.
    public struct Output: Hashable, Sendable {
        /// Whether boxes are clipped to the picture once more, and those left without area dropped.
        public var clipsBoxes: Bool
        /// How a small mask is enlarged to its box.
        public enum Pasting: String, Hashable, Sendable, CaseIterable {
            /// Padded by one position, on a box truncated to whole pixels.
            case wholePixels
            /// Read at each pixel's centre from the exact box.
            case pixelCentres
        }
        /// How a small mask is enlarged to its box.
        public var pasting: Pasting
        /// A pixel belongs to the mask from this probability on.
        public var maskThreshold: Float
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

extension Profile {
    /// torchvision's first generation: `maskrcnn_resnet50_fpn`, `fasterrcnn_resnet50_fpn`,
    /// `keypointrcnn_resnet50_fpn` with published weights.
    public static let torchvision = Profile(
        name: "torchvision",
        input: Input(
            resize: .torchvision(minimum: 800, maximum: 1333), filter: .bilinearFloat, channelOrder: .rgb,
            mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225], whitePoint: 1,
            padMultiple: 32),
        parameters: Parameters(batchNormEpsilon: 0, stridePlacement: .conv2),
        anchors: Anchors(roundsCorners: true, stride: .measured, ratiosAreOuter: true),
        proposals: Proposals(
            coder: .torchvision(.proposals), minimumSide: 1e-3, minimumIsExcluded: false, ranksByLogit: false,
            suppression: NonMaximumSuppression(threshold: 0.7)),
        pooling: Pooling(
            level: .epsilonOutside(1e-6), scale: .measured,
            layer: .align(samplesPerAxis: 2, subtractsHalfPixel: false)),
        detections: Detections(
            coder: .torchvision(.detections), minimumSide: 1e-2,
            suppression: NonMaximumSuppression(threshold: 0.5)),
        output: Output(
            clipsBoxes: false, pasting: .wholePixels, maskThreshold: 0.5, keypointScore: .logit))

    /// torchvision's second generation: `maskrcnn_resnet50_fpn_v2`. The network differs more than the
    /// conventions do, and shows in the checkpoint; what does not show is batch norm's epsilon.
    public static let torchvisionV2: Profile = {
        var profile = torchvision
        profile.name = "torchvision-v2"
        profile.parameters.batchNormEpsilon = 1e-5
        return profile
    }()

    /// detectron2's model zoo.
    public static let detectron2 = Profile(
        name: "detectron2",
        input: Input(
            resize: .detectron2(minimum: 800, maximum: 1333), filter: .antialiasedBytes, channelOrder: .bgr,
            mean: [103.53, 116.28, 123.675], standardDeviation: [1, 1, 1], whitePoint: 255, padMultiple: 32),
        parameters: Parameters(batchNormEpsilon: 1e-5, stridePlacement: .conv1),
        anchors: Anchors(roundsCorners: false, stride: .nominal, ratiosAreOuter: false),
        proposals: Proposals(
            coder: .torchvision(.proposals), minimumSide: 0, minimumIsExcluded: true, ranksByLogit: true,
            suppression: NonMaximumSuppression(threshold: 0.7)),
        pooling: Pooling(
            level: .epsilonInside(1e-8), scale: .nominal,
            layer: .align(samplesPerAxis: nil, subtractsHalfPixel: true)),
        detections: Detections(
            coder: .torchvision(.detections), minimumSide: 0,
            suppression: NonMaximumSuppression(threshold: 0.5)),
        output: Output(
            clipsBoxes: true, pasting: .pixelCentres, maskThreshold: 0.5, keypointScore: .probability))

    /// As the paper describes the system, with nothing rounded anywhere: anchors at exact places, RoIAlign with
    /// four samples a bin, values at the centres of their cells, masks pasted onto the exact box. What the
    /// paper leaves open is as in torchvision. The model that ships with the project is trained with it.
    public static let paper: Profile = {
        var profile = torchvision
        profile.name = "paper"
        profile.input.resize = .mmdetection(minimum: 800, maximum: 1333)
        profile.parameters.batchNormEpsilon = 1e-5
        profile.anchors = Anchors(roundsCorners: false, stride: .nominal, ratiosAreOuter: true)
        profile.pooling = Pooling(
            level: .epsilonOutside(1e-6), scale: .nominal,
            layer: .align(samplesPerAxis: 2, subtractsHalfPixel: true))
        profile.output.clipsBoxes = true
        profile.output.pasting = .pixelCentres
        return profile
    }()

    /// All profiles, in the order in which they are listed.
    public static let all = [torchvision, torchvisionV2, detectron2, paper]

    /// The profile of that name, or nil.
    public static func named(_ name: String) -> Profile? { all.first { $0.name == name } }
}

/// A kind of RoI layer with its conventions, before it is known how large its output is.
public enum PoolingLayer: Hashable, Sendable {
    /// RoIPool.
    case pool(RoIPool.Quantization)
    /// RoIWarp, with so many samples along each axis of a bin.
    case warp(samplesPerAxis: Int?, RoIAlign.Reduction = .average)
    /// RoIAlign, with so many samples along each axis of a bin (nil: as many as it is long).
    case align(samplesPerAxis: Int?, subtractsHalfPixel: Bool, RoIAlign.Reduction = .average)

    /// The layer for an output of `size` × `size` bins.
    public func layer(outputSize size: Int) -> RoILayer {
        switch self {
        case .pool(let quantization): .pool(RoIPool(outputSize: size, quantization: quantization))
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
    public func replaced(by kind: Kind) -> PoolingLayer {
        let samples: Int?
        let halfPixel: Bool
        switch self {
        case .pool: (samples, halfPixel) = (2, true)
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
