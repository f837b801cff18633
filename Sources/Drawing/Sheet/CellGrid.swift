import Foundation
import Geometry

/// The grid of a feature map's cells, or the part of it around some boxes, and where things lie on it. Cell 0
/// reaches from 0 to 1.
package struct CellGrid {
    /// The cells that are shown.
    package let window: PixelRegion
    private let theme: Theme

    /// The part of a map around boxes, given in cells, with a margin of two cells.
    package init(showing boxes: [Box], mapSize: PixelSize, theme: Theme, margin: Float = 2) {
        func whole(_ value: Float, _ rule: FloatingPointRoundingRule, _ length: Int) -> Int {
            value.isFinite ? Int(min(max(value.rounded(rule), 0), Float(length))) : 0
        }
        let left = whole((boxes.map(\.x1).min() ?? 0) - margin, .down, mapSize.width)
        let right = whole((boxes.map(\.x2).max() ?? 0) + margin, .up, mapSize.width)
        let top = whole((boxes.map(\.y1).min() ?? 0) - margin, .down, mapSize.height)
        let bottom = whole((boxes.map(\.y2).max() ?? 0) + margin, .up, mapSize.height)
        window = PixelRegion(
            x: min(left, max(mapSize.width - 1, 0)), y: min(top, max(mapSize.height - 1, 0)),
            width: max(right - left, 1), height: max(bottom - top, 1))
        self.theme = theme
    }

    /// Height over width.
    package var aspect: Double { Double(window.height) / Double(window.width) }

    /// Where a point, in cells, lies in a drawing that fills the room.
    package func place(x: Float, y: Float, in room: Rectangle) -> Point {
        Point(
            x: room.x + (Double(x) - Double(window.x)) * room.width / Double(window.width),
            y: room.y + (Double(y) - Double(window.y)) * room.height / Double(window.height))
    }

    /// Where a box, in cells, lies.
    package func place(_ box: Box, in room: Rectangle) -> Rectangle {
        let start = place(x: box.x1, y: box.y1, in: room), end = place(x: box.x2, y: box.y2, in: room)
        return Rectangle(x: start.x, y: start.y, width: end.x - start.x, height: end.y - start.y)
    }

    /// Draws the lines between cells; the frame alone where cells are smaller than three points.
    package func draw(on canvas: Canvas, in room: Rectangle) {
        let line = Stroke(theme.rule, width: 0.5)
        if room.width / Double(window.width) >= 3 {
            for column in 1..<max(window.width, 2) {
                let x = room.x + Double(column) * room.width / Double(window.width)
                canvas.line(from: Point(x: x, y: room.y), to: Point(x: x, y: room.maxY), line)
            }
            for row in 1..<max(window.height, 2) {
                let y = room.y + Double(row) * room.height / Double(window.height)
                canvas.line(from: Point(x: room.x, y: y), to: Point(x: room.maxX, y: y), line)
            }
        }
        canvas.stroke(room, Stroke(theme.mutedInk, width: 0.75))
    }
}

extension Rectangle {
    /// Upper left, upper right, lower right, lower left.
    package var corners: [Point] {
        [Point(x: x, y: y), Point(x: maxX, y: y), Point(x: maxX, y: maxY), Point(x: x, y: maxY)]
    }
}

/// A number with so many decimals and a proper minus sign: `−0.78`.
package func figures(_ number: Double, decimals: Int) -> String {
    guard number.isFinite else { return figures(number) }
    let digits = String(format: "%.\(decimals)f", abs(number))
    let isZero = !digits.contains { $0 != "0" && $0 != "." }
    return number < 0 && !isZero ? "−" + digits : digits
}
