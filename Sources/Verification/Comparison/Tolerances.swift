import Formats
import Foundation
import Inference

/// The float32 noise of a stage: the largest difference between runs whose convolutions add the same numbers
/// in different orders.
package struct StageNoise: Sendable, Codable, Equatable {
    /// ‖difference‖ / ‖reference‖.
    package var relative: Double
    /// The largest absolute difference of two elements.
    package var maximum: Double

    /// Noise of the given size.
    package init(relative: Double, maximum: Double) {
        self.relative = relative
        self.maximum = maximum
    }
}

/// The largest relative error ‖candidate − reference‖ / ‖reference‖ of each stage that passes.
///
/// In this order: what the user says; ``noiseFactor`` times the noise that the reference has in its metadata
/// under `noise`, at least ``noiseFloor``; ``endToEndDefault``, and after the input ``defaultPerConvolution`` for each
/// convolution of the backbone, if the reference says how many it has. A stage in isolation has no inherited noise:
/// ``isolatedDefault``.
package struct Tolerances: Sendable {
    /// A tolerance for the stages that match a pattern.
    package struct Override: Sendable, Equatable {
        /// Stage names, in which `*` matches any text.
        package let pattern: String
        /// The largest relative error that passes.
        package let tolerance: Double

        /// A tolerance from text: `1e-4`, or `fpn.*=1e-4` for some stages; nil if it is neither.
        package init?(_ text: String) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let last = parts.last, let value = Double(last), value >= 0, value.isFinite else {
                return nil
            }
            pattern = parts.count == 2 ? String(parts[0]) : "*"
            tolerance = value
            if pattern.isEmpty { return nil }
        }
    }

    /// The tolerance as a multiple of the noise: two implementations differ by several times as much as two
    /// orders of addition.
    package static let noiseFactor = 10.0
    /// The smallest tolerance derived from noise.
    package static let noiseFloor = 1e-5
    /// The end-to-end tolerance for references without measured noise.
    package static let endToEndDefault = 1e-4
    /// What each convolution of a deep backbone adds to that. Right candidates of detectron2 and MMDetection differ by
    /// 1.4e-6 a convolution at the end of the 100 of an X-101, the heads by about twice as much; a wrong epsilon or half
    /// a pixel by a thousandth and more in all.
    package static let defaultPerConvolution = 5e-6
    /// Where a bundle's metadata have the number of convolutions of the backbone.
    package static let depthKey = "backbone.convolutions"
    /// For one stage on given inputs.
    package static let isolatedDefault = 1e-5
    /// The metadata key of a bundle's noise: a JSON object of ``StageNoise`` by stage name.
    package static let metadataKey = "noise"

    private let noise: [String: StageNoise]
    private let overrides: [Override]
    private let depth: Int

    /// Tolerances; of several overrides that match a stage the last one holds.
    /// - Parameter depth: convolutions of the backbone, 0 if that is not known.
    package init(noise: [String: StageNoise] = [:], depth: Int = 0, overrides: [Override] = []) {
        self.noise = noise
        self.depth = depth
        self.overrides = overrides
    }

    /// Tolerances for comparing with a reference, from its noise.
    /// - Throws: ``FileError`` when the bundle's noise cannot be read.
    package init(reference: TensorBundle, overrides: [Override] = []) throws {
        var noise: [String: StageNoise] = [:]
        if let text = reference.metadata[Self.metadataKey] {
            guard let found = try? JSONDecoder().decode([String: StageNoise].self, from: Data(text.utf8)),
                found.values.allSatisfy({ $0.relative >= 0 && $0.relative.isFinite })
            else {
                throw FileError(
                    path: reference.path, fault: "has metadata 'noise' that cannot be understood")
            }
            noise = found
        }
        // No backbone has more; a number that is none counts as not said.
        let depth = reference.metadata[Self.depthKey].flatMap { Int($0) } ?? 0
        self.init(noise: noise, depth: (0...1000).contains(depth) ? depth : 0, overrides: overrides)
    }

    /// Whether the reference contains measured noise.
    package var areMeasured: Bool { !noise.isEmpty }

    /// The user's tolerance for a stage; nil if there is none.
    private func override(_ stage: Stage) -> Double? {
        overrides.last { stage.matches($0.pattern) }?.tolerance
    }

    /// The tolerance of integers: 0, unless an override names the stage.
    @Sendable package func exact(_ stage: Stage) -> Double {
        overrides.last { $0.pattern != "*" && stage.matches($0.pattern) }?.tolerance ?? 0
    }

    /// The tolerance when both sides ran the whole pipeline, starting from the image.
    @Sendable package func endToEnd(_ stage: Stage) -> Double {
        if let given = override(stage) { return given }
        guard let noise = noise[stage.name] else {
            return stage.name.hasPrefix("input.")
                ? Self.endToEndDefault
                : max(Self.endToEndDefault, Self.defaultPerConvolution * Double(depth))
        }
        return max(Self.noiseFactor * noise.relative, Self.noiseFloor)
    }

    /// The tolerance when both sides have the same inputs.
    @Sendable package func isolated(_ stage: Stage) -> Double { override(stage) ?? Self.isolatedDefault }
}
