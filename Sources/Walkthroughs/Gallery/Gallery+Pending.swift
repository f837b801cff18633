import Figures

// Figures that are still to come; each moves to a file of its own.
extension Gallery {
    func comparison() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func keypoints() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func maskChannels() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func pasting() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func precisionRecall() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func roiAlign() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func roiLayers() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func roiPool() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func sigmoidSoftmax() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func targets() throws -> Figure { throw NothingToDraw("not drawn yet") }
}
