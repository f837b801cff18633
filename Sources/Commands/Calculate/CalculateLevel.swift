import ArgumentParser
import Explanations

/// Prints the pyramid level that a box is pooled from.
struct CalculateLevel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "level",
        abstract: "Which level of the pyramid a box pools from, by each profile.",
        discussion: "Example:  maskrcnn calculate level 0,0,112,112 0,0,224,224")

    @Argument(help: ArgumentHelp("Boxes.", valueName: "x1,y1,x2,y2")) var boxes: [CornersArgument]

    func run() throws {
        try LevelCalculation(boxes: boxes.map(\.box), print: { print($0) }).run()
    }
}
