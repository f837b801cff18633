import Foundation
import Inference

/// Metadata written by this project before configurations had their present form. Such checkpoints still
/// load, with the same results; only this type knows their format.
///
/// `configuration` was the JSON of the architecture with a few limits, `input` the minimum and maximum side
/// of the resized image, `channels` the channel order with three means and three standard deviations, and
/// `stride_placement`, `batch_norm_epsilon` and `group_norm_groups` single values.
struct EarlierMetadata {
    /// The architecture; nil unless the file has one.
    private(set) var architecture: Architecture?
    /// The other values of the file.
    private(set) var stated = StatedConfiguration(origin: "from the file", isStrict: false)
    /// The number of groups of all group norms.
    private(set) var groupNormGroups: Int?
    /// The channel order, mean and standard deviation, for samples from 0 to 255.
    private(set) var channels: InputChannels?
    /// Which convolution of a downsampling block has the stride.
    private(set) var stridePlacement: Architecture.Backbone.StridePlacement?
    /// The keys of this project whose values do not have a known form.
    private(set) var foreign: [String] = []

    private struct Lengths: Decodable {
        var shorterSide: Int, longestSide: Int
    }

    private struct Limits: Decodable {
        struct Proposals: Decodable {
            var candidatesPerLevel: Int, count: Int
        }
        struct Boxes: Decodable {
            var scoreThreshold: Float, overlapThreshold: Double, count: Int
        }
        var proposals: Proposals, boxes: Boxes
    }

    /// - Throws: ``ConfigurationError`` for an architecture that has the right form but is invalid.
    init(_ metadata: [String: String]) throws {
        if let text = metadata["configuration"], try !readNetwork(text) { foreign.append("configuration") }
        if let text = metadata["input"] {
            if let lengths = try? JSONDecoder().decode(Lengths.self, from: Data(text.utf8)),
                (1...8192).contains(lengths.shorterSide), (1...8192).contains(lengths.longestSide)
            {
                stated.state("input.minimumSide", lengths.shorterSide.configurationValue)
                stated.state("input.maximumSide", lengths.longestSide.configurationValue)
            } else {
                foreign.append("input")
            }
        }
        if let text = metadata["channels"] {
            channels = InputChannels(text: text)
            if channels == nil { foreign.append("channels") }
        }
        if let text = metadata["stride_placement"] {
            stridePlacement = Architecture.Backbone.StridePlacement(rawValue: text)
            if stridePlacement == nil { foreign.append("stride_placement") }
        }
        if let text = metadata["batch_norm_epsilon"] {
            if let epsilon = Float(text), epsilon >= 0, epsilon.isFinite {
                stated.state("backbone.batchNormEpsilon", ConfigurationValue(epsilon))
            } else {
                foreign.append("batch_norm_epsilon")
            }
        }
        if let text = metadata["group_norm_groups"] {
            groupNormGroups = Int(text).flatMap { $0 > 0 ? $0 : nil }
            if groupNormGroups == nil { foreign.append("group_norm_groups") }
        }
    }

    private mutating func readNetwork(_ text: String) throws -> Bool {
        let data = Data(text.utf8)
        guard let network = try? JSONDecoder().decode(Architecture.self, from: data),
            let limits = try? JSONDecoder().decode(Limits.self, from: data)
        else { return false }
        try network.validate()
        architecture = network
        // These apply whatever the profile, except that a number per level is not used for a profile that
        // counts all levels together.
        stated.state("proposals.preNMSTopN", limits.proposals.candidatesPerLevel.configurationValue)
        stated.state("proposals.postNMSTopN", limits.proposals.count.configurationValue)
        stated.state("boxes.scoreThreshold", limits.boxes.scoreThreshold.configurationValue)
        stated.state("boxes.nmsThreshold", limits.boxes.overlapThreshold.configurationValue)
        stated.state("boxes.detectionsPerImage", limits.boxes.count.configurationValue)
        return true
    }
}
