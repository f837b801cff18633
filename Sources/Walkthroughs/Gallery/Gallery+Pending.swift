import Figures

// Figures that are still to come; each moves to a file of its own.
extension Gallery {
    func anchors() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func matching() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func objectness() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func decoding() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func suppression() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func levels() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func roiPool() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func roiAlign() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func roiLayers() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func classes() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func detections() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func maskChannels() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func sigmoidSoftmax() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func pasting() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func result() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func keypoints() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func targets() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func precisionRecall() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func comparison() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func provenance() throws -> Figure { throw NothingToDraw("not drawn yet") }
}
