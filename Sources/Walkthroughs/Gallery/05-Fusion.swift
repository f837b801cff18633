import Figures
import MaskRCNN

extension Gallery {
    /// Figure 5: lateral, upsampled, sum and smoothed map of every level.
    func fusion() throws -> Figure {
        let levels = run.backboneStages.compactMap { level -> FusionFigure.Level? in
            guard let lateral = run.tensor(.lateral(level)), let merged = run.tensor(.merged(level)),
                let smoothed = run.tensor(.pyramid(level))
            else { return nil }
            return FusionFigure.Level(
                name: "p\(level)", lateral: lateral, topDown: run.tensor(.topDown(level)), merged: merged,
                smoothed: smoothed)
        }
        guard !levels.isEmpty else { throw NothingToDraw("the model has no feature pyramid") }
        return FusionFigure(levels: levels, background: background).figure
    }
}
