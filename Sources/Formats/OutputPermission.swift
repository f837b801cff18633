#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A kind of file that is written here, and how an existing one is told from everything else.
package struct FileKind: Sendable {
    /// What such a file is called in messages: "PNG image".
    package let name: String
    /// Whether the file at a path is one.
    let recognizes: @Sendable (_ path: String) -> Bool

    /// A kind of the given name.
    /// - Parameter recognizes: whether the file at a path is of this kind; false also when it cannot be read.
    package init(_ name: String, recognizes: @escaping @Sendable (_ path: String) -> Bool) {
        self.name = name
        self.recognizes = recognizes
    }

    /// A kind of file that begins, after white space and a byte order mark, with one of `beginnings`, in upper or
    /// lower case.
    private init(_ name: String, beginningWith beginnings: [String]) {
        self.init(name) { path in
            let start = beginning(of: path, count: 512).drop {
                [0xEF, 0xBB, 0xBF, 0x20, 9, 10, 13].contains($0)
            }
            let text = String(decoding: start, as: UTF8.self).lowercased()
            return beginnings.contains { text.hasPrefix($0) }
        }
    }

    /// A PNG image.
    package static let png = FileKind("PNG image") { path in
        beginning(of: path, count: PNG.signature.count) == PNG.signature
    }
    /// An SVG drawing.
    package static let svg = FileKind("SVG drawing", beginningWith: ["<?xml", "<svg"])
    /// A PDF document.
    package static let pdf = FileKind("PDF document", beginningWith: ["%pdf-"])
    /// A web page.
    package static let html = FileKind("web page", beginningWith: ["<!doctype html", "<html"])
    /// A JSON object: annotations, a configuration, a line of a log.
    package static let jsonObject = FileKind("JSON object", beginningWith: ["{", "//", "/*"])
    /// A JSON list: detections.
    package static let jsonList = FileKind("list in JSON, as results are", beginningWith: ["["])
    /// The parameters of a network as a safetensors file. Other tensors under a format of their own are not.
    package static let parameters = FileKind("safetensors file of a network's parameters") { path in
        guard let file = try? TensorFile(contentsOf: path), file.container == .safetensors else {
            return false
        }
        return file.metadata["format"].map { ["pt", "np", "tf", "flax", "mlx"].contains($0) } ?? true
    }
}

/// Which files a command may write: none that it reads, and none in the place of a file of another kind, unless it
/// is told to.
///
///     let permission = OutputPermission(inputs: ["street.jpg"])
///     try permission.check("street.safetensors", .parameters)
///
/// Files are the same when they are the same on the disk, whatever the paths: relative, through a symbolic link, or
/// of two names. Asked before the work begins, so that a refusal costs nothing.
package struct OutputPermission: Sendable {
    /// Files that are read, by where they lie on the disk, and what the caller calls them.
    private let inputs: [Location: String]
    private let isForced: Bool

    private struct Location: Hashable {
        let device: UInt64
        let number: UInt64
    }

    /// - Parameters:
    ///   - inputs: the files that are read; of a folder, the files right in it. What does not exist is nobody's loss.
    ///   - isForced: whether everything may be replaced.
    package init(inputs: [String], isForced: Bool = false) {
        var known: [Location: String] = [:]
        for input in inputs {
            let paths = isFolder(input) ? fileNames(inFolder: input).map { input + "/" + $0 } : [input]
            for path in paths {
                if let location = Self.location(path) { known[location] = path }
            }
        }
        self.inputs = known
        self.isForced = isForced
    }

    /// Makes sure that a file of the given kind may be written at `path`, and can be.
    /// - Throws: ``FileError`` when it would take the place of an input or of a file of another kind, when it is no
    ///   regular file, and when its folder does not exist or cannot be written to.
    package func check(_ path: String, _ kind: FileKind) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            // Of a symbolic link that leads nowhere nothing is lost: the link is replaced.
            return try requireWritableFolder(of: path)
        }
        try requireRegularFile(status, path: path)
        try requireWritableFolder(of: path)
        guard !isForced else { return }
        let advice = "another --output, or --force"
        if let input = Self.location(path).flatMap({ inputs[$0] }) {
            throw FileError(
                path: path,
                fault: "is read by this command"
                    + (input == path ? "" : " as \(quoted(input))") + " and would be written over: \(advice)")
        }
        guard status.st_size == 0 || kind.recognizes(path) else {
            throw FileError(
                path: path, fault: "exists and is no \(kind.name), which would replace it: \(advice)")
        }
    }

    private static func location(_ path: String) -> Location? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Location(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            number: UInt64(truncatingIfNeeded: status.st_ino))
    }

    private func requireWritableFolder(of path: String) throws {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard access(folder, W_OK | X_OK) == 0 else { throw FileError(path: path, fault: lastSystemError()) }
    }
}

/// The first bytes of a regular file, at most `count`; none when it cannot be read.
private func beginning(of path: String, count: Int) -> [UInt8] {
    let start = try? withRegularFile(path) { descriptor, size in
        [UInt8](unsafeUninitializedCapacity: min(size, count)) { bytes, filled in
            filled = max(read(descriptor, bytes.baseAddress, min(size, count)), 0)
        }
    }
    return start ?? []
}

/// The names of what lies in a folder; none when it cannot be read.
private func fileNames(inFolder path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
                String(cString: $0)
            }
        }
        names.append(name)
    }
    return names
}
