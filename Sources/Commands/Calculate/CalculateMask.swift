import ArgumentParser
import Explanations

struct CalculateMask: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "mask",
        abstract: "All classes' masks at one cell: logit, sigmoid, softmax.",
        discussion: """
            With --logits, of the numbers given; without, of one detection in a picture.

            Example:  maskrcnn calculate mask --logits -1,2,3 --class 1
            Or:       maskrcnn calculate mask --detection 0 --cell 14,14
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("One cell's logits: of background and of each class.", valueName: "numbers"))
    var logits: NumbersArgument?

    @Option(
        name: .customLong("class"),
        help: ArgumentHelp("The class that the box head chose, with --logits.", valueName: "number"))
    var chosen: Int?

    @Option(help: ArgumentHelp("A detection of the picture, 0 for the best.", valueName: "number"))
    var detection = 0

    @Option(help: ArgumentHelp("Column and row of the cell (default: the middle).", valueName: "x,y"))
    var cell: GivenPlace?

    @OptionGroup var pipeline: PipelineOptions

    func validate() throws {
        if let logits {
            guard logits.values.count >= 2 else {
                throw ValidationError("--logits: background and at least one class are needed")
            }
            guard let chosen, 1..<logits.values.count ~= chosen else {
                throw ValidationError("--class: must be from 1 to \(logits.values.count - 1)")
            }
        } else if chosen != nil {
            throw ValidationError("--class: goes with --logits")
        }
    }

    func run(in session: PictureSession) throws {
        let calculation = MaskCalculation(print: { print($0) })
        if let logits, let chosen {
            calculation.showCell(logits.values, chosen: chosen)
        } else {
            try pipeline.withRun(in: session) {
                try calculation.showDetection(detection, cell: cell.map { ($0.x, $0.y) }, of: $0)
            }
        }
    }
}
