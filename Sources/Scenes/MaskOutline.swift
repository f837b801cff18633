import Geometry

// Converting a mask to a polygon:
//
//     1. Follow its border from pixel corner to pixel corner, with the object on the right.
//     2. If that is not the whole border, the mask has a hole or several pieces, which one polygon cannot represent.
//     3. Take the midpoint of each step: along a slanted edge the midpoints lie on a straight line, while the corners
//        form a staircase. Simplify this line.
//     4. If the polygon's pixels differ too much from the mask, simplify less; if they still do, as for tiny masks, use
//        the corners themselves, which reproduce the mask exactly.

extension InstanceMask {
    /// The outline of a mask that has one piece and no hole: a polygon whose pixels, rasterised as COCO does, have an
    /// IoU of at least `agreement` with the mask. `nil` for all other masks.
    /// - Parameter tolerances: the largest distances of the outline from the midpoints of the border's steps, in
    ///   pixels, in the order in which they are tried.
    package func outline(tolerances: [Double] = [0.7, 0.4], agreement: Double = 0.98) -> Polygon? {
        guard let corners = borderCorners() else { return nil }
        let middles = corners.indices.map { index in
            let (start, end) = (corners[index], corners[(index + 1) % corners.count])
            return Polygon.Vertex(x: (start.x + end.x) / 2, y: (start.y + end.y) / 2)
        }
        let own = RunLengths(self)
        for (line, tolerance) in tolerances.map({ (middles, $0) }) + [(corners, 0)] {
            guard let polygon = try? Polygon(vertices: simplified(line, tolerance: tolerance)),
                let covered = try? polygon.rasterized(in: imageSize)
            else { continue }
            if covered.overlap(with: own) >= agreement { return polygon }
        }
        return nil
    }

    /// The pixel corners along the border in order, one pixel apart; `nil` if the border is not a single closed line.
    private func borderCorners() -> [Polygon.Vertex]? {
        let region = bounds
        guard !region.isEmpty else { return nil }
        func isSet(_ x: Int, _ y: Int) -> Bool { self[row: y, column: x] }
        // The leftmost pixel of the first row, whose upper side is part of the outer border.
        guard let startX = (region.x..<region.x + region.width).first(where: { isSet($0, region.y) }) else {
            return nil
        }
        var (x, y, dx, dy) = (startX, region.y, 1, 0)
        var corners: [Polygon.Vertex] = []
        repeat {
            corners.append(Polygon.Vertex(x: Double(x), y: Double(y)))
            x += dx
            y += dy
            // The pixels ahead of the corner, on the right and on the left. Where two pixels touch only at a corner,
            // the path stays with the current one.
            let right = isSet(x + (dx - dy - 1) / 2, y + (dx + dy - 1) / 2)
            let left = isSet(x + (dx + dy - 1) / 2, y + (dy - dx - 1) / 2)
            if !right { (dx, dy) = (-dy, dx) } else if left { (dx, dy) = (dy, -dx) }
        } while !(x == startX && y == region.y && dx == 1 && dy == 0)
        return corners.count == borderLength(in: region) ? corners : nil
    }

    /// The number of pixel sides between the object and the background.
    private func borderLength(in region: PixelRegion) -> Int {
        var length = 0
        for row in region.y..<region.y + region.height {
            for column in region.x..<region.x + region.width where self[row: row, column: column] {
                for (dy, dx) in [(0, 1), (1, 0), (0, -1), (-1, 0)]
                where !self[row: row + dy, column: column + dx] {
                    length += 1
                }
            }
        }
        return length
    }
}

/// The closed line without vertices within `tolerance` of the simplified one (Douglas and Peucker, 1973).
private func simplified(_ vertices: [Polygon.Vertex], tolerance: Double) -> [Polygon.Vertex] {
    // Two vertices that are kept split the closed line into two open ones.
    let far = vertices.indices.max {
        squaredDistance(vertices[$0], vertices[0]) < squaredDistance(vertices[$1], vertices[0])
    }
    guard let far, far > 0 else { return vertices }
    var isKept = [Bool](repeating: false, count: vertices.count + 1)
    let closed = vertices + [vertices[0]]
    isKept[0] = true
    isKept[far] = true
    var open = [(0, far), (far, vertices.count)]
    while let (start, end) = open.popLast() {
        var worst = (index: 0, distance: tolerance)
        for index in start + 1..<max(end, start + 1) {
            let distance = distance(closed[index], from: closed[start], closed[end])
            if distance > worst.distance { worst = (index, distance) }
        }
        guard worst.index > 0 else { continue }
        isKept[worst.index] = true
        open += [(start, worst.index), (worst.index, end)]
    }
    return vertices.indices.filter { isKept[$0] }.map { vertices[$0] }
}

private func squaredDistance(_ first: Polygon.Vertex, _ second: Polygon.Vertex) -> Double {
    let (x, y) = (first.x - second.x, first.y - second.y)
    return x * x + y * y
}

/// The distance of a vertex from the straight line through two others.
private func distance(
    _ vertex: Polygon.Vertex, from start: Polygon.Vertex, _ end: Polygon.Vertex
) -> Double {
    let length = squaredDistance(start, end).squareRoot()
    if length == 0 { return squaredDistance(vertex, start).squareRoot() }
    let cross =
        (end.x - start.x) * (vertex.y - start.y) - (end.y - start.y) * (vertex.x - start.x)
    return abs(cross) / length
}
