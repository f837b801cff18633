import Foundation
import Geometry
import Inference
import Tensors
import Training

/// Encoding a keypoint in a heat map and decoding it again: the error of each way of reading the map.
package struct KeypointCalculation {
    private let box: Box
    private let place: (x: Float, y: Float)
    private let side: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(box: Box, place: (x: Float, y: Float), side: Int, print: @escaping (String) -> Void) {
        self.box = box
        self.place = place
        self.side = side
        self.print = print
    }

    package func run() throws {
        let cell = (x: box.width / Float(side), y: box.height / Float(side))
        func pixel(_ x: Float, _ y: Float) -> Keypoint {
            Keypoint(x: box.x1 + x * cell.x, y: box.y1 + y * cell.y, score: 2)
        }
        let truth = pixel(place.x, place.y)
        print(
            "A heat map of \(side)×\(side) on a box of \(box.width.digits(2)) × \(box.height.digits(2)) pixels: "
                + "a cell is \(cell.x.digits(2)) × \(cell.y.digits(2)).")
        guard let target = keypointTarget(truth, in: box, side: side) else {
            throw CalculationError("--place: lies outside the box")
        }
        let (row, column) = (target / side, target % side)
        print(
            "Training: the point falls into column \(column), row \(row), the right one of \(side * side) cells."
        )
        let decoded = decodeKeypoints(
            Tensor(shape: [1, side, side, 1], elements: logits), boxes: [box], score: .logit)[0][0]
        let peak = (x: Float(column), y: Float(row))
        var table = NumberTable("detection", "x", "y", "off by x", "y")
        func add(_ name: String, _ found: Keypoint) {
            table.add(
                name, found.x.digits(2), found.y.digits(2), (found.x - truth.x).digits(2),
                (found.y - truth.y).digits(2))
        }
        add("the point itself", truth)
        add("corner of the largest cell", pixel(peak.x, peak.y))
        add("its centre, half a cell on", pixel(peak.x + 0.5, peak.y + 0.5))
        add(
            "a quarter cell from there",
            pixel(
                peak.x + 0.5 + quarter(logit(column - 1, row), logit(column + 1, row)),
                peak.y + 0.5 + quarter(logit(column, row - 1), logit(column, row + 1))))
        add("enlarged to the box's pixels", decoded)
        print(table.text)
    }

    /// The synthetic heat map.
    private var logits: [Float] {
        (0..<side).flatMap { row in (0..<side).map { column in logit(column, row) } }
    }

    private func logit(_ column: Int, _ row: Int) -> Float {
        let x = Float(column) + 0.5 - place.x, y = Float(row) + 0.5 - place.y
        return -(x * x + y * y) / 2
    }

    /// An offset of a quarter cell towards the larger of the two neighbours, as in pose estimation networks.
    private func quarter(_ before: Float, _ after: Float) -> Float {
        after > before ? 0.25 : after < before ? -0.25 : 0
    }
}
