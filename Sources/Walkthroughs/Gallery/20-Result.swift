import Figures
import MaskRCNN

extension Gallery {
    /// Figure 20.
    func result() throws -> Figure {
        guard !run.instances.isEmpty else { throw NothingToDraw("nothing was detected") }
        let likely = run.instances.filter { $0.score >= 0.5 }
        let drawn = likely.isEmpty ? run.instances : likely
        let configuration = run.model.configuration
        return ResultFigure(
            image: run.image, instances: drawn.map { DrawnInstance($0, of: run.model) },
            leftOut: run.instances.count - drawn.count,
            parts: (configuration.masks == nil ? [] : ["a mask"])
                + (configuration.keypoints == nil ? [] : ["keypoints"]), background: background
        ).figure
    }
}
