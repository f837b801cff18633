#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The bytes of a memory-mapped file: opening costs nothing, and only the pages that are read are loaded.
///
/// Everything that borrows the bytes keeps this object alive; the file is unmapped with the last reference.
/// An unpacked archive member has the same type, with memory of its own.
///
/// A mapping is not a copy: if another program truncates the file while it is mapped, reading the lost part
/// ends the process (`SIGBUS`). Files are therefore replaced by rename, as ``OutputFile`` does, never
/// rewritten in place.
///
/// `@unchecked Sendable`: the bytes are never changed after `init`.
final class MappedFile: @unchecked Sendable {
    /// The file as the caller named it, for errors.
    let path: String
    /// All bytes.
    let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// Maps the file at `path`.
    /// - Throws: ``FileError`` when it is missing, unreadable, empty, or not a regular file.
    init(path: String) throws {
        bytes = try withRegularFile(path) { descriptor, size in
            guard size > 0 else { throw FileError(path: path, fault: "is empty") }
            guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
            else { throw FileError(path: path, fault: lastSystemError()) }
            return UnsafeRawBufferPointer(start: start, count: size)
        }
        self.path = path
        isMapped = true
    }

    /// Allocated memory of `count` bytes that `fill` writes, such as a member unpacked from the archive at
    /// `path`.
    init(path: String, count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        do { try fill(memory) } catch {
            memory.deallocate()
            throw error
        }
        self.path = path
        bytes = UnsafeRawBufferPointer(memory)
        isMapped = false
    }

    /// A copy of `contents`, called `path` in errors.
    convenience init(path: String, contents: [UInt8]) {
        self.init(path: path, count: contents.count) { $0.copyBytes(from: contents) }
    }

    deinit {
        if isMapped {
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        } else {
            bytes.deallocate()
        }
    }

    /// The range of all bytes.
    var range: Range<Int> { 0..<bytes.count }

    /// An error about this file.
    func error(_ fault: String) -> FileError { FileError(path: path, fault: fault) }

    /// Whether the bytes at `offset` are `expected`; false if that range is outside the file.
    func contains(_ expected: [UInt8], at offset: Int) -> Bool {
        offset >= 0 && offset <= bytes.count - expected.count
            && bytes[offset..<offset + expected.count].elementsEqual(expected)
    }

    /// The text in `range`, or nil when it is not UTF-8.
    func text(_ range: Range<Int>) -> String? {
        let text = String(decoding: bytes[range], as: UTF8.self)
        // Decoding replaces invalid UTF-8, and so changes the bytes.
        return text.utf8.elementsEqual(bytes[range]) ? text : nil
    }
}
