import ArgumentParser
import Geometry

/// Intersection over union of two boxes.
struct CalculateOverlap: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overlap",
        abstract: "The overlap (intersection over union) of two boxes, step by step.",
        discussion: "Example:  maskrcnn calculate overlap 0,0,10,10 5,0,15,10")

    @Argument(help: ArgumentHelp("One box.", valueName: "x1,y1,x2,y2")) var first: CornersArgument
    @Argument(help: ArgumentHelp("The other.", valueName: "x1,y1,x2,y2")) var second: CornersArgument

    func run() throws {
        let (a, b) = (first.box, second.box)
        let sides = a.sharedSides(with: b)
        let shared = a.intersection(with: b)
        var sheet = Worksheet()
        sheet.heading("a = \(corners(a)), b = \(corners(b))")
        sheet.step("area of a", "\(short(a.width)) · \(short(a.height)) = \(short(a.area))")
        sheet.step("area of b", "\(short(b.width)) · \(short(b.height)) = \(short(b.area))")
        sheet.step(
            "shared width",
            "max(0, min(\(short(a.x2)), \(short(b.x2))) - max(\(short(a.x1)), \(short(b.x1)))) = "
                + short(sides.width))
        sheet.step(
            "shared height",
            "max(0, min(\(short(a.y2)), \(short(b.y2))) - max(\(short(a.y1)), \(short(b.y1)))) = "
                + short(sides.height))
        sheet.step(
            "intersection", "\(short(sides.width)) · \(short(sides.height)) = \(short(shared))")
        sheet.step(
            "union",
            "\(short(a.area)) + \(short(b.area)) - \(short(shared)) = \(short(a.area + b.area - shared))")
        sheet.step(
            "overlap", "\(short(shared)) / \(short(a.area + b.area - shared)) = \(short(a.overlap(with: b)))")
        print(sheet.text)
    }
}

/// A box as x1, y1, x2, y2.
func corners(_ box: Box, _ places: Int = 4) -> String {
    [box.x1, box.y1, box.x2, box.y2].map { short($0, places) }.joined(separator: ", ")
}
