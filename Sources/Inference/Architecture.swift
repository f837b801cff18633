import Geometry
import Kernels

/// The network to build: everything that the shapes of a checkpoint's tensors determine, and the parts of the network
/// that they do not: which convolution has the stride, batch norm's epsilon, group norm's groups, the anchors.
///
/// Numeric conventions are in ``Conventions``, limits and thresholds in ``Settings``.
///
/// All variants are values of this type: without `masks` it is Faster R-CNN, with `keypoints` Keypoint R-CNN.
public struct Architecture: Hashable, Codable, Sendable {
    /// ResNet or ResNeXt.
    public var backbone: Backbone
    /// The feature maps that the heads read.
    public var features: Features
    /// The region proposal network.
    public var proposals: Proposals
    /// Number of object classes, without background.
    public var classes: Int
    /// The head that classifies proposals and refines their boxes.
    public var boxes: Boxes
    /// The mask head, if any.
    public var masks: Masks?
    /// The keypoint head, if any.
    public var keypoints: Keypoints?

    /// An architecture of the given parts.
    public init(
        backbone: Backbone, features: Features, proposals: Proposals = Proposals(), classes: Int,
        boxes: Boxes, masks: Masks? = nil, keypoints: Keypoints? = nil
    ) {
        self.backbone = backbone
        self.features = features
        self.proposals = proposals
        self.classes = classes
        self.boxes = boxes
        self.masks = masks
        self.keypoints = keypoints
    }

    // MARK: Parts

    /// ResNet or ResNeXt.
    public struct Backbone: Hashable, Codable, Sendable {
        /// Which convolution of a downsampling block has stride 2. Both variants exist, with the same parameter shapes;
        /// choosing the wrong one gives plausible but wrong results.
        public enum StridePlacement: String, Hashable, Codable, Sendable, CaseIterable {
            /// The first, 1×1: the original ResNet and detectron2's.
            case conv1
            /// The second, 3×3: torchvision ("V1.5") and ResNeXt.
            case conv2
        }

        /// What the stages are made of.
        public enum Block: String, Hashable, Codable, Sendable, CaseIterable {
            /// 1×1, 3×3, 1×1: ResNet-50 and deeper, ResNeXt.
            case bottleneck
            /// Two 3×3 convolutions: ResNet-18 and -34.
            case basic
        }

        /// Channels after the stem.
        public var stem: Int
        /// What the stages are made of.
        public var block: Block
        /// Blocks in c2 … c5.
        public var blocks: [Int]
        /// Inner channels of the blocks of c2 … c5; of basic blocks the same as `outputs`.
        public var widths: [Int]
        /// Output channels of c2 … c5.
        public var outputs: [Int]
        /// Groups of the 3×3 convolutions: 1 for ResNet, the cardinality for ResNeXt.
        public var groups: Int
        /// Which convolution of a downsampling block has stride 2.
        public var stridePlacement: StridePlacement
        /// Dilation of the 3×3 convolutions of c5. Above 1 the stage keeps the size of c4, stride 16, instead of
        /// halving it (DC5); only where the heads read from c5.
        public var lastStageDilation: Int
        /// What follows each convolution.
        public var norm: Normalization

        /// A backbone of the given sizes.
        public init(
            stem: Int, block: Block = .bottleneck, blocks: [Int], widths: [Int], outputs: [Int],
            groups: Int = 1, stridePlacement: StridePlacement = .conv2, lastStageDilation: Int = 1,
            norm: Normalization
        ) {
            self.stem = stem
            self.block = block
            self.blocks = blocks
            self.widths = widths
            self.outputs = outputs
            self.groups = groups
            self.stridePlacement = stridePlacement
            self.lastStageDilation = lastStageDilation
            self.norm = norm
        }

        /// ResNet-50 or -101, or a ResNeXt of that depth: `groups` × `widthPerGroup` channels inside the
        /// blocks of c2, doubling from stage to stage.
        public static func resNet(
            blocks: [Int] = [3, 4, 6, 3], groups: Int = 1, widthPerGroup: Int = 64,
            stridePlacement: StridePlacement = .conv2, norm: Normalization
        ) -> Backbone {
            Backbone(
                stem: 64, blocks: blocks, widths: (0..<4).map { groups * widthPerGroup << $0 },
                outputs: [256, 512, 1024, 2048], groups: groups, stridePlacement: stridePlacement, norm: norm)
        }

