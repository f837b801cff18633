import Geometry

// The value formats that annotation files and results files have in common.

extension JSONReader {
    /// Reads `[x, y, width, height]`; nil for null and for the empty list.
    mutating func box() throws -> AnnotationBox? {
        if try skipNull() { return nil }
        let numbers = try numbers()
        if numbers.isEmpty { return nil }
        guard numbers.count == 4 else {
            throw EntryFault(.form, "its bbox is \(numbers.count) numbers, not 4")
        }
        return AnnotationBox(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }

    /// Reads `[x, y, visibility, …]`; nil for null.
    mutating func keypoints() throws -> [AnnotationKeypoint]? {
        if try skipNull() { return nil }
        let numbers = try numbers()
        guard numbers.count % 3 == 0 else {
            throw EntryFault(.keypoints, "its keypoints are \(numbers.count) numbers, not three each")
        }
        return stride(from: 0, to: numbers.count, by: 3).map {
            AnnotationKeypoint(x: numbers[$0], y: numbers[$0 + 1], visibility: numbers[$0 + 2])
        }
    }

    /// Reads polygons `[[x, y, …], …]`, run lengths `{"size": [height, width], "counts": …}`, or a list of
    /// run lengths; the value is nil for null and for the empty list.
    mutating func segmentation() throws -> ReadSegmentation {
        switch peek() {
        case UInt8(ascii: "n"):
            _ = try skipNull()
            return ReadSegmentation()
        case UInt8(ascii: "["):
            var outlines: [[Double]] = [], masks: [RunLengths] = []
            try list { reader in
                switch reader.peek() {
                case UInt8(ascii: "["): outlines.append(try reader.numbers())
                case UInt8(ascii: "{"): masks.append(try reader.runLengths())
                default:
                    throw EntryFault(
                        .segmentation, "its segmentation is a list of numbers, not of polygons")
                }
            }
            return try ReadSegmentation(outlines: outlines, masks: masks)
        default: return ReadSegmentation(value: .runLengths(try runLengths()))
        }
    }

    /// Reads the elements of a list.
    mutating func values<Value>(_ element: (inout JSONReader) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        try list { values.append(try element(&$0)) }
        return values
    }

    private mutating func runLengths() throws -> RunLengths {
        var size: [Int]?, compressed: String?, counts: [UInt32]?
        try object { reader, key in
            switch key {
            case "size": size = try reader.values { try $0.integer() }
            case "counts" where reader.peek() == UInt8(ascii: "["):
                counts = try reader.values { reader in
                    guard let count = UInt32(exactly: try reader.integer()) else {
                        throw reader.fault("has a run of negative or huge length")
                    }
                    return count
                }
            case "counts": compressed = try reader.string()
            default: try reader.skipValue()
            }
        }
        guard let size, size.count == 2 else { throw fault("has no size of two numbers") }
        let pixels = PixelSize(height: size[0], width: size[1])
        do {
            if let compressed { return try RunLengths(size: pixels, compressed: compressed) }
            if let counts { return try RunLengths(size: pixels, counts: counts) }
        } catch { throw EntryFault(.segmentation, "\(error)") }
        throw fault("has no counts")
    }
}

/// The segmentation of an entry, and its deviations from the format.
struct ReadSegmentation {
    var value: Segmentation?
    var oddities: [Oddity] = []
}

extension ReadSegmentation {
    /// The segmentation given by a list of polygons or of run lengths. The first polygon decides how COCO's
    /// tools read the list; polygons of fewer than three points cover no pixel.
    /// - Throws: `EntryFault` when nothing in it can be rasterised.
    fileprivate init(outlines: [[Double]], masks: [RunLengths]) throws(EntryFault) {
        if let first = masks.first {
            guard outlines.isEmpty, masks.allSatisfy({ $0.size == first.size }) else {
                throw EntryFault(
                    .segmentation, "its segmentation mixes polygons and masks, or masks of several sizes")
            }
            value = .runLengths(masks.dropFirst().reduce(first) { $0.union(with: $1) })
            return
        }
        guard let first = outlines.first else { return }
        var polygons: [Polygon] = []
        polygons.reserveCapacity(outlines.count)
        for outline in outlines where outline.count >= 6 {
            do {
                polygons.append(
                    try Polygon(
                        vertices: stride(from: 0, to: outline.count - 1, by: 2).map {
                            Polygon.Vertex(x: outline[$0], y: outline[$0 + 1])
                        }))
            } catch { throw EntryFault(.segmentation, "\(error)") }
        }
        guard !polygons.isEmpty || first.count > 4 else {
            throw EntryFault(.segmentation, "a polygon of \(first.count / 2) vertices")
        }
        if polygons.count < outlines.count { oddities.append(.strayPolygon) }
        if outlines.contains(where: { $0.count >= 6 && $0.count % 2 == 1 }) {
            oddities.append(.unevenPolygon)
        }
        value = .polygons(polygons)
    }
}

extension Segmentation {
    /// The smallest box around it; nil when it covers no pixel.
    var bounds: AnnotationBox? {
        func box(_ x: [Double], _ y: [Double]) -> AnnotationBox? {
            guard let left = x.min(), let right = x.max(), let top = y.min(), let bottom = y.max() else {
                return nil
            }
            return AnnotationBox(x: left, y: top, width: right - left, height: bottom - top)
        }
        switch self {
        case .polygons(let polygons):
            let vertices = polygons.flatMap(\.vertices)
            return box(vertices.map(\.x), vertices.map(\.y))
        case .runLengths(let mask): return mask.area == 0 ? nil : AnnotationBox(mask.bounds)
        }
    }
}
