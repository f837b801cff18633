import ArgumentParser
import Explanations
import Geometry

struct CalculatePaste: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "paste",
        abstract: "One pixel of a pasted mask: which values it is interpolated from, by convention.",
        discussion: """
            The mask is a square of probabilities, row by row; without --mask, 28 × 28 ones. Row and column 0 of \
            the padded mask, and those behind the last, are the border of zeros. With --detection, the box and \
            the mask of what was found in a picture.

            Example:  maskrcnn calculate paste --box 10.5,20.5,14.5,24.5 --mask 1,0,0,1 --pixel 12,22
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Where the mask belongs, in pixels of the picture.", valueName: "x1,y1,x2,y2"))
    var box: GivenBox?

    @Option(help: ArgumentHelp("A detection of the picture, 0 for the best.", valueName: "number"))
    var detection: Int?

    @Option(parsing: .unconditional, help: ArgumentHelp("Column and row of a pixel.", valueName: "x,y"))
    var pixel: GivenPlace?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The mask's probabilities, row by row.", valueName: "numbers"))
    var mask: NumbersArgument?

    @Option(help: ArgumentHelp("The picture's width, with --box.", valueName: "pixels"))
    var width = 320

    @Option(help: ArgumentHelp("The picture's height, with --box.", valueName: "pixels"))
    var height = 240

    @OptionGroup var pipeline: PipelineOptions

    func validate() throws {
        for (name, value) in [("width", width), ("height", height)] {
            guard 1...4000 ~= value else {
                throw ValidationError("--\(name) \(value): must be from 1 to 4000")
            }
        }
        guard (box == nil) != (detection == nil) else {
            throw ValidationError("give --box or --detection, one of the two")
        }
        guard mask == nil || box != nil else { throw ValidationError("--mask: goes with --box") }
        if let mask {
            let side = Int(Double(mask.values.count).squareRoot().rounded())
            guard side * side == mask.values.count else {
                throw ValidationError("--mask: \(mask.values.count) numbers do not make a square")
            }
            guard mask.values.allSatisfy({ 0...1 ~= $0 }) else {
                throw ValidationError("--mask: probabilities must be from 0 to 1")
            }
        }
    }

    func run(in session: PictureSession) throws {
        if let box {
            try show(
                PlacedMask(
                    values: mask?.values ?? Array(repeating: 1, count: 28 * 28), box: box.box,
                    size: PixelSize(height: height, width: width)))
        } else if let detection {
            try pipeline.withRun(in: session) { try show(PlacedMask(of: detection, in: $0)) }
        }
    }

    private func show(_ map: PlacedMask) throws {
        try PasteCalculation(map: map, pixel: pixel.map { ($0.x, $0.y) }, print: { print($0) }).run()
    }
}
