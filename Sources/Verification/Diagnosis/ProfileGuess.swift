import Formats
import Inference

/// How well a bundle agrees with one profile.
package struct ProfileGuess: Sendable {
    /// The profile's name.
    package let profile: String
    /// The share of the kinds of stages that agree: 0 … 1. All levels together count as one kind.
    package let score: Double
    /// Stages that this profile's conventions reproduce from the candidate's own inputs.
    package let agreeing: [Stage]
    /// Stages that they do not reproduce.
    package let differing: [Stage]
}

/// Stages that depend on conventions and not on parameters, and those of RoI pooling.
private let telling = [
    "input.size", "input.tensor", "anchors.*", "rpn.candidates.*.boxes", "rpn.proposals.boxes", "box.level",
    "box.pooled", "detections.boxes", "mask.level", "mask.pooled", "keypoint.pooled", "output.boxes",
    "output.masks", "output.keypoints",
]

/// Guesses which profile a candidate follows: runs each stage on the candidate's own inputs with the
/// conventions of every profile, and counts the stages that are reproduced. Best first; equal ones in the
/// order of `Profile.all`.
///
/// Only stages that depend on conventions alone are considered, so `torchvision` and `torchvision-v2`, which
/// differ in the batch norm epsilon, always have the same score. A stage whose inputs the candidate lacks is
/// left out; if that leaves none, all scores are 0.
///
/// - Parameters:
///   - candidate: the bundle recorded by the implementation in question.
///   - model: a model with the weights of that implementation, with any profile. The sizes to which images
///     are resized, and settings that differ from that profile's, are kept.
package func guessProfile(candidate: TensorBundle, model: Model) -> [ProfileGuess] {
    let guesses = Profile.all.map { guess($0, candidate: candidate, model: model) }
    // `sorted` is stable.
    return guesses.sorted { $0.score > $1.score }
}

private func guess(_ profile: Profile, candidate: TensorBundle, model: Model) -> ProfileGuess {
    let runner = StageRunner(model: model.following(profile), bundle: candidate)
    var agreeing: [Stage] = []
    var differing: [Stage] = []
    var shares: [Double] = []
    for pattern in telling {
        var (agreed, compared) = (0, 0)
        for stage in runner.stages where stage.matches(pattern) && candidate.contains(stage) {
            let group = stage.selectedTogether.filter { candidate.contains($0) }
            guard let recorded = try? Trial.outcome(group, { try candidate.anyNumbers($0) }),
                let computed = try? Trial.outcome(group, { try runner.run($0).floats })
            else { continue }
            compared += 1
            if recorded.error(of: computed) == 0 {
                agreed += 1
                agreeing.append(stage)
            } else {
                differing.append(stage)
            }
        }
        if compared > 0 { shares.append(Double(agreed) / Double(compared)) }
    }
    return ProfileGuess(
        profile: profile.name, score: shares.reduce(0, +) / Double(max(shares.count, 1)), agreeing: agreeing,
        differing: differing)
}

extension Model {
    /// The model with another profile's conventions. The sizes of the resize, and settings that differ from
    /// its own profile's, were chosen by the user and are kept.
    fileprivate func following(_ profile: Profile) -> Model {
        let own = Profile.named(configuration.profileName)?.configuration(for: architecture)
        var other = profile.configuration(for: architecture)
        func keep<Value: Equatable>(_ setting: WritableKeyPath<Settings, Value>) {
            if let own, settings[keyPath: setting] == own.settings[keyPath: setting] { return }
            other.settings[keyPath: setting] = settings[keyPath: setting]
        }
        other.settings.input = settings.input
        // A number of anchors per level does not determine a number over all levels.
        if conventions.proposals.preNMSTopNIsPerLevel == other.conventions.proposals.preNMSTopNIsPerLevel {
            keep(\.proposals.preNMSTopN)
        }
        keep(\.proposals.postNMSTopN)
        keep(\.proposals.nmsThreshold)
        keep(\.boxes.scoreThreshold)
        keep(\.boxes.nmsThreshold)
        keep(\.boxes.detectionsPerImage)
        keep(\.masks)
        return with(conventions: other.conventions, settings: other.settings)
    }
}
