import Figures
import Geometry
import MaskRCNN

extension Gallery {
    /// Figure 16.
    func detections() throws -> Figure {
        let trace = try traceWithDetections()
        let found = trace.classBoxes
        let boxes = found.boxes.indices.map { index in
            DetectionsFigure.ClassBox(
                box: found.boxes[index], label: found.classes[index], score: Double(found.scores[index]),
                suppressor: trace.classSuppression.suppressor[index])
        }
        let settings = run.model.configuration.boxes
        let classes = run.model.classes
        return DetectionsFigure(
            ground: ground(size: trace.size), boxes: boxes, kept: trace.classSuppression.kept,
            counts: DetectionsFigure.Counts(
                proposals: trace.proposals.boxes.count, classes: run.model.configuration.classes,
                detections: trace.detections.boxes.count, limit: settings.count,
                scoreThreshold: Double(settings.scoreThreshold), overlapThreshold: settings.overlapThreshold),
            className: { classes.name(of: $0) }, background: background
        ).figure
    }
}
