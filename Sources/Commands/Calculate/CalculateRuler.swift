import ArgumentParser
import Explanations
import Geometry

/// Prints the positions that each RoI layer reads, measured with a map whose values are coordinates.
struct CalculateRuler: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ruler",
        abstract: "Where each RoI layer looks, read off a map whose values are places.",
        discussion: """
            Each cell of the map holds the x of its own centre, in pixels. What a layer pools from such a ruler \
            is where it has looked; the middle of each bin is where it should have. (A maximum is taken of the \
            ruler and of its negative, and the mean of the two ends counts.)

            Example:  maskrcnn calculate ruler --box 0,0,665,665 --stride 32
            """)

    @Option(parsing: .unconditional, help: ArgumentHelp("The box, in pixels.", valueName: "x1,y1,x2,y2"))
    var box: CornersArgument?

    @Option(help: ArgumentHelp("Pixels a cell of the map.", valueName: "number"))
    var stride = 32

    @Option(help: ArgumentHelp("Bins along each axis.", valueName: "number"))
    var bins = 7

    func validate() throws {
        guard 1...64 ~= stride else { throw ValidationError("--stride \(stride): must be from 1 to 64") }
        guard 1...32 ~= bins else { throw ValidationError("--bins \(bins): must be from 1 to 32") }
        if let box = box?.box, !(box.x1 >= 0 && box.y1 >= 0 && box.x2 <= 4096 && box.y2 <= 4096) {
            throw ValidationError("--box \(corners(box)): must lie within 4096 pixels")
        }
        if let box = box?.box, !(box.width > 0 && box.height > 0) {
            throw ValidationError("--box \(corners(box)): must have x2 above x1 and y2 above y1")
        }
    }

    func run() throws {
        try RulerCalculation(
            box: box?.box ?? Box(x1: 0, y1: 0, x2: 665, y2: 665), stride: stride, bins: bins,
            print: { print($0) }
        ).run()
    }
}
