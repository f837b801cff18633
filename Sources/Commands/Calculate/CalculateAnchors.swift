import ArgumentParser
import Explanations
import Geometry
import Inference

/// Prints the anchors of one cell.
struct CalculateAnchors: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anchors",
        abstract: "The anchors of one cell of one level.",
        discussion: """
            Example:  maskrcnn calculate anchors p4 --row 7 --column 9
            Others':  maskrcnn calculate anchors p6 --row 12 --padded 800x1088 --side 512 --profile torchvision
            """)

    @Argument(help: ArgumentHelp("The level: p2 … p6.", valueName: "level"))
    var level = LevelArgument(4)

    @Option(help: ArgumentHelp("The cell's row, from 0.", valueName: "number")) var row = 0
    @Option(help: ArgumentHelp("Its column, from 0.", valueName: "number")) var column = 0

    @Option(
        help: ArgumentHelp(
            "The network's input with its padding (default: the drawn scene's).", valueName: "height x width")
    )
    var padded: SizeArgument?

    @Option(
        help: ArgumentHelp(
            "The side of the square anchor (default: the model's for this level).", valueName: "pixels"))
    var side: Float?

    @OptionGroup(title: "Model") var options: ModelOptions

    func validate() throws {
        if let side, !(1...100_000 ~= side) {
            throw ValidationError("--side \(short(side)): must be from 1 to 100000")
        }
    }

    func run() throws {
        let model = try options.load().model
        try AnchorCalculation(
            model: model, level: level.index, row: row, column: column, side: side,
            picture: try padded?.size ?? sceneSize(model), print: { print($0) }
        ).run()
    }

    /// The size to which the model resizes the shipped scene.
    private func sceneSize(_ model: Model) throws -> PixelSize {
        let scene = try readPicture(nil)
        return model.conventions.input.resize.targetSize(
            for: PixelSize(height: scene.height, width: scene.width), settings: model.settings.input)
    }
}
