import Figures

extension Gallery {
    /// Figure 12. It is the same for every picture: the worked example; any other box is drawn by
    /// `maskrcnn calculate roi --figure`.
    func roiPool() throws -> Figure {
        RoICalculation.workedExample.poolFigure(background: background)
    }
}
