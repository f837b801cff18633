import CCairo

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Lets `body` write a file that then appears at `path` in one step, by rename; if anything fails, nothing is
/// left and what was at `path` stays.
func writeFile(_ path: String, _ body: (FileSink) throws -> Void) throws {
    let partial = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36)).partial"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FigureError(subject: path, systemError: errno) }
    do {
        let sink = FileSink(descriptor: descriptor, path: path)
        // The sink outlives whatever Cairo writes through the pointer to it.
        let outcome = Result { try withExtendedLifetime(sink) { try body(sink) } }
        let closed = close(descriptor) == 0
        try outcome.get()
        guard closed, rename(partial, path) == 0 else { throw FigureError(subject: path, systemError: errno) }
    } catch {
        unlink(partial)
        throw error
    }
}

/// An open file that Cairo writes to.
final class FileSink {
    private let descriptor: Int32
    private let path: String
    private var failure: Int32?

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// What to pass to Cairo along with ``write``; valid while the sink is alive.
    var closure: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    /// Cairo's callback.
    static let write: cairo_write_func_t = { closure, bytes, count in
        guard let closure else { return CAIRO_STATUS_WRITE_ERROR }
        let sink = Unmanaged<FileSink>.fromOpaque(closure).takeUnretainedValue()
        return sink.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> cairo_status_t {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = systemWrite(descriptor, rest)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                failure = errno
                return CAIRO_STATUS_WRITE_ERROR
            }
            rest = rest.dropFirst(written)
        }
        return CAIRO_STATUS_SUCCESS
    }

    /// - Throws: ``FigureError`` if the file could not be written, or Cairo says that it failed.
    func check(_ status: cairo_status_t) throws {
        if let failure { throw FigureError(subject: path, systemError: failure) }
        guard status == CAIRO_STATUS_SUCCESS else { throw FigureError(subject: path, status: status) }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    write(descriptor, UnsafeRawBufferPointer(rebasing: bytes).baseAddress, bytes.count)
}

extension FigureError {
    /// What the system says of an operation on the file `subject` that failed with `errno`.
    init(subject: String, systemError errno: Int32) {
        self.init(
            subject: subject,
            fault: strerror(errno).map { String(cString: $0) } ?? "system error \(errno)")
    }
}
