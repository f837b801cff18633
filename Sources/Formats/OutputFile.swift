#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A file that appears whole or not at all: it is written under another name in the same folder, and renamed
/// when it is complete.
///
///     let file = try OutputFile(path: path)
///     try file.write(bytes)
///     try file.finish()
///
/// Without `finish`, because an error came between, the unfinished file is deleted, and what was at `path`
/// stays. A new file has the permissions that the process's `umask` leaves.
public final class OutputFile {
    /// How the names of unfinished files end. Such a file is left when the process is killed.
    public static let unfinishedSuffix = ".partial"

    private let path: String
    private let temporaryPath: String
    private var descriptor: Int32

    /// Starts the file that will be at `path`. Its folder must exist.
    /// - Throws: ``FileError`` when nothing can be written there. That is also so where a folder, a pipe or a
    ///   device is: a rename would put a file in the place of `/dev/null`.
    public init(path: String) throws {
        self.path = path
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard name < path.endIndex else { throw FileError(path: path, fault: "is not the name of a file") }
        var status = stat()
        if stat(path, &status) == 0 { try requireRegularFile(status, path: path) }
        // Without the final name in it: that may already be as long as names can be.
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
    /// - Throws: ``FileError`` when the disk is full, for instance.
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
    /// - Throws: ``FileError`` when the disk is full, for instance.
    public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    /// Gives the complete file its name; replaces what was there.
    /// - Throws: ``FileError`` when that is not possible.
    public func finish() throws {
        let isClosed = close(descriptor) == 0
        descriptor = -1
        guard isClosed, rename(temporaryPath, path) == 0 else {
            let fault = lastSystemError()
            unlink(temporaryPath)
            throw FileError(path: path, fault: fault)
        }
    }

    /// Writes a file of the given bytes.
    /// - Throws: ``FileError`` when that is not possible; nothing is left then.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try OutputFile(path: path)
        try file.write(bytes)
        try file.finish()
    }
}
