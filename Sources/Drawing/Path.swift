#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An outline of straight lines and curves, in points. It may have several closed parts: a part within another
/// is a hole.
package struct Path: Sendable, Equatable {
    package enum Element: Sendable, Equatable {
        case move(Point)
        case line(Point)
        case curve(control1: Point, control2: Point, end: Point)
        case close
    }

    private(set) var elements: [Element] = []

    /// A path without any part.
    package init() {}

    /// The closed polygon with the given corners.
    package init(polygon corners: [Point]) {
        guard let first = corners.first else { return }
        move(to: first)
        for corner in corners.dropFirst() { line(to: corner) }
        close()
    }

    /// An ellipse, turned clockwise by an angle in degrees.
    package init(ellipseAt center: Point, radiusX: Double, radiusY: Double, angle: Double = 0) {
        // Four cubic curves; with this factor they leave a circle by less than 0.03 % of its radius.
        let k = 0.5522847498
        let transform = Transform(angle: angle, center: center)
        func point(_ x: Double, _ y: Double) -> Point {
            transform(Point(x: center.x + x * radiusX, y: center.y + y * radiusY))
        }
        move(to: point(1, 0))
        curve(to: point(0, 1), point(1, k), point(k, 1))
        curve(to: point(-1, 0), point(-k, 1), point(-1, k))
        curve(to: point(0, -1), point(-1, -k), point(-k, -1))
        curve(to: point(1, 0), point(k, -1), point(1, -k))
        close()
    }

    /// Starts a new part.
    package mutating func move(to point: Point) { elements.append(.move(point)) }

    /// Goes on straight.
    package mutating func line(to point: Point) { elements.append(.line(point)) }

    /// Goes on along a cubic Bézier curve with the given control points.
    package mutating func curve(to end: Point, _ control1: Point, _ control2: Point) {
        elements.append(.curve(control1: control1, control2: control2, end: end))
    }

    /// Goes back to where the part started.
    package mutating func close() { elements.append(.close) }

    /// Appends the parts of another path.
    package mutating func append(_ other: Path) { elements += other.elements }

    /// The path with all points moved by `transform`.
    private func mapped(_ transform: (Point) -> Point) -> Path {
        var path = Path()
        path.elements = elements.map { element in
            switch element {
            case .move(let point): .move(transform(point))
            case .line(let point): .line(transform(point))
            case .curve(let control1, let control2, let end):
                .curve(control1: transform(control1), control2: transform(control2), end: transform(end))
            case .close: .close
            }
        }
        return path
    }

    /// The path turned clockwise by an angle in degrees about a point.
    package func rotated(by angle: Double, about center: Point) -> Path {
        let transform = Transform(angle: angle, center: center)
        return mapped { transform($0) }
    }

    /// The path moved by the distance of a point from the origin.
    package func moved(by offset: Point) -> Path {
        mapped { Point(x: $0.x + offset.x, y: $0.y + offset.y) }
    }

    /// Whether all coordinates are finite and within a million points.
    var isDrawable: Bool {
        func isDrawable(_ point: Point) -> Bool { abs(point.x) <= 1e6 && abs(point.y) <= 1e6 }
        return elements.allSatisfy { element in
            switch element {
            case .move(let point), .line(let point): isDrawable(point)
            case .curve(let control1, let control2, let end):
                isDrawable(control1) && isDrawable(control2) && isDrawable(end)
            case .close: true
            }
        }
    }
}

/// A rotation about a point.
private struct Transform {
    let cosine: Double
    let sine: Double
    let center: Point

    init(angle: Double, center: Point) {
        cosine = cos(angle * .pi / 180)
        sine = sin(angle * .pi / 180)
        self.center = center
    }

    func callAsFunction(_ point: Point) -> Point {
        let (x, y) = (point.x - center.x, point.y - center.y)
        return Point(x: center.x + cosine * x - sine * y, y: center.y + sine * x + cosine * y)
    }
}
