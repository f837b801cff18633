import Geometry

/// Intersection over union of two boxes, step by step.
package struct OverlapCalculation {
    private let first: Box
    private let second: Box
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(first: Box, second: Box, print: @escaping (String) -> Void) {
        self.first = first
        self.second = second
        self.print = print
    }

    package func run() throws {
        let (a, b) = (first, second)
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

/// A box as `x1, y1, x2, y2`, with at most `places` decimals.
package func corners(_ box: Box, _ places: Int = 4) -> String {
    [box.x1, box.y1, box.x2, box.y2].map { short($0, places) }.joined(separator: ", ")
}
