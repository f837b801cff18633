import ArgumentParser
import Explanations
import Geometry

/// Non-maximum suppression of given boxes, or of an image's candidates: which box suppressed which.
struct CalculateSuppress: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "suppress",
        abstract: "Non-maximum suppression: who is kept, and who suppressed whom.",
        discussion: """
            Boxes on the command line, or the best candidates of one level of the picture's pyramid. Boxes of \
            different classes do not suppress each other.

            Example:  maskrcnn calculate suppress 0,0,10,10,0.9 1,0,11,10,0.8 20,0,30,10,0.7
            Picture:  maskrcnn calculate suppress --level p4 --count 12
            """)

    @Argument(
        help: ArgumentHelp(
            "Boxes with scores, and perhaps a number for the class.", valueName: "x1,y1,x2,y2,score[,class]"))
    var boxes: [ScoredBoxArgument] = []

    @Option(help: ArgumentHelp("The largest overlap that two kept boxes may have.", valueName: "number"))
    var threshold: Double?

    @Option(
        help: ArgumentHelp("Candidates of this level of the picture instead: p2 … p6.", valueName: "level"))
    var level: LevelArgument?

    @Option(help: ArgumentHelp("How many of a level's candidates to list.", valueName: "number"))
    var count = 12

    @OptionGroup var pipeline: PipelineOptions

    func validate() throws {
        guard boxes.isEmpty != (level == nil) else {
            throw ValidationError("give boxes, or --level for those of the picture")
        }
        guard boxes.count <= 1000 else { throw ValidationError("\(boxes.count) boxes are too many to list") }
        if let threshold, !(0...1 ~= threshold) {
            throw ValidationError("--threshold \(threshold): must be from 0 to 1")
        }
        guard 1...1000 ~= count else { throw ValidationError("--count \(count): must be from 1 to 1000") }
    }

    func run(in session: PictureSession) throws {
        let calculation = SuppressCalculation(threshold: threshold, print: { print($0) })
        if let level {
            try pipeline.withRun(in: session) {
                try calculation.show(level: level.index, count: count, of: $0)
            }
        } else {
            calculation.show(
                boxes.map(\.box), scores: boxes.map(\.score), classes: boxes.map(\.label))
        }
    }
}
