import ArgumentParser
import Foundation
import Geometry
import Inference
import Tensors
import Training

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
        let box = box.box
        let cell = (x: box.width / Float(side), y: box.height / Float(side))
        func pixel(_ x: Float, _ y: Float) -> Keypoint {
            Keypoint(x: box.x1 + x * cell.x, y: box.y1 + y * cell.y, score: 2)
        }
        let truth = pixel(place.values[0], place.values[1])
        print(
            "A heat map of \(side)×\(side) on a box of \(box.width.digits(2)) × \(box.height.digits(2)) pixels: "
                + "a cell is \(cell.x.digits(2)) × \(cell.y.digits(2)).")
        guard let target = keypointTarget(truth, in: box, side: side) else {
            throw ValidationError("--place: lies outside the box")
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

    /// The made-up heat map.
    private var logits: [Float] {
        (0..<side).flatMap { row in (0..<side).map { column in logit(column, row) } }
    }

    private func logit(_ column: Int, _ row: Int) -> Float {
        let x = Float(column) + 0.5 - place.values[0], y = Float(row) + 0.5 - place.values[1]
        return -(x * x + y * y) / 2
    }

    /// A quarter cell towards the larger of the two neighbours, as pose networks without boxes do it.
    private func quarter(_ before: Float, _ after: Float) -> Float {
        after > before ? 0.25 : after < before ? -0.25 : 0
    }
}
