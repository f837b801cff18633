#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A file that appears as a whole or not at all: it is written under another name in the same folder, and
/// renamed when it is complete.
///
///     let file = try OutputFile(path: path)
///     try file.write(bytes)
///     try file.finish()
///
/// Without `finish`, for instance after an error, the unfinished file is deleted and the file at `path` stays
/// unchanged. A new file has permissions 0666 minus the process's `umask`.
public final class OutputFile {
    /// The suffix of the names of unfinished files. Such a file remains if the process is killed.
    public static let unfinishedSuffix = ".partial"

    private let path: String
    private let temporaryPath: String
    private var descriptor: Int32

    /// Opens a temporary file that will become the file at `path`, whose folder must exist.
    /// - Throws: ``FileError`` when nothing can be written there, also when `path` is a folder, a pipe or a
    ///   device: a rename would replace `/dev/null` by a file.
    public init(path: String) throws {
        self.path = path
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard name < path.endIndex else { throw FileError(path: path, fault: "is not the name of a file") }
        var status = stat()
        if stat(path, &status) == 0 { try requireRegularFile(status, path: path) }
        // Does not contain the final name, which may already have the maximum length.
        let number = String(UInt64.random(in: 0 ... .max), radix: 36)
        temporaryPath = "\(path[..<name]).\(number)\(Self.unfinishedSuffix)"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(path: path, fault: lastSystemError()) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporaryPath)
    }

    /// Appends `bytes`.
    /// - Throws: ``FileError`` when writing fails, for instance because the disk is full.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            #if canImport(Darwin)
                let written = Darwin.write(descriptor, part.baseAddress, part.count)
            #else
                let written = Glibc.write(descriptor, part.baseAddress, part.count)
            #endif
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw FileError(path: path, fault: lastSystemError()) }
            rest = rest.dropFirst(written)
        }
    }

    /// Appends `bytes`.
    /// - Throws: ``FileError`` when writing fails, for instance because the disk is full.
    public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    /// Renames the complete file to its final name, replacing an existing file.
    /// - Throws: ``FileError`` when closing or renaming fails.
    public func finish() throws {
        let isClosed = close(descriptor) == 0
        descriptor = -1
        guard isClosed, rename(temporaryPath, path) == 0 else {
            let fault = lastSystemError()
            unlink(temporaryPath)
            throw FileError(path: path, fault: fault)
        }
    }

    /// Writes a file with the given bytes.
    /// - Throws: ``FileError`` when writing fails; nothing is left behind then.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try OutputFile(path: path)
        try file.write(bytes)
        try file.finish()
    }
}
