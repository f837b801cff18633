import Foundation
import Geometry
import Inference
import Tensors

import Training

/// Two rectangles in each picture, with masks and keypoints; every second picture is upright.
struct TinyExamples: ExampleSource {
    var count = 8
    /// If set, all pictures are this one.
    var only: Int?

    static let classes = ClassTable(names: ["one", "two", "three"])

    func size(of index: Int) -> PixelSize {
        (only ?? index) % 2 == 0 ? PixelSize(height: 64, width: 96) : PixelSize(height: 96, width: 64)
    }

    func example(_ index: Int) -> Example {
        let size = size(of: index)
        let index = only ?? index
        var pixels: [UInt8] = []
        for y in 0..<size.height {
            for x in 0..<size.width {
                for channel in 0..<3 {
                    pixels.append(UInt8(truncatingIfNeeded: 3 * x + 2 * y + 60 * channel + 11 * index))
                }
            }
        }
        let regions = [
            PixelRegion(x: 5 + index, y: 7, width: 24, height: 30),
            PixelRegion(x: 34, y: 30 - index, width: 20, height: 22),
        ]
        var objects: [LabelledObject] = []
        for (number, region) in regions.enumerated() {
            var bits: [UInt8] = []
            for row in 0..<region.height {
                for column in 0..<region.width {
                    // A corner is missing, so that the mask is not the box.
                    let isInside = row + column >= 8
                    bits.append(isInside ? 1 : 0)
                    guard isInside else { continue }
                    let first = 3 * ((region.y + row) * size.width + region.x + column)
                    for channel in 0..<3 {
                        pixels[first + channel] = UInt8(truncatingIfNeeded: 200 - 90 * number + 40 * channel)
                    }
                }
            }
            let box = region.box
            let keypoints = (0..<17).map { point -> Keypoint in
                let right = (Float(point) + 0.5) / 17
                let down = (Float(point * 7 % 17) + 0.5) / 17
                return Keypoint(
                    x: box.x1 + box.width * right, y: box.y1 + box.height * down, score: Float(point % 3))
            }
            objects.append(
                LabelledObject(
                    label: 1 + (index + number) % 3, box: box,
                    mask: InstanceMask(imageSize: size, region: region, bits: bits), keypoints: keypoints))
        }
        return Example(
            image: Image(width: size.width, height: size.height, pixels: pixels), objects: objects)
    }
}

/// A run small enough for tests: a network of a few channels on pictures of 64 × 96 pixels.
enum TinyRun {
    static func configuration() throws -> TrainingConfiguration {
        var configuration = try TrainingConfiguration(named: "small")
        configuration.network = network()
        configuration.input = TrainingConfiguration.InputSize(shorterSides: [64], longestSide: 96)
        configuration.seed = 5
        configuration.batchSize = 2
        configuration.steps = 4
        configuration.learningRate = LearningRate(base: 0.01)
        // All of them, so that every level learns in every step.
        configuration.anchorSampling = BalancedSampler(count: 2048, objectShare: 0.5)
        configuration.proposalSampling = BalancedSampler(count: 24, objectShare: 0.25)
        configuration.proposals = ProposalLimits(preNMSTopN: 50, postNMSTopN: 40)
        configuration.testing.proposals.preNMSTopN = 50
        configuration.testing.proposals.postNMSTopN = 40
        return configuration
    }

    static func network() -> Architecture {
        let norm = Normalization.group(groups: 4)
        var proposals = Architecture.Proposals(
            channels: 8, anchorSizes: [[12], [24], [48], [96], [192]])
        proposals.convolutions = 1
        return Architecture(
            backbone: Architecture.Backbone(
                stem: 8, blocks: [1, 1, 1, 1], widths: [8, 8, 8, 8], outputs: [8, 8, 16, 16], norm: norm),
            features: .pyramid(Architecture.Pyramid(channels: 8, norm: norm)), proposals: proposals,
            classes: 3, boxes: Architecture.Boxes(head: .twoLayers(hidden: 16), poolSize: 3),
            masks: Architecture.Masks(
                head: .fullyConvolutional(convolutions: 1, channels: 8, norm: norm), poolSize: 4),
            keypoints: Architecture.Keypoints(convolutions: 1, channels: 8, count: 17, poolSize: 4))
    }

    static func trainer(
        _ configuration: TrainingConfiguration, source: TinyExamples = TinyExamples(),
        start: Parameters? = nil
    ) throws -> Trainer {
        try Trainer(configuration, classes: TinyExamples.classes, source: source, start: start)
    }
}

extension Parameters {
    /// Every parameter's bits, to see whether two runs agree.
    var bits: [String: [UInt32]] {
        var bits: [String: [UInt32]] = [:]
        for name in names { bits[name] = self[name]?.array.map(\.bitPattern) }
        return bits
    }
}
