// COCO stores objects as polygons, and its own rasteriser (maskApi.c, `rleFrPoly`) decides which pixels they
// cover. Evaluations are comparable only if that is reproduced exactly. It works like this:
//
//     1. Round the vertices to a grid five times as fine as the pixels.
//     2. Walk along the outline from grid point to grid point, one step at a time along the longer axis of
//        each edge.
//     3. Whenever a step crosses the centre line of a pixel column, note the row: reading down the column,
//        the value flips there.
//     4. Sort the flips. The distances between them are the run lengths.

/// The outline of an object, or of a part of it, in continuous image coordinates.
public struct Polygon: Hashable, Sendable {
    /// A corner of a polygon.
    public struct Vertex: Hashable, Sendable {
        /// Distance from the image's left edge, in pixels.
        public var x: Double
        /// Distance from the image's upper edge, in pixels.
        public var y: Double

        /// A corner at (`x`, `y`).
        public init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// The corners in order; the last is connected to the first.
    public let vertices: [Vertex]

    /// The largest absolute value of a coordinate, in pixels.
    public static let largestCoordinate = 1_000_000.0

    /// The polygon with the given corners, at least three.
    /// - Throws: ``PolygonError`` when there are fewer than three, when a coordinate is NaN or beyond
    ///   ``largestCoordinate``, or when the outline is too long to rasterise.
    public init(vertices: [Vertex]) throws(PolygonError) {
        guard vertices.count >= 3 else { throw .tooFewVertices(vertices.count) }
        for (index, vertex) in vertices.enumerated() {
            // NaN fails the comparisons too.
            let limit = Self.largestCoordinate
            guard abs(vertex.x) <= limit, abs(vertex.y) <= limit else {
                throw .coordinate(vertex: index)
            }
        }
        self.vertices = vertices
        let steps = edges.reduce(0) { $0 + $1.stepCount }
        guard steps <= Self.largestStepCount else { throw .tooLong }
    }

    /// The pixels inside the polygon, exactly as COCO's tools rasterise it.
    /// - Throws: ``RunLengthError`` when the image size is negative or too large.
    public func rasterized(in size: PixelSize) throws(RunLengthError) -> RunLengths {
        _ = try RunLengths.pixelCount(of: size)
        var flips: [Int] = []
        var previous: GridPoint?
        for edge in edges {
            edge.forEachPoint { point in
                if let previous, let flip = flip(from: previous, to: point, in: size) { flips.append(flip) }
                previous = point
            }
        }
        return RunLengths(uncheckedSize: size, flips: flips.sorted())
    }

    /// The position (`column · height + row`) where the value flips when the outline steps from one grid
    /// point to the next; nil if the step does not cross the centre line of one of the image's columns.
    private func flip(from start: GridPoint, to end: GridPoint, in size: PixelSize) -> Int? {
        if start.x == end.x { return nil }
        let left = end.x < start.x ? end.x : end.x - 1
        // The centre line of column c lies between grid columns 5c + 2 and 5c + 3.
        guard left >= 2, (left - 2) % gridScale == 0 else { return nil }
        let column = (left - 2) / gridScale
        guard column < size.width else { return nil }
        // The first row whose centre is not above the step; the image's height if there is none.
        let above = max(min(start.y, end.y) - 2, 0)
        let row = min((above + gridScale - 1) / gridScale, size.height)
        return column * size.height + row
    }

    /// The largest number of steps in an outline: far more than any annotation needs, and still walked in a
    /// second.
    private static let largestStepCount = 1 << 27

    private var edges: some Sequence<Edge> {
        let corners = vertices.map { GridPoint($0) }
        return corners.indices.lazy.map { index in
            Edge(start: corners[index], end: corners[index + 1 == corners.count ? 0 : index + 1])
        }
    }
}

/// Grid points per pixel, along each axis.
private let gridScale = 5

/// A point of the grid on which outlines are walked.
private struct GridPoint {
    var x: Int
    var y: Int

    init(x: Int, y: Int) {
        self.x = x
        self.y = y
    }

    init(_ vertex: Polygon.Vertex) {
        // Truncates towards zero after adding a half, as COCO's C code does: negative coordinates round
        // differently.
        x = Int(Double(gridScale) * vertex.x + 0.5)
        y = Int(Double(gridScale) * vertex.y + 0.5)
    }
}

/// The grid line from one corner to the next.
private struct Edge {
    let start: GridPoint
    let end: GridPoint

    var width: Int { abs(end.x - start.x) }
    var height: Int { abs(end.y - start.y) }
    var stepCount: Int { max(width, height) + 1 }

    /// Calls `body` with the points of the edge from start to end, both included. They are computed from the
    /// left or upper end whatever the direction of the edge, so that two polygons that share an edge agree.
    func forEachPoint(_ body: (GridPoint) -> Void) {
        let isWide = width >= height
        let isReversed = isWide ? start.x > end.x : start.y > end.y
        let (first, last) = isReversed ? (end, start) : (start, end)
        let length = max(width, height)
        if length == 0 { return body(start) }
        let slope =
            isWide ? Double(last.y - first.y) / Double(length) : Double(last.x - first.x) / Double(length)
        for step in 0...length {
            let t = isReversed ? length - step : step
            body(
                isWide
                    ? GridPoint(x: first.x + t, y: Int(Double(first.y) + slope * Double(t) + 0.5))
                    : GridPoint(x: Int(Double(first.x) + slope * Double(t) + 0.5), y: first.y + t))
        }
    }
}

/// Why a polygon from a file is refused.
public enum PolygonError: Error, Hashable, CustomStringConvertible {
    /// Fewer than three corners.
    case tooFewVertices(Int)
    /// A vertex with a coordinate that is NaN or beyond ``Polygon/largestCoordinate``.
    case coordinate(vertex: Int)
    /// An outline so long that rasterising it would take minutes.
    case tooLong

    /// One line that names the fault.
    public var description: String {
        switch self {
        case .tooFewVertices(let count): "a polygon of \(count) vertices"
        case .coordinate(let vertex): "a polygon's vertex \(vertex) is not a point of any picture"
        case .tooLong: "a polygon's outline is too long to draw"
        }
    }
}
