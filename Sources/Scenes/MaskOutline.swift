import Geometry

// How a mask becomes a polygon:
//
//     1. Walk around it from pixel corner to pixel corner, the object on the right.
//     2. If that was not the whole border, there is a hole or another piece: one polygon cannot say that.
//     3. Take the middle of each step; along a slanted edge they lie on a straight line, where the corners are
//        stairs. Leave out those that the others pass near.
//     4. If that covers other pixels than the mask to a notable extent, leave out fewer; if it still does, as for
//        tiny masks, take the corners themselves: they cover exactly the mask.

extension InstanceMask {
    /// The outline of a mask that is one piece without a hole: a polygon whose pixels, as COCO decides them, agree
    /// with the mask to an intersection over union of `agreement` or more. `nil` for all other masks.
    /// - Parameter tolerances: how far the outline may pass by the middles of the border's steps, in pixels, the
    ///   first to be tried first.
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

    /// The pixel corners along the border in order, one pixel's side apart; `nil` if the border is not a single
    /// closed line.
    private func borderCorners() -> [Polygon.Vertex]? {
        let region = bounds
        guard !region.isEmpty else { return nil }
        func isSet(_ x: Int, _ y: Int) -> Bool { self[row: y, column: x] }
        // The leftmost pixel of the first row: its upper side is part of the outer border.
        guard let startX = (region.x..<region.x + region.width).first(where: { isSet($0, region.y) }) else {
            return nil
        }
        var (x, y, dx, dy) = (startX, region.y, 1, 0)
        var corners: [Polygon.Vertex] = []
        repeat {
            corners.append(Polygon.Vertex(x: Double(x), y: Double(y)))
            x += dx
            y += dy
            // The pixels ahead of the corner, on the right and on the left. Where two pixels touch at a corner
            // only, the walk stays with the one it came along.
            let right = isSet(x + (dx - dy - 1) / 2, y + (dx + dy - 1) / 2)
            let left = isSet(x + (dx + dy - 1) / 2, y + (dy - dx - 1) / 2)
            if !right { (dx, dy) = (-dy, dx) } else if left { (dx, dy) = (dy, -dx) }
        } while !(x == startX && y == region.y && dx == 1 && dy == 0)
        return corners.count == borderLength(in: region) ? corners : nil
    }

    /// The number of pixel sides between the object and what is not.
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

/// The closed line without the vertices that it passes within `tolerance` of anyway (Douglas and Peucker, 1973).
private func simplified(_ vertices: [Polygon.Vertex], tolerance: Double) -> [Polygon.Vertex] {
    // Two vertices that stay cut the closed line into two open ones.
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
