import Figures
import Geometry
import MaskRCNN

extension Gallery {
    /// Figure 10.
    func suppression() throws -> Figure {
        let trace = try SelectionTrace(run)
        let outcome = trace.suppression.outcome
        guard !outcome.kept.isEmpty else { throw NothingToDraw("there are no proposals") }
        let candidates = trace.suppression.members.enumerated().map { index, member in
            SuppressionFigure.Candidate(
                box: trace.box(of: member), score: Double(trace.score(of: member)),
                level: pyramidIndex(trace.levels[member.level].name), suppressor: outcome.suppressor[index])
        }
        return SuppressionFigure(
            ground: ground(size: trace.size), candidates: candidates, kept: outcome.kept,
            proposalCount: trace.proposals.boxes.count,
            threshold: run.model.profile.proposals.suppression.threshold,
            levelName: { index in
                trace.levels.first { pyramidIndex($0.name) == index }?.name ?? "level \(index)"
            }, background: background
        ).figure
    }
}
