import Figures
import Training

extension Gallery {
    /// Figure 24: losses and learning rate, from the record that lies beside the model's weights.
    func losses() throws -> Figure {
        guard run.loaded.file != nil else { throw NothingToDraw("random weights have not been trained") }
        guard let record = try run.loaded.trainingRecord() else {
            throw NothingToDraw("no metrics.jsonl lies beside the weights to tell how they were trained")
        }
        let reports = record.reports
        let curves = LossKind.allCases.compactMap { kind -> LossesFigure.Curve? in
            let values = reports.map { $0.losses[kind.rawValue] ?? .nan }
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
