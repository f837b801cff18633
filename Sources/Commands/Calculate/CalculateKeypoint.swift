import ArgumentParser
import Explanations
import Foundation

struct CalculateKeypoint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keypoint",
        abstract: "From a point to its cell in a heat map, and back to a pixel, by several conventions.",
        discussion: """
            The heat map is made for the purpose: its logits fall off around a place inside the map like \
            −distance² / 2. Places are in cells: cell 0 reaches from 0 to 1.

            Example:  maskrcnn calculate keypoint --box 40,60,152,228 --place 20.3,30.8
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The detection's box, in pixels.", valueName: "x1,y1,x2,y2"))
    var box: GivenBox

    @Option(help: ArgumentHelp("Where in the heat map the keypoint is, in cells.", valueName: "x,y"))
    var place: NumbersArgument

    @Option(help: ArgumentHelp("Cells along each axis of the heat map.", valueName: "number"))
    var side = 56

    func validate() throws {
        guard 3...256 ~= side else { throw ValidationError("--side \(side): must be from 3 to 256") }
        guard place.values.count == 2, place.values.allSatisfy({ $0 >= 0 && $0 < Float(side) }) else {
            throw ValidationError("--place: must be two numbers from 0 to less than \(side)")
        }
        guard box.box.width <= 2000 && box.box.height <= 2000 else {
            throw ValidationError("--box: must be at most 2000 pixels wide and high")
        }
    }

    func run() throws {
        try KeypointCalculation(
            box: box.box, place: (place.values[0], place.values[1]), side: side, print: { print($0) }
        ).run()
    }
}
