import ArgumentParser
import Explanations
import Inference

/// Normalises one pixel, step by step.
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
        try PixelCalculation(
            model: try options.load().model, picture: try readPicture(image), name: image ?? "a drawn scene",
            row: row, column: column, print: { print($0) }
        ).run()
    }
}
