import ArgumentParser
import Geometry
import Inference
import Tensors

/// One pixel on its way through normalisation.
struct CalculatePixel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pixel",
        abstract: "One pixel's way through normalisation.",
        discussion: "Example:  maskrcnn calculate pixel --row 120 --column 160 --profile detectron2")

    @Option(help: ArgumentHelp("The pixel's row, from 0 at the top.", valueName: "number"))
    var row = 120

    @Option(help: ArgumentHelp("Its column, from 0 at the left.", valueName: "number"))
    var column = 160

    @Option(
        help: ArgumentHelp("The picture: PNG or JPEG (default: a drawn scene).", valueName: "file"),
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var image: String?

    @OptionGroup(title: "Model") var options: ModelOptions

    func run() throws {
        let picture = try readPicture(image)
        let model = try options.load().model
        let (row, column) = (
            try checked(row, below: picture.height, "row"),
            try checked(column, below: picture.width, "column")
        )
        let conventions = model.conventions.input
        let isReversed = conventions.channelOrder == .bgr
        let values = channelValues(conventions)
        var sheet = Worksheet()
        sheet.heading(
            "row \(row), column \(column) of \(image ?? "a drawn scene"), \(picture.height)×\(picture.width); "
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
