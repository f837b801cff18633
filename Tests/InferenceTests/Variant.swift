import Geometry
import Inference
import Testing

/// Every kind of network that a configuration can say, narrow enough to run in a moment.
struct Variant: CustomTestStringConvertible, Sendable {
    let name: String
    var configuration: Architecture
    var profile: Profile = .torchvision
    var testDescription: String { name }

    static let classes = 4

    private static func backbone(
        groups: Int = 1, _ placement: Architecture.Backbone.StridePlacement = .conv2,
        norm: Normalization = .frozenBatch(epsilon: 0), block: Architecture.Backbone.Block = .bottleneck
    ) -> Architecture.Backbone {
        Architecture.Backbone(
            stem: 8, block: block, blocks: [1, 2, 1, 1],
            widths: block == .basic ? [16, 16, 32, 32] : [8, 8, 16, 16], outputs: [16, 16, 32, 32],
            groups: groups, stridePlacement: placement, norm: norm)
    }

    private static let maskHead = Architecture.Masks.Head.fullyConvolutional(
        convolutions: 2, channels: 12, norm: .bias)

    private static func pyramid(
        _ backbone: Architecture.Backbone = backbone(), norm: Normalization = .bias, convolutions: Int = 1,
        boxes: Architecture.Boxes.Head = .twoLayers(hidden: 20), masks: Architecture.Masks? = masks(),
        keypoints: Architecture.Keypoints? = nil
    ) -> Architecture {
        Architecture(
            backbone: backbone, features: .pyramid(Architecture.Pyramid(channels: 16, norm: norm)),
            proposals: Architecture.Proposals(convolutions: convolutions, channels: 16), classes: classes,
            boxes: Architecture.Boxes(head: boxes), masks: masks, keypoints: keypoints)
    }

    private static func singleMap(
        _ features: Architecture.Features, _ boxes: Architecture.Boxes.Head, masks: Architecture.Masks?,
        keypoints: Architecture.Keypoints? = nil
    ) -> Architecture {
        var proposals = Architecture.Proposals.c4()
        proposals.channels = 16
        return Architecture(
            backbone: backbone(norm: .frozenBatch(epsilon: 1e-5)), features: features, proposals: proposals,
            classes: classes, boxes: Architecture.Boxes(head: boxes), masks: masks, keypoints: keypoints)
    }

    private static func conv1(_ configuration: Architecture) -> Architecture {
        var configuration = configuration
        configuration.backbone.stridePlacement = .conv1
        return configuration
    }

    private static func dilated(_ configuration: Architecture) -> Architecture {
        var configuration = configuration
        configuration.backbone.lastStageDilation = 2
        return configuration
    }

    private static func withSharedBoxes(_ configuration: Architecture) -> Architecture {
        var configuration = configuration
        configuration.boxes.isClassAgnostic = true
        return configuration
    }

    private static func masks(
        _ head: Architecture.Masks.Head = maskHead, agnostic: Bool = false,
        output: Architecture.Masks.Output = .sigmoid
    ) -> Architecture.Masks {
        Architecture.Masks(head: head, isClassAgnostic: agnostic, output: output)
    }

    private static let people = Architecture.Keypoints(convolutions: 2, channels: 12, count: 3)
    private static let small: Normalization = .frozenBatch(epsilon: 1e-5)

    static let all: [Variant] = [
        Variant(name: "mask", configuration: pyramid()),
        Variant(name: "faster", configuration: pyramid(masks: nil)),
        Variant(name: "keypoints", configuration: pyramid(masks: nil, keypoints: people)),
        Variant(name: "mask and keypoints", configuration: pyramid(keypoints: people)),
        Variant(name: "ResNeXt", configuration: pyramid(backbone(groups: 4))),
        Variant(
            name: "stride in 1×1", configuration: pyramid(backbone(.conv1, norm: small)), profile: .detectron2
        ),
        Variant(
            name: "group norm",
            configuration: pyramid(
                backbone(norm: .group(groups: 4)), norm: .group(groups: 4),
                boxes: .convolutions(count: 2, channels: 12, norm: .group(groups: 4), hidden: 20),
                masks: masks(.fullyConvolutional(convolutions: 1, channels: 12, norm: .group(groups: 4))))),
        Variant(
            name: "torchvision's second",
            configuration: pyramid(
                backbone(norm: small), norm: small, convolutions: 2,
                boxes: .convolutions(count: 4, channels: 12, norm: small, hidden: 20),
                masks: masks(.fullyConvolutional(convolutions: 4, channels: 12, norm: small))),
            profile: .torchvisionV2),
        Variant(name: "class-agnostic masks", configuration: pyramid(masks: masks(agnostic: true))),
        Variant(name: "softmax masks", configuration: pyramid(masks: masks(output: .softmax))),
        Variant(
            name: "fully connected masks",
            configuration: pyramid(masks: masks(.fullyConnected(hidden: [24, 18], side: 6)))),
        Variant(
            name: "fully connected class-agnostic masks",
            configuration: pyramid(masks: masks(.fullyConnected(hidden: [24], side: 7), agnostic: true))),
        Variant(
            name: "masks of one layer",
            configuration: pyramid(masks: masks(.fullyConnected(hidden: [], side: 3)))),
        Variant(
            name: "C4",
            configuration: conv1(
                singleMap(
                    .c4, .residualStage,
                    masks: masks(.fullyConvolutional(convolutions: 0, channels: 12, norm: .bias)))),
            profile: .detectron2),
        Variant(
            name: "C4 faster", configuration: conv1(singleMap(.c4, .residualStage, masks: nil)),
            profile: .detectron2),
        Variant(
            name: "C5",
            configuration: singleMap(.c5, .twoLayers(hidden: 20), masks: masks(), keypoints: people),
            profile: .torchvisionV2),
        Variant(
            name: "DC5",
            configuration: dilated(
                conv1(singleMap(.c5, .twoLayers(hidden: 20), masks: masks(), keypoints: people))),
            profile: .detectron2),
        Variant(name: "basic blocks", configuration: pyramid(backbone(block: .basic))),
        Variant(name: "class-agnostic boxes", configuration: withSharedBoxes(pyramid())),
    ]

    /// The same network with few candidates, proposals and detections, all of which the threshold lets pass or
    /// none of which it does.
    func model(scoreThreshold: Float, seed: UInt64 = 1) throws -> Model {
        var configuration = Configuration(configuration, profile: profile)
        configuration.settings.proposals.preNMSTopN = 40
        configuration.settings.proposals.postNMSTopN = 12
        configuration.settings.boxes = Settings.Boxes(scoreThreshold: scoreThreshold, detectionsPerImage: 5)
        configuration.settings.input = Settings.Input(minimumSide: 90, maximumSide: 160)
        var source = RandomParameters(seed: seed)
        return try Model(configuration, from: &source)
    }
}
