import Figures

// Figures that are still to come; each moves to a file of its own.
extension Gallery {
    func overview() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func pyramids() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func input() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func backbone() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func fusion() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func anchors() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func matching() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func objectness() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func decoding() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func suppression() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func levels() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func classes() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func detections() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func result() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func heads() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func losses() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func weights() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func convolution() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func provenance() throws -> Figure { throw NothingToDraw("not drawn yet") }
    func cost() throws -> Figure { throw NothingToDraw("not drawn yet") }
}
