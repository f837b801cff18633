import Foundation
import Geometry
import Kernels
import Inference
import Tensors
import Testing
import Verification

// MARK: - Anchors

private let levels = ["p2", "p3", "p4", "p5", "p6"]
private let sizes = [4.0, 16, 40, 80, 160]

/// Where an anchor stands on a level, and which of the three shapes it has.
private typealias Place = (row: Int, column: Int, ratio: Int)

/// The places of a level, row by row, and at each position one shape after the other.
@Sendable private func rowsFirst(_ rows: Int, _ columns: Int) -> [Place] {
    (0..<rows).flatMap { row in
        (0..<columns).flatMap { column in (0..<3).map { (row, column, $0) } }
    }
}

/// Anchors of every level, by a formula for one, in the order of `places`.
private func anchors(
    _ cause: String, _ form: String,
    places: @escaping @Sendable (_ rows: Int, _ columns: Int) -> [Place] = rowsFirst,
    _ anchor:
        @escaping @Sendable (_ row: Int, _ column: Int, _ ratio: Int, _ size: Double, _ stride: Double)
        -> PlainBox
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: .anchors("p2")) { _, bundle in
        var tensors: PlantedFault.Tensors = [:]
        for (index, level) in levels.enumerated() {
            let map = try bundle.shape(Stage("fpn.\(level)"))
            let values = places(map[1], map[2]).flatMap {
                anchor($0.row, $0.column, $0.ratio, sizes[index], Double(4 << index)).numbers
            }
            tensors[.anchors(level)] = contract([values.count / 4, 4], values)
        }
        return tensors
    }
}

/// The right anchor of a place.
@Sendable private func right(_ row: Int, _ column: Int, _ ratio: Int, _ size: Double, _ stride: Double)
    -> PlainBox
{
    anchor(Double(column) * stride, Double(row) * stride, size, ratio)
}

/// A box around a place, of a size and a ratio of height to width.
private func anchor(_ x: Double, _ y: Double, _ size: Double, _ ratio: Int) -> PlainBox {
    let root = [0.5, 1, 2][ratio].squareRoot()
    return PlainBox(x - size / root / 2, y - size * root / 2, x + size / root / 2, y + size * root / 2)
}

let anchorFaults: [PlantedFault] = [
    anchors("anchor corners rounded", "") { row, column, ratio, size, stride in
        let shape = anchor(0, 0, size, ratio)
        func round(_ value: Double, _ shift: Int) -> Double {
            value.rounded(.toNearestOrEven) + Double(shift) * stride
        }
        return PlainBox(
            round(shape.x1, column), round(shape.y1, row), round(shape.x2, column), round(shape.y2, row))
    },
    anchors("anchors in another order", "ratios reversed") { row, column, ratio, size, stride in
        anchor(Double(column) * stride, Double(row) * stride, size, 2 - ratio)
    },
    anchors("half-pixel shift", "half a stride") { row, column, ratio, size, stride in
        anchor((Double(column) + 0.5) * stride, (Double(row) + 0.5) * stride, size, ratio)
    },
    anchors("half-pixel shift", "of anchors") { row, column, ratio, size, stride in
        anchor(Double(column) * stride + 0.5, Double(row) * stride + 0.5, size, ratio)
    },
    anchors("stride or scale off by two", "stride") { row, column, ratio, size, stride in
        anchor(Double(column) * stride * 2, Double(row) * stride * 2, size, ratio)
    },
    anchors("stride or scale off by two", "sizes") { row, column, ratio, size, stride in
        anchor(Double(column) * stride, Double(row) * stride, size / 2, ratio)
    },
    // 224 / 4 and 288 / 5 on p6, where the map is 4 × 5 positions of 64 pixels.
    PlantedFault(
        cause: "anchor stride measured against nominal", form: "p6", stage: .anchors("p6")
    ) { _, bundle in
        let map = try bundle.shape(.pyramid(6))
        var values: [Double] = []
        for row in 0..<map[1] {
            for column in 0..<map[2] {
                for ratio in 0..<3 {
                    values +=
                        anchor(
                            Double(column * (288 / map[2])), Double(row * (224 / map[1])), sizes[4], ratio
                        ).numbers
                }
            }
        }
        return [.anchors("p6"): contract([values.count / 4, 4], values)]
    },
    anchors("legacy +1", "anchors") { row, column, ratio, size, stride in
        var box = anchor(Double(column) * stride, Double(row) * stride, size, ratio)
        box.x2 -= 1
        box.y2 -= 1
        return box
    },
    anchors("x and y exchanged", "anchors") { row, column, ratio, size, stride in
        let box = anchor(Double(column) * stride, Double(row) * stride, size, ratio)
        return PlainBox(box.y1, box.x1, box.y2, box.x2)
    },
    anchors(
        "anchors in another order", "columns first",
        places: { rows, columns in
            (0..<columns).flatMap { column in
                (0..<rows).flatMap { row in (0..<3).map { (row, column, $0) } }
            }
        }, right),
    anchors(
        "anchors in another order", "shapes first",
        places: { rows, columns in
            (0..<3).flatMap { ratio in
                (0..<rows).flatMap { row in (0..<columns).map { (row, $0, ratio) } }
            }
        }, right),
]

// MARK: - Controls

let anchorControls: [PlantedFault] = [anchors("", "anchors", right)]
