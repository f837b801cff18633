import Figures
import Geometry
import MaskRCNN

extension Gallery {
    /// Figure 15: of the proposals that became likely detections, the one that the head is least sure of.
    func classes() throws -> Figure {
        let trace = try traceWithDetections()
        let likely = max(trace.detections.scores.count { $0 >= 0.5 }, 1)
        let doubtful = (0..<likely).min { trace.detections.scores[$0] < trace.detections.scores[$1] } ?? 0
        let proposal = trace.detections.proposals[doubtful]
        let box = trace.proposals.boxes[proposal]
        let count = trace.probabilities.shape[1]
        let coder = run.model.profile.detections.coder
        let entries = (0..<count).map { label in
            let index = proposal * count + label
            let delta = label == 0 ? nil : trace.refinements.delta(at: index)
            return ClassesFigure.Entry(
                label: label, name: label == 0 ? "background" : run.model.classes.name(of: label),
                probability: Double(trace.probabilities.withUnsafeElements { $0[index] }), delta: delta,
                box: delta.map { coder.decode($0, from: box).clipped(to: trace.size) })
        }
        return ClassesFigure(
            ground: ground(size: trace.size), proposal: (proposal, box), entries: entries,
            background: background
        ).figure
    }
}
