import Figures
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 3: resize, normalise, pad.
    func input() throws -> Figure {
        let conventions = run.model.profile.input
        let input = NetworkInput(run.image, conventions: conventions)
        let names = ["red", "green", "blue"]
        let order = conventions.channelOrder == .rgb ? names : names.reversed()
        return InputFigure(
            original: run.image, resized: picture(of: input),
            tensor: run.tensor(.inputTensor) ?? input.tensor,
            channels: order.indices.map {
                InputFigure.Channel(
                    name: order[$0], mean: Double(conventions.mean[$0]),
                    deviation: Double(conventions.standardDeviation[$0]))
            },
            multiple: conventions.padMultiple, whitePoint: Double(conventions.whitePoint),
            background: background
        ).figure
    }

    /// The resized picture as it was before it was normalised and padded.
    func picture(of input: NetworkInput) -> Image {
        let conventions = run.model.profile.input
        let (height, width) = (input.size.height, input.size.width)
        let rowLength = input.tensor.shape[1]
        var pixels = [UInt8](repeating: 0, count: height * width * 3)
        input.tensor.withUnsafeElements { elements in
            for index in pixels.indices {
                let (position, color) = index.quotientAndRemainder(dividingBy: 3)
                let (row, column) = position.quotientAndRemainder(dividingBy: width)
                let channel = conventions.channelOrder == .rgb ? color : 2 - color
                let value =
                    elements[(row * rowLength + column) * 3 + channel]
                    * conventions.standardDeviation[channel]
                    + conventions.mean[channel]
                let byte = (value * 255 / conventions.whitePoint).rounded()
                pixels[index] = UInt8(min(max(byte, 0), 255))
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }
}
