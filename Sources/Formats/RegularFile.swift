#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Opens the file at `path` for reading, passes its descriptor and its size in bytes to `body`, and closes
/// it.
/// - Throws: ``FileError`` when it cannot be opened, or is a folder, a pipe or a device, from which reading
///   might never end.
func withRegularFile<Outcome>(
    _ path: String, _ body: (_ descriptor: Int32, _ size: Int) throws -> Outcome
) throws -> Outcome {
    // Without O_NONBLOCK, opening a named pipe would wait forever for a writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, fault: lastSystemError()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, fault: lastSystemError()) }
    try requireRegularFile(status, path: path)
    return try body(descriptor, Int(status.st_size))
}

/// Reads the whole of a regular file of at most `limit` bytes into memory.
/// - Throws: ``FileError`` when it cannot be read, is not a regular file, or is larger than `limit`.
package func readFile(_ path: String, limit: Int) throws -> [UInt8] {
    try withRegularFile(path) { descriptor, size in
        guard size <= limit else { throw FileError(path: path, fault: "\(size) bytes are too many") }
        return try readBytes(size, from: descriptor, path: path)
    }
}

/// Reads the first `count` bytes of a regular file, or all if it has fewer.
/// - Throws: ``FileError`` when it cannot be read or is not a regular file.
func readStart(of path: String, count: Int) throws -> [UInt8] {
    try withRegularFile(path) { descriptor, size in
        try readBytes(min(size, count), from: descriptor, path: path)
    }
}

private func readBytes(_ size: Int, from descriptor: Int32, path: String) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
        while count < size {
            let got = read(descriptor, bytes.baseAddress.map { $0 + count }, size - count)
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw FileError(path: path, fault: lastSystemError()) }
            if got == 0 { break }
            count += got
        }
    }
}

/// Checks by its `status` that `path` is a regular file.
/// - Throws: ``FileError`` when it is a folder, a pipe or a device.
func requireRegularFile(_ status: stat, path: String) throws {
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError(path: path, fault: "is a folder, not a file")
    default: throw FileError(path: path, fault: "is not a regular file")
    }
}

/// Whether there is a folder at `path`.
func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// The message of the last failed system call, such as "No such file or directory".
func lastSystemError() -> String { String(cString: strerror(errno)) }
