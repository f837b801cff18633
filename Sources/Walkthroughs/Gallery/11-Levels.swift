import Figures
import Geometry
import MaskRCNN

extension Gallery {
    /// Figure 11.
    func levels() throws -> Figure {
        guard case .pyramid = run.model.configuration.features, run.model.levelNames.count > 2 else {
            throw NothingToDraw("the model has no pyramid: every region pools from the same map")
        }
        let trace = try SelectionTrace(run)
        guard !trace.proposals.boxes.isEmpty else { throw NothingToDraw("there are no proposals") }
        let proposals = zip(trace.proposals.boxes, try run.indices(.boxLevel)).map {
            LevelsFigure.Region(box: $0, level: $1)
        }
        let detections =
            run.model.configuration.masks == nil
            ? []
            : zip(trace.detections.boxes, try run.indices(.maskLevel)).map {
                LevelsFigure.Region(box: $0, level: $1)
            }
        // All levels but the coarsest, which is the region proposal network's alone.
        return LevelsFigure(
            ground: ground(size: trace.size), proposals: proposals, detections: detections,
            levels: 2...run.model.levelNames.count, background: background
        ).figure
    }
}
