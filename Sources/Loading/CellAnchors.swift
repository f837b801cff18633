import Formats
import Geometry
import Inference

/// The anchors in the buffers `cell_anchors` of a detectron2 checkpoint: for each level, a table of boxes
/// centred at the origin.
package struct CellAnchors {
    private static let prefix = "proposal_generator.anchor_generator.cell_anchors."

    /// The anchor sizes (square roots of the areas) in pixels, a list for each level.
    package private(set) var sizes: [[Float]] = []
    /// The aspect ratios, height / width, the same for all levels.
    package private(set) var aspectRatios: [Float] = []

    /// Reads the buffers of a file; nil when it has none.
    /// - Throws: ``ConfigurationError`` when the boxes are not all combinations of sizes and aspect ratios,
    ///   the only form that is supported; `FileError` when they cannot be read.
    package init?(_ checkpoint: Checkpoint) throws {
        var level = 0
        while let buffer = checkpoint.stored("\(Self.prefix)\(level)") {
            let shape = buffer.shape
            guard shape.count == 2, shape[1] == 4, (1...256).contains(shape[0]), level < 16 else {
                throw ConfigurationError(description: "cell_anchors: level \(level) has shape \(shape)")
            }
            try add(try buffer.floats().array, level: level)
            level += 1
        }
        if level == 0 { return nil }
    }

    private mutating func add(_ numbers: [Float], level: Int) throws {
        let boxes = stride(from: 0, to: numbers.count, by: 4).map {
            Box(x1: numbers[$0], y1: numbers[$0 + 1], x2: numbers[$0 + 2], y2: numbers[$0 + 3])
        }
        let shapes = boxes.map { (Self.plain($0.area.squareRoot()), Self.plain($0.height / $0.width)) }
        var ratios: [Float] = []
        for (_, ratio) in shapes where !ratios.contains(ratio) { ratios.append(ratio) }
        let sides = stride(from: 0, to: shapes.count, by: ratios.count).map { shapes[$0].0 }
        let made = AnchorShapes(
            sizes: sides, aspectRatios: ratios, conventions: Profile.detectron2.conventions.anchors
        ).boxes
        let isSame =
            made.count == boxes.count
            && zip(made, boxes).allSatisfy { own, stored in
                zip([own.x1, own.y1, own.x2, own.y2], [stored.x1, stored.y1, stored.x2, stored.y2]).allSatisfy
                {
                    abs($0 - $1) <= 1e-3 * max(abs($1), 1)
                }
            }
        guard isSame, level == 0 || ratios == aspectRatios else {
            throw ConfigurationError(
                description:
                    "cell_anchors: those of level \(level) are no sizes with ratios, and not followed")
        }
        aspectRatios = ratios
        sizes.append(sides)
    }

    /// The number rounded to thousandths if that changes it by at most a relative 10⁻⁴: removes rounding
    /// errors.
    private static func plain(_ number: Float) -> Float {
        let rounded = (number * 1000).rounded() / 1000
        return abs(rounded - number) <= 1e-4 * abs(number) ? rounded : number
    }
}
