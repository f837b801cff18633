import Tensors

/// The picture that commands look at when they are given none.
public func exampleScene() throws -> Image {
    try Figure(width: 640, height: 480) { canvas in
        canvas.fill(Color(hex: 0xDDE6EE))
    }.image()
}
