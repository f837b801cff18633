import ArgumentParser
import Explanations
import Geometry
import Inference

/// The anchors of one cell.
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
        let (conventions, settings) = (model.conventions, model.architecture.proposals)
        guard case .pyramid = model.architecture.features,
            let own = settings.anchorSizes.dropFirst(level.index - 2).first?.first
        else { throw ValidationError("\(level.name): the model has no such level") }
        let stride = 1 << level.index
        let input = try conventions.input.paddedSize(
            of: padded?.size ?? sceneSize(model), settings: model.settings.input)
        // P6 is every second position of P5, so its size is rounded up.
        let map = PixelSize(
            height: (input.height + stride - 1) / stride, width: (input.width + stride - 1) / stride)
        let (row, column) = (
            try checked(row, below: map.height, "row"), try checked(column, below: map.width, "column")
        )
        let side = side ?? own
        let ratios = settings.aspectRatios
        let shapes = AnchorShapes(sizes: [side], aspectRatios: ratios, conventions: conventions.anchors)
        var unrounded = conventions.anchors
        unrounded.roundsCorners = false
        let exact = AnchorShapes(sizes: [side], aspectRatios: ratios, conventions: unrounded)
        let grid = AnchorGrid(
            shapes: shapes, size: map, nominalStride: stride, padded: input, conventions: conventions.anchors)
        var sheet = Worksheet()
        sheet.heading(
            "\(level.name), input \(input): \(map) cells, \(ratios.count) anchors each, \(grid.count) in all; "
                + model.configuration.profileName)
        sheet.step(
            "stride",
            "\(grid.verticalStride) down, \(grid.horizontalStride) across"
                + (conventions.anchors.stride == .measured
                    ? " (\(input.height) / \(map.height) and \(input.width) / \(map.width), rounded down)"
                    : ""))
        sheet.step(
            "centre",
            "x = \(column) · \(grid.horizontalStride) = \(column * grid.horizontalStride), "
                + "y = \(row) · \(grid.verticalStride) = \(row * grid.verticalStride)")
        for (shape, ratio) in ratios.enumerated() {
            let (box, place) = (exact.boxes[shape], (row * map.width + column) * ratios.count + shape)
            sheet.heading("height / width = \(short(ratio)): anchor \(place) of \(level.name)")
            sheet.step("width", "\(short(side)) / √\(short(ratio)) = \(short(box.width))")
            sheet.step("height", "\(short(side)) · √\(short(ratio)) = \(short(box.height))")
            if conventions.anchors.roundsCorners {
                let whole = shapes.boxes[shape]
                sheet.step(
                    "rounded",
                    "±\(short(box.x2)) → ±\(short(whole.x2)), ±\(short(box.y2)) → ±\(short(whole.y2))")
            }
            sheet.step("box", corners(grid[place]))
        }
        print(sheet.text)
    }

    /// The size to which the model resizes the drawn scene.
    private func sceneSize(_ model: Model) throws -> PixelSize {
        let scene = try readPicture(nil)
        return model.conventions.input.resize.targetSize(
            for: PixelSize(height: scene.height, width: scene.width), settings: model.settings.input)
    }
}