        /// Blocks per stage of ResNet-50.
        public static let blocks50 = [3, 4, 6, 3]
        /// Blocks per stage of ResNet-101 and ResNeXt-101.
        public static let blocks101 = [3, 4, 23, 3]
    }

    /// The feature pyramid network: its channels and the normalisation after its convolutions.
    public struct Pyramid: Hashable, Codable, Sendable {
        /// Channels of p2 … p6.
        public var channels: Int
        /// Bias, or batch norm in torchvision's second generation.
        public var norm: Normalization

        /// A pyramid; by default with 256 channels and biases.
        public init(channels: Int = 256, norm: Normalization = .bias) {
            self.channels = channels
            self.norm = norm
        }
    }

    /// The feature maps that the heads read.
    public enum Features: Hashable, Sendable {
        /// p2 … p6, strides 4 … 64.
        case pyramid(Pyramid)
        /// c4, stride 16; the fifth residual stage is the box head.
        case c4
        /// c5, stride 32; 16 where that stage is dilated.
        case c5
    }

    /// The region proposal network.
    public struct Proposals: Hashable, Codable, Sendable {
        /// Number of 3×3 convolutions before the two outputs.
        public var convolutions: Int
        /// Channels of those convolutions.
        public var channels: Int
        /// Anchor sizes for each level, finest first: square roots of the anchors' areas, in pixels.
        public var anchorSizes: [[Float]]
        /// Aspect ratios, height over width unless the conventions say otherwise.
        public var aspectRatios: [Float]

        /// A region proposal network; by default that of an FPN model.
        public init(
            convolutions: Int = 1, channels: Int = 256,
            anchorSizes: [[Float]] = [[32], [64], [128], [256], [512]],
            aspectRatios: [Float] = [0.5, 1, 2]
        ) {
            self.convolutions = convolutions
            self.channels = channels
            self.anchorSizes = anchorSizes
            self.aspectRatios = aspectRatios
        }

        /// The region proposal network of a C4 model: all sizes on one level.
        public static func c4() -> Proposals {
            Proposals(channels: 1024, anchorSizes: [[32, 64, 128, 256, 512]])
        }

        /// Number of anchors at each position of a level.
        public var anchorsPerPosition: Int { anchorSizes[0].count * aspectRatios.count }
    }

    /// The head that classifies and refines proposals.
    public struct Boxes: Hashable, Codable, Sendable {
        /// The layers that turn a pooled proposal into a vector.
        public enum Head: Hashable, Sendable {
            /// Two fully connected layers.
            case twoLayers(hidden: Int)
            /// 3×3 convolutions with batch norm, then one fully connected layer: torchvision's second
            /// generation.
            case convolutions(count: Int, channels: Int, norm: Normalization, hidden: Int)
            /// The fifth residual stage, averaged over positions: C4 models.
            case residualStage
        }

        /// The layers of the head.
        public var head: Head
        /// Side of the pooled features of a proposal, in bins.
        public var poolSize: Int
        /// One refined box for all classes instead of one each.
        public var isClassAgnostic: Bool

        /// A box head; by default the paper's.
        public init(
            head: Head = .twoLayers(hidden: 1024), poolSize: Int = 7, isClassAgnostic: Bool = false
        ) {
            self.head = head
            self.poolSize = poolSize
            self.isClassAgnostic = isClassAgnostic
        }
    }

    /// The mask head.
    public struct Masks: Hashable, Codable, Sendable {
        /// The layers that turn a pooled detection into mask logits (table 2e).
        public enum Head: Hashable, Sendable {
            /// 3×3 convolutions, then a 2×2 transposed convolution. With no convolutions and a C4 box head, the shared
            /// fifth stage comes first.
            case fullyConvolutional(convolutions: Int, channels: Int, norm: Normalization)
            /// Fully connected layers; the last one has (classes + 1) · side² outputs, or side² if class-agnostic.
            case fullyConnected(hidden: [Int], side: Int)
        }

        /// Whether classes compete for pixels (table 2b).
        public enum Output: String, Hashable, Codable, Sendable, CaseIterable {
            /// Each class has its own mask, with an independent sigmoid at each pixel.
            case sigmoid
            /// Classes compete at each pixel, through a softmax.
            case softmax
        }

