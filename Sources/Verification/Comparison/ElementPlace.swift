import Inference

/// Names an element of a stage's tensor by its meaning, for reports.
struct ElementPlace {
    /// The sizes of the network's input and of the map of the stage's level; nil if they are not known.
    let inputSize: (height: Int, width: Int)?
    let mapSize: (height: Int, width: Int)?

    /// Names an element: `channel 12, row 40, column 7 (input pixel x 30, y 162)`.
    func name(_ stage: Stage, shape: [Int], index: Int) -> String {
        var rest = index
        var position = shape
        for axis in shape.indices.reversed() {
            let length = max(shape[axis], 1)
            position[axis] = rest % length
            rest /= length
        }
        let parts = stage.name.split(separator: ".").map(String.init)
        switch (parts[0], parts[parts.count - 1], shape.count) {
        case ("input", "size", 1): return position[0] == 0 ? "height" : "width"
        case ("input", _, 3):
            return "channel \(position[0]), row \(position[1]), column \(position[2])"
        case ("rpn", _, 3) where parts[1] == "objectness":
            return "anchor \(position[0]), " + cell(position[1], position[2], shape)
        case ("rpn", _, 4):
            return "anchor \(position[0]), \(Self.delta(position[1])), "
                + cell(position[2], position[3], shape)
        case ("anchors", _, 2): return anchor(position[0], rows: shape[0]) + ", " + Self.edge(position[1])
        case (_, _, 3) where ["backbone", "fpn", "rpn"].contains(parts[0]):
            return "channel \(position[0]), " + cell(position[1], position[2], shape)
        case (_, "boxes", 2): return "row \(position[0]), " + Self.edge(position[1])
        case (_, "keypoints", 3):
            return "row \(position[0]), keypoint \(position[1]), " + ["x", "y", "score"][position[2] % 3]
        case (_, "masks", 3):
            return "row \(position[0]), pixel x \(position[2]), y \(position[1])"
        default: return region(parts, position)
        }
    }

    /// Names an element of a tensor with one row for each proposal or detection.
    private func region(_ parts: [String], _ position: [Int]) -> String {
        let row =
            parts[0] == "box"
            ? "proposal" : parts[0] == "mask" || parts[0] == "keypoint" ? "detection" : "row"
        var text = position.isEmpty ? "the number" : "\(row) \(position[0])"
        let last = parts[parts.count - 1]
        switch position.count {
        case 2:
            text +=
                (last == "logits" || last == "probabilities" ? ", class " : ", channel ") + "\(position[1])"
        case 3 where parts[0] == "box": text += ", class \(position[1]), \(Self.delta(position[2]))"
        case 3: text += ", row \(position[1]), column \(position[2])"
        case 4:
            let axis = last == "logits" ? "class" : last == "heatmaps" ? "keypoint" : "channel"
            text += ", \(axis) \(position[1]), row \(position[2]), column \(position[3])"
        default: break
        }
        return text
    }

    /// Names a position of a map, and the pixel of the network's input that contains its centre.
    private func cell(_ row: Int, _ column: Int, _ shape: [Int]) -> String {
        let text = "row \(row), column \(column)"
        let (height, width) = (shape[shape.count - 2], shape[shape.count - 1])
        guard let inputSize, height > 0, width > 0 else { return text }
        let x = (Double(column) + 0.5) * Double(inputSize.width) / Double(width)
        let y = (Double(row) + 0.5) * Double(inputSize.height) / Double(height)
        return text + " (input pixel x \(Int(x)), y \(Int(y)))"
    }

    /// Names an anchor; anchors are numbered by row, column and shape.
    private func anchor(_ index: Int, rows: Int) -> String {
        guard let mapSize, mapSize.height > 0, mapSize.width > 0,
            rows % (mapSize.height * mapSize.width) == 0
        else { return "anchor \(index)" }
        let shapes = max(rows / (mapSize.height * mapSize.width), 1)
        let cell = index / shapes
        return "anchor \(index % shapes) of row \(cell / mapSize.width), column \(cell % mapSize.width)"
    }

    private static func edge(_ index: Int) -> String {
        index < 4 ? ["x1", "y1", "x2", "y2"][index] : "column \(index)"
    }

    private static func delta(_ index: Int) -> String {
        index < 4 ? ["dx", "dy", "dw", "dh"][index] : "number \(index)"
    }
}
