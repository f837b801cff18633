import Geometry
import Inference
import Tensors

/// The normalisation of one pixel, step by step.
package struct PixelCalculation {
    private let model: Model
    private let picture: Image
    private let name: String
    private let row: Int
    private let column: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(
        model: Model, picture: Image, name: String, row: Int, column: Int, print: @escaping (String) -> Void
    ) {
        self.model = model
        self.picture = picture
        self.name = name
        self.row = row
        self.column = column
        self.print = print
    }

    package func run() throws {
        let (row, column) = (
            try checked(row, below: picture.height, "row"),
            try checked(column, below: picture.width, "column")
        )
        let conventions = model.conventions.input
        let isReversed = conventions.channelOrder == .bgr
        let values = channelValues(conventions)
        var sheet = Worksheet()
        sheet.heading(
            "row \(row), column \(column) of \(name), \(picture.height)×\(picture.width); "
                + "profile \(model.configuration.profileName)")
        for channel in 0..<3 {
            let colour = isReversed ? 2 - channel : channel
            let byte = picture.pixels[3 * (row * picture.width + column) + colour]
            let scaled = conventions.whitePoint == 1 ? "\(byte) / 255" : "\(byte)"
            let (mean, deviation) = (conventions.mean[channel], conventions.standardDeviation[channel])
            let value = values[colour << 8 | Int(byte)]
            sheet.step(
                "channel \(channel), \(["red", "green", "blue"][colour])",
                "(\(scaled) - \(short(mean))) / \(short(deviation)) = \(short(value))")
        }
        let input = model.prepare(picture)
        if input.size == input.original {
            let there = (0..<3).map { short(input.tensor[row, column, $0]) }.joined(separator: ", ")
            sheet.step("input.tensor there", there)
        } else {
            sheet.step("input.tensor", "is resized to \(input.size): there is no pixel that is this one")
        }
        print(sheet.text)
    }
}
