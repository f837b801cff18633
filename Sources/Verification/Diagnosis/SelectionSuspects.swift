import Foundation
import Geometry
import Inference
import Tensors

// Common faults where rows are selected: ranking, non-maximum suppression, thresholds, class indices.

private let suppressed = ["rpn.proposals.boxes", "detections.boxes"]
private let thresholds: [Double] = [0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9]

extension Diagnosis {
    static var selectionSuspects: [Suspect] {
        [
            // Before the other thresholds: a high one may have the same effect as none.
            .switched("suppression missing", in: suppressed, [(nil, { $0.setNMSThreshold(1) })]),
            .switched(
                "another suppression threshold", in: suppressed,
                thresholds.map { threshold in ("\(threshold)", { $0.setNMSThreshold(threshold) }) }),
            .switched(
                "suppression across classes or levels", in: suppressed,
                [(nil, { configuration in configuration.setSeparation(.none) })]),
            .switched(
                "suppression within classes or levels", in: suppressed,
                [(nil, { configuration in configuration.setSeparation(.perClass) })]),
            .switched(
                "legacy +1 in suppression", in: suppressed,
                [
                    (
                        nil,
                        { configuration in
                            configuration.conventions.proposals.suppression.edgesAreInclusive.toggle()
                            configuration.conventions.detections.suppression.edgesAreInclusive.toggle()
                        }
                    )
                ]),
            .switched(
                "suppressed at ≥ against >", in: suppressed,
                [
                    (
                        nil,
                        { configuration in
                            configuration.conventions.proposals.suppression.comparison.flip()
                            configuration.conventions.detections.suppression.comparison.flip()
                        }
                    )
                ]),
            .switched(
                "another score threshold", in: ["detections.boxes"],
                [0, 0.01, 0.02, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map { (threshold: Float) in
                    ("\(threshold)", { $0.settings.boxes.scoreThreshold = threshold })
                }),
            .switched(
                "only the most probable class kept", in: ["detections.boxes"],
                [(nil, { configuration in configuration.conventions.detections.keepsBestClassOnly.toggle() })]
            ),
            .switched(
                "ranked by probability against logit", in: ["rpn.candidates.*.boxes", "rpn.proposals.boxes"],
                [
                    (
                        nil,
                        { configuration in
                            configuration.conventions.proposals.selectsByLogit.toggle()
                            configuration.conventions.proposals.ranksByLogit.toggle()
                        }
                    )
                ]),
            .switched(
                "another limit on small boxes", in: suppressed,
                [
                    (
                        "none",
                        { configuration in
                            configuration.conventions.proposals.minimumSide = -.infinity
                            configuration.conventions.detections.minimumSide = -.infinity
                        }
                    ),
                    (
                        "16 pixels",
                        { configuration in
                            configuration.conventions.proposals.minimumSide = 16
                            configuration.conventions.detections.minimumSide = 16
                        }
                    ),
                ]),
            Suspect("another number kept", in: ["rpn.candidates.*.boxes"] + suppressed) { trial in
                guard let count = trial.recorded.rows?.count else { return [] }
                return [
                    Prediction(
                        try trial.run {
                            $0.settings.proposals.preNMSTopN = count
                            $0.settings.proposals.postNMSTopN = count
                            $0.settings.boxes.detectionsPerImage = count
                        }, "\(count)")
                ]
            },
            .rows("class index off by one", in: ["detections.boxes", "output.boxes"]) { rows, trial in
                guard let classes = rows.classes else { return [] }
                let count = trial.model.architecture.classes
                func shifted(_ change: (Int) -> Int) -> Rows {
                    var shifted = rows
                    shifted.classes = classes.map(change)
                    return shifted
                }
                return [
                    ("counted from 0", shifted { $0 &- 1 }), ("one more", shifted { $0 &+ 1 }),
                    ("rolled back", shifted { $0 == 1 ? count : $0 &- 1 }),
                    ("rolled on", shifted { $0 == count ? 1 : $0 &+ 1 }),
                ]
            },
            Suspect(
                "logits in place of probabilities", in: ["rpn.candidates.*.boxes", "rpn.proposals.boxes"]
            ) {
                trial in
                guard var rows = trial.expected.rows, let boxes = rows.boxes, let scores = rows.scores else {
                    return []
                }
                let logits = try trial.candidateLogits()
                rows.scores = zip(boxes, scores).map { logits[ScoredBox(box: $0, score: $1)] ?? .nan }
                return [Prediction(.rows(rows))]
            },
            .rows("not sorted by score", in: ["rpn.candidates.*.boxes"] + suppressed) { rows, trial in
                guard let recorded = trial.recorded.rows?.scores, let scores = rows.scores,
                    recorded.count == scores.count
                else { return [] }
                // The same rows in the order of the candidate's scores, whatever that is.
                let order = recorded.indices.sorted { recorded[$0] > recorded[$1] }
                guard order != Array(recorded.indices) else { return [] }
                var places = [Int](repeating: 0, count: order.count)
                for (rank, place) in order.enumerated() { places[place] = rank }
                return [(nil, rows.rows(places))]
            },
        ]
    }
}

extension Suspect {
    /// A suspect that changes a whole list.
    fileprivate static func rows(
        _ name: String, in stages: [String],
        _ changes: @escaping (Rows, Trial) -> [(String?, Rows)]
    ) -> Suspect {
        Suspect(name, in: stages) { trial in
            trial.expected.rows.map { rows in
                changes(rows, trial).map { Prediction(.rows($0.1), $0.0) }
            } ?? []
        }
    }
}

/// What a candidate and the proposal that it becomes have in common.
private struct ScoredBox: Hashable {
    let box: Box
    let score: Float
}

extension Trial {
    /// The logit of each candidate, of the level under test or of all levels.
    fileprivate func candidateLogits() throws -> [ScoredBox: Float] {
        let levels =
            lead == .proposalBoxes
            ? model.levelNames : [String(lead.name.split(separator: ".")[2])]
        let runner = StageRunner(model: model, bundle: bundle)
        var logits: [ScoredBox: Float] = [:]
        for level in levels {
            // Candidates are in the order of their logits.
            let boxes = boxes(of: try runner.run(.candidateBoxes(level)).floats)
            let scores = try runner.run(.candidateScores(level)).floats.array
            let all = try bundle.anchorMap(.objectness(level), perAnchor: 1)
            let largest = all.withUnsafeElements { values in
                indicesOfLargest(boxes.count, in: values).map { values[$0] }
            }
            for (index, logit) in largest.enumerated() {
                logits[ScoredBox(box: boxes[index], score: scores[index])] = logit
            }
        }
        return logits
    }
}

extension Configuration {
    /// Sets the threshold of both suppressions.
    fileprivate mutating func setNMSThreshold(_ threshold: Double) {
        settings.proposals.nmsThreshold = threshold
        settings.boxes.nmsThreshold = threshold
    }

    fileprivate mutating func setSeparation(_ separation: NonMaximumSuppression.ClassSeparation) {
        conventions.proposals.suppression.classSeparation = separation
        conventions.detections.suppression.classSeparation = separation
    }
}

extension NonMaximumSuppression.Comparison {
    fileprivate mutating func flip() { self = self == .above ? .atLeast : .above }
}
