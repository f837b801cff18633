import ArgumentParser
import Explanations

/// Computes the intersection over union of two boxes, step by step.
struct CalculateOverlap: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overlap",
        abstract: "The overlap (intersection over union) of two boxes, step by step.",
        discussion: "Example:  maskrcnn calculate overlap 0,0,10,10 5,0,15,10")

    @Argument(help: ArgumentHelp("One box.", valueName: "x1,y1,x2,y2")) var first: CornersArgument
    @Argument(help: ArgumentHelp("The other.", valueName: "x1,y1,x2,y2")) var second: CornersArgument

    func run() throws {
        try OverlapCalculation(first: first.box, second: second.box, print: { print($0) }).run()
    }
}
