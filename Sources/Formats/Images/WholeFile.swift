#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The largest file that is read into memory: more than any image within the limits needs.
private let fileSizeLimit = 1 << 30

/// The bytes of a regular file.
/// - Throws: ``FileError``, also for a directory, a pipe or a device, from which reading might never end.
func readFile(_ path: String) throws -> [UInt8] {
    // Opening a pipe that nobody writes to would wait for ever, but for O_NONBLOCK.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, systemError: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, systemError: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError(path: path, fault: "a directory, not a file")
    default: throw FileError(path: path, fault: "not a regular file")
    }
    let size = Int(status.st_size)
    guard size <= fileSizeLimit else {
        throw FileError(path: path, fault: "\(size) bytes are too many for an image")
    }
    return try [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
        while count < size {
            let got = read(descriptor, bytes.baseAddress.map { $0 + count }, size - count)
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw FileError(path: path, systemError: errno) }
            if got == 0 { break }
            count += got
        }
    }
}

/// Lets `body` write a file that then appears at `path` in one step, replacing what was there: it is written
/// beside `path` under another name, and renamed when all of it has arrived. If anything fails, nothing is
/// left and what was at `path` stays.
func writeFile(_ path: String, _ body: (UnsafeMutablePointer<FILE>) throws -> Void) throws {
    let partial = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36)).partial"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, systemError: errno) }
    do {
        guard let file = fdopen(descriptor, "wb") else {
            let error = errno
            close(descriptor)
            throw FileError(path: path, systemError: error)
        }
        var isOpen = true
        defer { if isOpen { fclose(file) } }
        try body(file)
        isOpen = false
        guard fclose(file) == 0, rename(partial, path) == 0 else {
            throw FileError(path: path, systemError: errno)
        }
    } catch {
        unlink(partial)
        throw error
    }
}

extension FileError {
    /// What the system says of an operation on the file at `path` that failed with `errno`.
    init(path: String, systemError errno: Int32) {
        let fault =
            switch errno {
            case ENOENT: "no such file or directory"
            case EACCES, EPERM: "permission denied"
            default: strerror(errno).map { String(cString: $0) } ?? "system error \(errno)"
            }
        self.init(path: path, fault: fault)
    }
}
