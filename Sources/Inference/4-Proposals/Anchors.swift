import Geometry

// Anchors (Faster R-CNN, section 3.1.1; FPN, section 4.1): a fixed grid, the same for every image of a size.
//
// 1. For one level: a box of each size and aspect ratio, centred on (0, 0).
// 2. The same boxes at every position of the map, `stride` pixels apart, ordered by row, then column, then shape.
//    Position (0, 0) is centred on the image's upper left corner, not on the centre of the first cell, unless the
//    conventions have an offset.

/// The anchor shapes of one level, centred on the origin.
package struct AnchorShapes: Hashable, Sendable {
    /// One box per shape, in pixels relative to the centre.
    package let boxes: [Box]

    /// Boxes of area size², before any rounding of the corners. Their height is `ratio` times their width, or the
    /// reverse, depending on the conventions.
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

/// The anchors of one level of one image, computed on access rather than stored.
public struct AnchorGrid: RandomAccessCollection, Hashable, Sendable {
    /// The shapes at every position.
    package let shapes: AnchorShapes
    /// Height and width of the level's map.
    package let size: PixelSize
    /// Pixels between neighbouring rows of positions.
    package let verticalStride: Int
    /// Pixels between neighbouring columns of positions.
    package let horizontalStride: Int
    /// Centre of the anchors of position (0, 0), in resized-image coordinates: (0, 0) unless there is padding on the
    /// left or above, or the conventions have an offset.
    private let originX: Float, originY: Float

    /// The grid of anchors for a map computed from a padded image.
    /// - Parameters:
    ///   - shapes: the anchors of one position.
    ///   - size: of the map.
    ///   - nominalStride: the stride that follows from the map's depth in the network: 4, 8, 16 …
    ///   - padded: the size of the network's input.
    ///   - window: the region of the padded image that the image occupies; nil if it starts at the upper left corner.
    ///   - conventions: the stride and the offset.
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
            // An empty map has no anchors; this only avoids a division by zero.
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

    /// The anchor at index (row · width + column) · shapes + shape, in resized-image coordinates.
    public subscript(index: Int) -> Box {
        let (position, shape) = index.quotientAndRemainder(dividingBy: shapes.boxes.count)
        let (row, column) = position.quotientAndRemainder(dividingBy: size.width)
        let x = Float(column * horizontalStride) + originX, y = Float(row * verticalStride) + originY
        let box = shapes.boxes[shape]
        return Box(x1: x + box.x1, y1: y + box.y1, x2: x + box.x2, y2: y + box.y2)
    }
}
