#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

// NumPy's containers.
//
// An .npy file holds one array:
//
//     6 bytes    93 4E 55 4D 50 59 ("\x93NUMPY")
//     2 bytes    version: 1.0, 2.0 or 3.0
//     2 bytes    header length, little-endian; 4 bytes from version 2 on
//     header     {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, spaces, a line feed
//     the rest   the elements
//
// An .npz file is a zip of such files, stored or deflated. Format: numpy/lib/format.py.

/// The arrays of an npy file, an npz file, or a folder of npy files.
enum NumpyArrays {
    private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
    /// NumPy's limit: headers of numeric arrays are shorter.
    private static let headerLimit = 10_000
    private static let longestPrelude = 12 + headerLimit

    /// Whether `file` starts like an npy file.
    static func recognizes(_ file: MappedFile) -> Bool { file.contains(magic, at: 0) }

    /// The array of an npy file, named after the file.
    /// - Throws: ``FileError`` for a damaged file, or elements that are not numbers.
    static func tensor(_ file: MappedFile) throws -> StoredTensor {
        let name = file.path.split(separator: "/").last.map(String.init) ?? ""
        return try tensor(
            name.hasSuffix(".npy") ? String(name.dropLast(4)) : name, .mapped(file, file.range),
            prelude: ByteReader(file, file.range, part: "the npy header"))
    }

    /// The arrays of an npz file, in the order of the file.
    /// - Throws: ``FileError`` for a damaged file, or elements that are not numbers.
    static func tensors(_ archive: ZipArchive) throws -> [StoredTensor] {
        try archive.members.map { member in
            let file = archive.file
            guard member.name.hasSuffix(".npy") else {
                throw file.error("has the member \(quoted(member.name)), which is no npy array")
            }
            let name = String(member.name.dropLast(4))
            let part = "the header of \(quoted(member.name))"
            guard member.isDeflated else {
                return try tensor(name, member.contents, prelude: ByteReader(file, member.data, part: part))
            }
            let start = try member.unpacked(first: longestPrelude)
            return try tensor(name, member.contents, prelude: ByteReader(start, start.range, part: part))
        }
    }

    /// The arrays of a folder, sorted by name; files without the extension `.npy` are ignored.
    /// - Throws: ``FileError`` when the folder has none, or one is damaged.
    static func tensors(folder path: String) throws -> [StoredTensor] {
        guard let folder = opendir(path) else { throw FileError(path: path, fault: lastSystemError()) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            if name.hasSuffix(".npy") && !name.hasPrefix(".") { names.append(name) }
        }
        guard !names.isEmpty else { throw FileError(path: path, fault: "is a folder without .npy files") }
        return try names.sorted().map { try tensor(try MappedFile(path: "\(path)/\($0)")) }
    }

    /// - Parameters:
    ///   - contents: the whole npy file.
    ///   - prelude: the start of the file, at least up to the end of the header.
    private static func tensor(
        _ name: String, _ contents: StoredBytes, prelude: ByteReader
    ) throws -> StoredTensor {
        var reader = prelude
        let start = try reader.take(magic.count)
        guard reader.file.contains(magic, at: start.lowerBound) else {
            throw reader.error("has a wrong signature")
        }
        let version = try reader.integer(UInt8.self)
        _ = try reader.integer(UInt8.self)
        guard (1...3).contains(version) else { throw reader.error("has the unknown version \(version)") }
        let length =
            version == 1 ? Int(try reader.integer(UInt16.self)) : Int(try reader.integer(UInt32.self))
        guard length <= headerLimit else { throw reader.error("is too long (\(length) bytes)") }
        let range = try reader.take(length)
        let header = try Header(ByteReader(reader.file, range, part: reader.part))

        let dataStart = range.upperBound - start.lowerBound
        let data = contents.part(dataStart..<contents.count)
        guard let count = elementCount(of: header.shape), header.element.byteCount(of: count) == data.count
        else {
            throw reader.error(
                "describes \(header.element.rawValue) \(header.shape), but \(data.count) bytes follow")
        }
        return try StoredTensor(
            name: name, element: header.element, shape: header.shape, contents: data,
            strides: header.isFortranOrder ? fortranStrides(of: header.shape) : nil,
            isBigEndian: header.isBigEndian)
    }

    /// The strides, in elements, of an array in Fortran order: its first axis is contiguous.
    static func fortranStrides(of shape: [Int]) -> [Int] {
        var strides: [Int] = []
        var stride = 1
        for length in shape {
            strides.append(stride)
            // The number of elements has been checked, so only a shape with a zero can overflow.
            stride = stride.multipliedReportingOverflow(by: max(length, 1)).partialValue
        }
        return strides
    }

    /// The contents of the header.
    private struct Header {
        let element: ElementType
        let isBigEndian: Bool
        let isFortranOrder: Bool
        let shape: [Int]

        init(_ reader: ByteReader) throws {
            var scanner = HeaderScanner(reader, syntax: .python)
            var description: String?
            var order: String?
            var shape: [Int]?
            try scanner.object { scanner, key in
                switch key {
                case "descr" where description == nil:
                    guard scanner.peek() != UInt8(ascii: "[") else {
                        throw scanner.error("describes structured elements, which are not read")
                    }
                    description = try scanner.string()
                case "fortran_order" where order == nil: order = try scanner.word()
                case "shape" where shape == nil: shape = try scanner.integers(between: "(", and: ")")
                default: throw scanner.error("has an unexpected \(quoted(key))")
                }
            }
            try scanner.expectEnd()
            guard let description, let order, let shape, order == "True" || order == "False" else {
                throw scanner.error("lacks descr, fortran_order or shape")
            }
            let type = description.dropFirst()
            guard let first = description.first, "<>|=".contains(first),
                let element = NumpyArrays.elements[String(type)]
            else {
                throw scanner.error(
                    type == "O"
                        ? "describes pickled Python objects, which are not read"
                        : "describes elements of type \(quoted(description)), which are not read")
            }
            self.element = element
            isBigEndian = first == ">"
            isFortranOrder = order == "True"
            self.shape = shape
        }
    }

    /// NumPy's names of the supported element types: a kind and a number of bytes.
    static let elements: [String: ElementType] = [
        "b1": .bool, "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64,
        "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
        "f2": .float16, "f4": .float32, "f8": .float64,
    ]
}
