import Geometry

// The forms that entries of annotation files and of results files have in common.

extension JSONReader {
    /// `[x, y, width, height]`; nil for null and for the empty list.
    mutating func box() throws -> AnnotationBox? {
        if try skipNull() { return nil }
        let numbers = try numbers()
        if numbers.isEmpty { return nil }
        guard numbers.count == 4 else {
            throw EntryFault(.form, "its bbox is \(numbers.count) numbers, not 4")
        }
        return AnnotationBox(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }

    /// `[x, y, visibility, …]`; nil for null.
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

    /// Polygons `[[x, y, …], …]`, or run lengths `{"size": [height, width], "counts": …}`; nil for null and for
    /// the empty list.
    mutating func segmentation() throws -> Segmentation? {
        switch peek() {
        case UInt8(ascii: "n"):
            _ = try skipNull()
            return nil
        case UInt8(ascii: "["):
            let polygons = try values { try $0.polygon() }
            return polygons.isEmpty ? nil : .polygons(polygons)
        default: return .runLengths(try runLengths())
        }
    }

    /// The elements of a list.
    mutating func values<Value>(_ element: (inout JSONReader) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        try list { values.append(try element(&$0)) }
        return values
    }

    private mutating func polygon() throws -> Polygon {
        let numbers = try numbers()
        guard numbers.count % 2 == 0 else {
            throw EntryFault(.segmentation, "a polygon of \(numbers.count) numbers, not two a vertex")
        }
        do {
            return try Polygon(
                vertices: stride(from: 0, to: numbers.count, by: 2).map {
                    Polygon.Vertex(x: numbers[$0], y: numbers[$0 + 1])
                })
        } catch { throw EntryFault(.segmentation, "\(error)") }
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
