import Geometry

// Anchors (Faster R-CNN, section 3.1.1; FPN, section 4.1): a fixed grid, the same for every picture of a size.
//
// 1. For one level: a box of each size and aspect ratio around (0, 0).
// 2. The same boxes around every position of the map, `stride` pixels apart: rows outermost, then columns,
//    then shapes.

/// The anchor shapes of one level, centred on the origin.
package struct AnchorShapes: Hashable, Sendable {
    /// One box a shape.
    package let boxes: [Box]

    /// Boxes of area size² whose height is `ratio` times their width, or the reverse.
    package init(sizes: [Float], aspectRatios: [Float], conventions: Conventions.Anchors) {
        func shape(_ size: Float, _ ratio: Float) -> Box {
            let heightRatio = ratio.squareRoot()
            let widthRatio = 1 / heightRatio
            func half(_ value: Float) -> Float {
                conventions.roundsCorners ? (value / 2).rounded(.toNearestOrEven) : value / 2
            }
            let (x, y) = (half(widthRatio * size), half(heightRatio * size))
            switch conventions.aspectRatio {
            case .heightOverWidth: return Box(x1: -x, y1: -y, x2: x, y2: y)
            case .widthOverHeight: return Box(x1: -y, y1: -x, x2: y, y2: x)
            }
        }
        boxes =
            conventions.ratiosAreOuter
            ? aspectRatios.flatMap { ratio in sizes.map { shape($0, ratio) } }
            : sizes.flatMap { size in aspectRatios.map { shape(size, $0) } }
    }
}

/// The anchors of one level of one picture, made when asked for: a grid needs no storage.
public struct AnchorGrid: RandomAccessCollection, Hashable, Sendable {
    /// The shapes at every position.
    package let shapes: AnchorShapes
    /// Positions of the map.
    package let size: PixelSize
    /// Pixels from one row of positions to the next.
    package let verticalStride: Int
    /// Pixels from one column of positions to the next.
    package let horizontalStride: Int
    /// Where the first position lies, in the frame of the resized picture: (0, 0) unless padding comes before it,
    /// or the conventions have an offset.
    private let originX: Float, originY: Float

    /// The grid for a map on a padded picture.
    /// - Parameters:
    ///   - shapes: the anchors of one position.
    ///   - size: of the map.
    ///   - nominalStride: 4, 8, 16 …, by the map's place in the network.
    ///   - padded: the size of the network's input.
    ///   - window: where the picture lies in the padded one; nil for its upper left corner.
    ///   - conventions: how far apart anchors are.
    package init(
        shapes: AnchorShapes, size: PixelSize, nominalStride: Int, padded: PixelSize,
        window: PixelRegion? = nil, conventions: Conventions.Anchors
    ) {
        self.shapes = shapes
        self.size = size
        switch conventions.stride {
        case .nominal:
            verticalStride = nominalStride
            horizontalStride = nominalStride
        case .measured:
            // A map without positions has no anchors, and any stride.
            verticalStride = padded.height / Swift.max(size.height, 1)
            horizontalStride = padded.width / Swift.max(size.width, 1)
        }
        originX = conventions.offset * Float(horizontalStride) - Float(window?.x ?? 0)
        originY = conventions.offset * Float(verticalStride) - Float(window?.y ?? 0)
    }

    /// The first index.
    public var startIndex: Int { 0 }
    /// The number of anchors.
    public var endIndex: Int { size.height * size.width * shapes.boxes.count }

    /// The anchor at an index that counts rows, columns and shapes, shapes fastest.
    public subscript(index: Int) -> Box {
        let (position, shape) = index.quotientAndRemainder(dividingBy: shapes.boxes.count)
        let (row, column) = position.quotientAndRemainder(dividingBy: size.width)
        let x = Float(column * horizontalStride) + originX, y = Float(row * verticalStride) + originY
        let box = shapes.boxes[shape]
        return Box(x1: x + box.x1, y1: y + box.y1, x2: x + box.x2, y2: y + box.y2)
    }
}
