#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A kind of file that commands write, and a test that recognises existing files of this kind.
package struct FileKind: Sendable {
    /// The name of the kind in messages: "PNG image".
    package let name: String
    /// Whether the file at a path is of this kind.
    let recognizes: @Sendable (_ path: String) -> Bool

    /// A kind with the given name.
    /// - Parameter recognizes: whether the file at a path is of this kind; false also when it cannot be read.
    package init(_ name: String, recognizes: @escaping @Sendable (_ path: String) -> Bool) {
        self.name = name
        self.recognizes = recognizes
    }

    /// A kind of file that begins with one of `beginnings`, in upper or lower case, possibly after white
    /// space and a byte order mark.
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
    /// A JSON object: an annotation file, a configuration, a log of JSON lines.
    package static let jsonObject = FileKind("JSON object", beginningWith: ["{", "//", "/*"])
    /// A JSON list: a results file.
    package static let jsonList = FileKind("list in JSON, as results are", beginningWith: ["["])
    /// The parameters of a network as a safetensors file. Other safetensors files, whose metadata names
    /// another format, are not of this kind.
    package static let parameters = FileKind("safetensors file of a network's parameters") { path in
        guard let file = try? TensorFile(contentsOf: path), file.container == .safetensors else {
            return false
        }
        return file.metadata["format"].map { ["pt", "np", "tf", "flax", "mlx"].contains($0) } ?? true
    }
}

/// Which files a command may write: unless forced, it may not overwrite its inputs or files of another kind.
///
///     let permission = OutputPermission(inputs: ["street.jpg"])
///     try permission.check("street.safetensors", .parameters)
///
/// Files are identified by their location on disk, not by path: relative paths, symbolic links and hard links
/// are recognised. Checked before the work begins, so that a refusal costs nothing.
package struct OutputPermission: Sendable {
    /// The caller's names of the input files, by their location on disk.
    private let inputs: [Location: String]
    private let isForced: Bool

    private struct Location: Hashable {
        let device: UInt64
        let number: UInt64
    }

    /// - Parameters:
    ///   - inputs: the files that are read; for a folder, the files directly in it. Missing files are
    ///     ignored.
    ///   - isForced: whether any file may be replaced.
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

    /// Checks that a file of the given kind may and can be written at `path`.
    /// - Throws: ``FileError`` when it would replace an input or a file of another kind, when it is not a
    ///   regular file, or when its folder does not exist or is not writable.
    package func check(_ path: String, _ kind: FileKind) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            // A dangling symbolic link may be replaced: nothing is lost.
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

/// The first bytes of a regular file, at most `count`; empty if it cannot be read.
private func beginning(of path: String, count: Int) -> [UInt8] {
    let start = try? withRegularFile(path) { descriptor, size in
        [UInt8](unsafeUninitializedCapacity: min(size, count)) { bytes, filled in
            filled = max(read(descriptor, bytes.baseAddress, min(size, count)), 0)
        }
    }
    return start ?? []
}

/// The names of the entries of a folder; empty if it cannot be read.
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
