import ArgumentParser
import Explanations
import Figures
import Geometry

struct CalculateRoI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roi",
        abstract: "What RoIPool, RoIWarp and RoIAlign read of a feature map for one box.",
        discussion: """
            Without arguments, the example by which RoIPool is usually explained: 665 pixels on stride 32 are \
            20.78 cells, cut down to 20; 20 / 7 = 2.86 cells a bin, cut down to 2.

            Example:  maskrcnn calculate roi --box 100,40,340,500 --stride 16 --layer align --bin 3,3
            """)

    @Option(
        parsing: .unconditional,  // A coordinate may begin with a minus sign.
        help: ArgumentHelp("The box, in pixels of the network's input.", valueName: "x1,y1,x2,y2"))
    var box = NumbersArgument([0, 0, 665, 665])

    @Option(help: ArgumentHelp("Pixels a cell of the feature map.", valueName: "number"))
    var stride: Float = 32

    @Option(help: ArgumentHelp("Bins along each axis.", valueName: "number"))
    var bins = 7

    @Option(
        help: ArgumentHelp(
            "The network's input; by default 800 × 800, or as large as the box needs.",
            valueName: "width,height"))
    var size: NumbersArgument?

    @Option(help: ArgumentHelp("Only this layer: pool, warp or align.", valueName: "layer"))
    var layer: RoICalculation.Layer?

    @Option(help: ArgumentHelp("Sample points along each axis of a bin.", valueName: "number"))
    var samples = 2

    @Option(
        help: ArgumentHelp("The bin whose samples are listed; counts from 0.", valueName: "row,column"))
    var bin = NumbersArgument([0, 0])

    @Flag(
        inversion: .prefixedNo,
        help: "Whether RoIAlign takes a cell's value to stand at its centre.")
    var halfPixel = true

    @Option(
        help: ArgumentHelp(
            "Draw it: RoIPool on the grid, or with --layer align the sample points; .png, .svg or .pdf.",
            valueName: "file"),
        completion: .file(extensions: ["png", "svg", "pdf"]))
    var figure: String?

    mutating func validate() throws {
        func refuse(_ option: String, _ value: some CustomStringConvertible, _ fault: String) throws -> Never
        {
            throw ValidationError("--\(option) \(value): \(fault)")
        }
        guard box.values.count == 4 else { try refuse("box", box, "must be four numbers: x1,y1,x2,y2") }
        guard box.values.allSatisfy({ abs($0) <= 100_000 }) else {
            try refuse("box", box, "must lie within 100000 pixels")
        }
        guard box.values[2] > box.values[0], box.values[3] > box.values[1] else {
            try refuse("box", box, "must have x2 above x1 and y2 above y1")
        }
        guard stride >= 1, stride <= 1024 else { try refuse("stride", stride, "must be from 1 to 1024") }
        guard 1...64 ~= bins else { try refuse("bins", bins, "must be from 1 to 64") }
        guard 1...16 ~= samples else { try refuse("samples", samples, "must be from 1 to 16") }
        if let size {
            guard size.values.count == 2, size.values.allSatisfy({ 1...100_000 ~= $0 && $0 == $0.rounded() })
            else { try refuse("size", size, "must be two whole numbers from 1 to 100000: width,height") }
        }
        guard bin.values.count == 2,
            bin.values.allSatisfy({ $0 >= 0 && $0 < Float(bins) && $0 == $0.rounded() })
        else { try refuse("bin", bin, "must be a row and a column from 0 to \(bins - 1)") }
        if let figure, FigureFormat(path: figure) == nil {
            try refuse("figure", figure, "must end in .png, .svg or .pdf")
        }
    }

    func run() throws {
        let calculation = RoICalculation(
            box: Box(x1: box.values[0], y1: box.values[1], x2: box.values[2], y2: box.values[3]),
            stride: stride, bins: bins, mapSize: mapSize, samplesPerAxis: samples,
            subtractsHalfPixel: halfPixel)
        let (row, column) = (Int(bin.values[0]), Int(bin.values[1]))
        print(
            calculation.text(
                layers: layer.map { [$0] } ?? RoICalculation.Layer.allCases, row: row, column: column))
        if let figure, let format = FigureFormat(path: figure) {
            let drawing =
                layer == .align
                ? calculation.alignFigure(row: row, column: column, theme: .light)
                : calculation.poolFigure(theme: .light)
            try format.write(drawing, to: figure)
            print("\n\(figure)")
        }
    }

    /// The size of the map with this stride, rounded up: the last cells may extend beyond the image.
    private var mapSize: PixelSize {
        let width = size?.values[0] ?? max(800, box.values[2]),
            height = size?.values[1] ?? max(800, box.values[3])
        return PixelSize(
            height: Int((height / stride).rounded(.up)), width: Int((width / stride).rounded(.up)))
    }
}

extension RoICalculation.Layer: ExpressibleByArgument {}
