import Inference
import Testing

/// A configuration may come from a file, so anything may be in it.
@Suite struct ArchitectureValidationTests {
    private static let small = Variant.all[0].configuration

    @Test("Every kind of network passes", arguments: Variant.all)
    func variants(variant: Variant) throws {
        try variant.configuration.validate()
    }

    private func expectFault(
        _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout Architecture) -> Void
    ) {
        var configuration = Self.small
        change(&configuration)
        let error = #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
            try configuration.validate()
        }
        let description = error?.description ?? ""
        #expect(
            description.hasPrefix(name) && !description.contains("\n"), "\(description)",
            sourceLocation: sourceLocation)
    }

    private func expectSettingsFault(
        _ name: String, sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout Settings) -> Void
    ) {
        var settings = Settings()
        change(&settings)
        let error = #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
            try settings.validate()
        }
        let description = error?.description ?? ""
        #expect(
            description.hasPrefix(name) && !description.contains("\n"), "\(description)",
            sourceLocation: sourceLocation)
    }

    @Test("Lengths are bounded on both sides", arguments: [0, -1, Int.min, Int.max])
    func lengths(length: Int) {
        expectFault("backbone.stem") { $0.backbone.stem = length }
        expectFault("backbone.blocks") { $0.backbone.blocks[3] = length }
        expectFault("backbone.widths") { $0.backbone.widths[0] = length }
        expectFault("backbone.outputs") { $0.backbone.outputs[1] = length }
        expectFault("backbone.groups") { $0.backbone.groups = length }
        expectFault("features.pyramid.channels") {
            $0.features = .pyramid(Architecture.Pyramid(channels: length))
        }
        expectFault("proposals.channels") { $0.proposals.channels = length }
        expectFault("classes") { $0.classes = length }
        expectFault("boxes.head.hidden") { $0.boxes.head = .twoLayers(hidden: length) }
        expectFault("boxes.head.channels") {
            $0.boxes.head = .convolutions(count: 1, channels: length, norm: .bias, hidden: 8)
        }
        expectFault("boxes.poolSize") { $0.boxes.poolSize = length }
        expectFault("masks.head.channels") {
            $0.masks?.head = .fullyConvolutional(convolutions: 1, channels: length, norm: .bias)
        }
        expectFault("masks.head.hidden") { $0.masks?.head = .fullyConnected(hidden: [8, length], side: 4) }
        expectFault("masks.head.side") { $0.masks?.head = .fullyConnected(hidden: [8], side: length) }
        expectFault("masks.poolSize") { $0.masks?.poolSize = length }
        expectFault("keypoints.channels") {
            $0.keypoints = .init(convolutions: 1, channels: length, count: 3)
        }
        expectFault("keypoints.count") { $0.keypoints = .init(convolutions: 1, channels: 8, count: length) }
    }

    @Test("Counts that may be 0 are bounded as well", arguments: [-1, Int.min, Int.max])
    func counts(count: Int) {
        expectFault("proposals.convolutions") { $0.proposals.convolutions = count }
        expectSettingsFault("proposals.preNMSTopN") { $0.proposals.preNMSTopN = count }
        expectSettingsFault("proposals.postNMSTopN") { $0.proposals.postNMSTopN = count }
        expectSettingsFault("boxes.detectionsPerImage") { $0.boxes.detectionsPerImage = count }
        expectSettingsFault("input.minimumSide") { $0.input.minimumSide = count }
        expectSettingsFault("input.maximumSide") { $0.input.maximumSide = count }
        expectFault("boxes.head.count") {
            $0.boxes.head = .convolutions(count: count, channels: 8, norm: .bias, hidden: 8)
        }
        expectFault("masks.head.convolutions") {
            $0.masks?.head = .fullyConvolutional(convolutions: count, channels: 8, norm: .bias)
        }
        expectFault("keypoints.convolutions") {
            $0.keypoints = .init(convolutions: count, channels: 8, count: 3)
        }
    }

    @Test("Lists have the right number of entries")
    func lists() {
        for lengths in [[], [1], [1, 1, 1], [1, 1, 1, 1, 1]] {
            expectFault("backbone.blocks") { $0.backbone.blocks = lengths }
            expectFault("backbone.widths") { $0.backbone.widths = lengths }
            expectFault("backbone.outputs") { $0.backbone.outputs = lengths }
        }
        expectFault("proposals.anchorSizes") { $0.proposals.anchorSizes = [] }
        expectFault("proposals.anchorSizes") { $0.proposals.anchorSizes = [[8], [8]] }
        expectFault("proposals.anchorSizes") { $0.proposals.anchorSizes = Array(repeating: [], count: 5) }
        expectFault("proposals.anchorSizes") { $0.proposals.anchorSizes[2] = [8, 16] }
        expectFault("proposals.anchorSizes") { $0.proposals.aspectRatios = [] }
        expectFault("masks.head.hidden") {
            $0.masks?.head = .fullyConnected(hidden: Array(repeating: 8, count: 1000), side: 4)
        }
    }

    @Test("Numbers are finite and positive", arguments: [Float.nan, .infinity, -1])
    func numbers(number: Float) {
        expectFault("proposals") { $0.proposals.anchorSizes[1] = [number] }
        expectFault("proposals") { $0.proposals.aspectRatios = [1, number] }
        expectSettingsFault("boxes.scoreThreshold") { $0.boxes.scoreThreshold = number }
        expectSettingsFault("boxes.nmsThreshold") { $0.boxes.nmsThreshold = Double(number) }
        expectSettingsFault("proposals.nmsThreshold") { $0.proposals.nmsThreshold = Double(number) }
        expectSettingsFault("masks.threshold") { $0.masks.threshold = number }
        expectFault("backbone.norm") { $0.backbone.norm = .frozenBatch(epsilon: number) }
    }

    @Test("Groups divide their channels")
    func groups() {
        for groups in [0, -4, 3, Int.max] {
            expectFault("backbone.norm") { $0.backbone.norm = .group(groups: groups) }
            expectFault("features.pyramid.norm") {
                $0.features = .pyramid(Architecture.Pyramid(channels: 16, norm: .group(groups: groups)))
            }
        }
        expectFault("backbone.groups") { $0.backbone.groups = 3 }
    }

    @Test("The fifth stage is a box head only where the backbone has it to spare")
    func fifthStage() {
        expectFault("boxes.head") { $0.boxes.head = .residualStage }
    }
}
