import Geometry
import Inference

/// The anchors of one cell.
package struct AnchorCalculation {
    private let model: Model
    private let level: Int
    private let row: Int
    private let column: Int
    private let side: Float?
    private let picture: PixelSize
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(
        model: Model, level: Int, row: Int, column: Int, side: Float?, picture: PixelSize,
        print: @escaping (String) -> Void
    ) {
        self.model = model
        self.level = level
        self.row = row
        self.column = column
        self.side = side
        self.picture = picture
        self.print = print
    }

    package func run() throws {
        let (conventions, settings) = (model.conventions, model.architecture.proposals)
        guard case .pyramid = model.architecture.features,
            let own = settings.anchorSizes.dropFirst(level - 2).first?.first
        else { throw CalculationError("p\(level): the model has no such level") }
        let stride = 1 << level
        let input = conventions.input.paddedSize(
            of: picture, settings: model.settings.input)
        // P6 takes every second position of P5, so its size is rounded up.
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
            "p\(level), input \(input): \(map) cells, \(ratios.count) anchors each, \(grid.count) in all; "
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
            sheet.heading("height / width = \(short(ratio)): anchor \(place) of p\(level)")
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

}