        /// The layers of the head.
        public var head: Head
        /// Side of the pooled features of a detection, in bins.
        public var poolSize: Int
        /// Whether there is one mask for all classes instead of one per class.
        public var isClassAgnostic: Bool
        /// How mask logits become probabilities.
        public var output: Output

        /// A mask head; by default that of an FPN model.
        public init(
            head: Head = .fullyConvolutional(convolutions: 4, channels: 256, norm: .bias),
            poolSize: Int = 14, isClassAgnostic: Bool = false, output: Output = .sigmoid
        ) {
            self.head = head
            self.poolSize = poolSize
            self.isClassAgnostic = isClassAgnostic
            self.output = output
        }
    }

    /// The keypoint head.
    public struct Keypoints: Hashable, Codable, Sendable {
        /// Number of 3×3 convolutions.
        public var convolutions: Int
        /// Channels of those convolutions.
        public var channels: Int
        /// The normalisation after each of them; only a bias in the paper.
        public var norm: Normalization
        /// Number of keypoints per object: 17 in COCO.
        public var count: Int
        /// Side of the pooled features of a detection, in bins.
        public var poolSize: Int

        /// A keypoint head; by default the paper's.
        public init(
            convolutions: Int = 8, channels: Int = 512, norm: Normalization = .bias, count: Int = 17,
            poolSize: Int = 14
        ) {
            self.convolutions = convolutions
            self.channels = channels
            self.norm = norm
            self.count = count
            self.poolSize = poolSize
        }
    }
}

extension Architecture {
    /// A small network for drawn scenes that can be trained on a CPU, with group norm so that it can be trained from
    /// scratch and its activations stay in range before training: the default of every command.
    public static func narrow(classes: Int = 6, keypoints: Int? = 17) -> Architecture {
        let norm = Normalization.group(groups: 8)
        return Architecture(
            backbone: Backbone(
                stem: 16, blocks: [1, 1, 1, 1], widths: [16, 32, 48, 64], outputs: [32, 64, 96, 128],
                norm: norm),
            features: .pyramid(Pyramid(channels: 64)),
            proposals: Proposals(
                channels: 64, anchorSizes: [[16], [32], [64], [128], [256]]),
            classes: classes,
            boxes: Boxes(head: .twoLayers(hidden: 256)),
            masks: Masks(head: .fullyConvolutional(convolutions: 2, channels: 64, norm: .bias)),
            keypoints: keypoints.map { Keypoints(convolutions: 2, channels: 64, count: $0) })
    }
}

extension Architecture {
    /// The same network with another epsilon in all its frozen batch norms, which no shape determines.
    public func with(batchNormEpsilon epsilon: Float) -> Architecture {
        withNorms { if case .frozenBatch = $0 { .frozenBatch(epsilon: epsilon) } else { $0 } }
    }

    /// The same network with weights standardised before all its group norms, or before none: no shape tells it.
    package func with(standardizedWeights isStandardized: Bool) -> Architecture {
        withNorms {
            guard case .group(let groups, _) = $0 else { return $0 }
            return .group(groups: groups, standardizesWeights: isStandardized)
        }
    }

    /// Whether weights are standardised before group norms; nil where there are none.
    package var standardizesWeights: Bool? {
        var found: Bool?
        _ = withNorms { norm in
            if case .group(_, let isStandardized) = norm { found = found ?? false || isStandardized }
            return norm
        }
        return found
    }

    /// The same network with each part's norm changed.
    private func withNorms(_ changed: (Normalization) -> Normalization) -> Architecture {
        var result = self
        result.backbone.norm = changed(backbone.norm)
        if case .pyramid(var pyramid) = features {
            pyramid.norm = changed(pyramid.norm)
            result.features = .pyramid(pyramid)
        }
        if case .convolutions(let count, let channels, let norm, let hidden) = boxes.head {
            result.boxes.head = .convolutions(
                count: count, channels: channels, norm: changed(norm), hidden: hidden)
        }
        if case .fullyConvolutional(let convolutions, let channels, let norm)? = masks?.head {
            result.masks?.head = .fullyConvolutional(
                convolutions: convolutions, channels: channels, norm: changed(norm))
        }
        if let norm = keypoints?.norm { result.keypoints?.norm = changed(norm) }
        return result
    }
}
