import Figures
import Foundation
import Training

extension Gallery {
    /// Figure 24: losses and learning rate, from the record that lies beside the model's weights.
    func losses() throws -> Figure {
        guard let weights = run.loaded.file?.path else {
            throw NothingToDraw("random weights have not been trained")
        }
        // Training leaves its record beside the weights, and the shipped model has its own there as well.
        let path = URL(fileURLWithPath: weights).deletingLastPathComponent()
            .appendingPathComponent("metrics.jsonl").path
        guard FileManager.default.fileExists(atPath: path) else {
            throw NothingToDraw("no metrics.jsonl lies beside the weights to tell how they were trained")
        }
        let reports = try TrainingRecord(contentsOf: path).entries
        let curves = LossKind.allCases.compactMap { kind -> LossesFigure.Curve? in
            let values = reports.map { $0.losses[kind] ?? .nan }
            guard values.contains(where: \.isFinite) else { return nil }
            return LossesFigure.Curve(
                name: kind.rawValue, meaning: kind.meaning, part: kind.part, values: values)
        }
        guard !curves.isEmpty, let last = reports.last else {
            throw NothingToDraw("the record of the training holds no losses")
        }
        return LossesFigure(
            steps: reports.map { Double($0.step) }, curves: curves, rates: reports.map(\.rate),
            subtitle:
                "The parts of the loss over \(last.step + 1) steps; what is added up is weighted as the run's "
                + "configuration says.",
            background: background
        ).figure
    }
}

extension LossKind {
    /// What the loss asks, in a few words.
    fileprivate var meaning: String {
        switch self {
        case .objectness: "is the anchor an object?"
        case .proposalBoxes: "from anchor to object"
        case .classes: "which class?"
        case .boxes: "from proposal to object"
        case .masks: "which pixels?"
        case .keypoints: "where is each keypoint?"
        }
    }

    fileprivate var part: Part {
        switch self {
        case .objectness, .proposalBoxes: .proposals
        case .classes, .boxes: .boxes
        case .masks: .masks
        case .keypoints: .keypoints
        }
    }
}
