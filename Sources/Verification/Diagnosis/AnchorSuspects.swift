import Geometry
import Inference
import Tensors

// Common faults of anchors: their shapes, their positions, their order.

extension Diagnosis {
    static var anchorSuspects: [Suspect] {
        [
            .switched(
                "anchor corners rounded", in: ["anchors.*"],
                [
                    ("rounded", { configuration in configuration.conventions.anchors.roundsCorners = true }),
                    (
                        "not rounded",
                        { configuration in configuration.conventions.anchors.roundsCorners = false }
                    ),
                ]),
            .switched(
                "anchor stride measured against nominal", in: ["anchors.*"],
                [
                    ("measured", { configuration in configuration.conventions.anchors.stride = .measured }),
                    ("nominal", { configuration in configuration.conventions.anchors.stride = .nominal }),
                ]),
            .switched(
                "anchors in another order", in: ["anchors.*"],
                [
                    (
                        "ratios reversed",
                        { configuration in configuration.conventions.anchors.aspectRatio.reverse() }
                    ),
                    (
                        "sizes and ratios exchanged",
                        { configuration in configuration.conventions.anchors.ratiosAreOuter.toggle() }
                    ),
                ]),
            Suspect("anchors in another order", in: ["anchors.*"]) { trial in
                try trial.grid().map { grid in
                    [("column, row, shape", [1, 0, 2, 3]), ("shape, row, column", [2, 0, 1, 3])].map {
                        detail, order in
                        Prediction(
                            .tensor(grid.permuted(order).reshaped(to: [grid.count / 4, 4])), detail)
                    }
                } ?? []
            },
            .anchors("half-pixel shift") { stride in
                [
                    ("half a pixel", { $0.moved(x: 0.5, y: 0.5) }),
                    ("half a pixel back", { $0.moved(x: -0.5, y: -0.5) }),
                    ("half a stride", { $0.moved(x: stride / 2, y: stride / 2) }),
                    (
                        "half a stride, less half a pixel",
                        { $0.moved(x: (stride - 1) / 2, y: (stride - 1) / 2) }
                    ),
                ]
            },
            .anchors("stride or scale off by two") { _ in
                [
                    ("stride doubled", { $0.moved(x: $0.centre.x, y: $0.centre.y) }),
                    ("stride halved", { $0.moved(x: -$0.centre.x / 2, y: -$0.centre.y / 2) }),
                    ("sizes doubled", { $0.resized(by: 2) }),
                    ("sizes halved", { $0.resized(by: 0.5) }),
                ]
            },
        ]
    }
}

extension Conventions.Anchors.AspectRatio {
    fileprivate mutating func reverse() {
        self = self == .heightOverWidth ? .widthOverHeight : .heightOverWidth
    }
}

extension Suspect {
    /// A suspect that changes each anchor, given the level's stride.
    fileprivate static func anchors(
        _ name: String, _ changes: @escaping (Float) -> [(String?, (Box) -> Box)]
    ) -> Suspect {
        Suspect(name, in: ["anchors.*"]) { trial in
            guard let expected = trial.expected.tensor, let grid = try trial.grid() else { return [] }
            let stride = grid.shape[1] > 1 ? grid[0, 1, 0, 0] - grid[0, 0, 0, 0] : 0
            return changes(stride).map { detail, change in
                Prediction(.tensor(tensor(boxes(of: expected).map(change))), detail)
            }
        }
    }
}

extension Trial {
    /// The level's anchors as `[rows, columns, shapes, 4]`.
    fileprivate func grid() throws -> Tensor? {
        guard let expected = expected.tensor, let feature = model.inputs(of: stage).first?.stage else {
            return nil
        }
        let map = try bundle.shape(feature)
        let shapes = model.architecture.proposals.anchorsPerPosition
        // In Double, since a broken bundle can claim any size.
        guard map.count == 3, map[1] > 0, map[2] > 0,
            Double(map[1]) * Double(map[2]) * Double(4 * shapes) == Double(expected.count)
        else { return nil }
        return expected.reshaped(to: [map[1], map[2], shapes, 4])
    }
}

extension Box {
    fileprivate var centre: (x: Float, y: Float) { ((x1 + x2) / 2, (y1 + y2) / 2) }

    fileprivate func moved(x: Float, y: Float) -> Box {
        Box(x1: x1 + x, y1: y1 + y, x2: x2 + x, y2: y2 + y)
    }

    /// The box scaled about its centre.
    fileprivate func resized(by factor: Float) -> Box {
        let (x, y) = (width / 2 * factor, height / 2 * factor)
        return Box(x1: centre.x - x, y1: centre.y - y, x2: centre.x + x, y2: centre.y + y)
    }
}
