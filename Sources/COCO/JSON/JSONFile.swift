import Execution
import Foundation

/// The bytes of a JSON file, whose entries can be read in any order.
///
/// The lists of a COCO file may come in any order, but annotations cannot be checked before images and
/// categories are known. So one pass over the file checks the grammar and notes where each entry begins; then
/// the entries are read in the order that the caller needs, in parallel.
struct JSONFile {
    let path: String
    private let data: Data

    /// Maps the file at `path`.
    /// - Throws: ``COCOError`` when it is missing, unreadable, empty, or not a regular file.
    init(path: String) throws {
        self.path = path
        let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: url.path) else {
            throw COCOError(path: path, fault: "does not exist or cannot be reached")
        }
        // Reading from a pipe or a device might never end.
        switch attributes[.type] as? FileAttributeType {
        case .typeRegular?: break
        case .typeDirectory?: throw COCOError(path: path, fault: "is a folder, not a file")
        default: throw COCOError(path: path, fault: "is not a regular file")
        }
        guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else {
            throw COCOError(path: path, fault: "cannot be read")
        }
        guard !data.isEmpty else { throw COCOError(path: path, fault: "is empty") }
        self.data = data
    }

    /// Calls `body` with a reader at the file's start, and checks that nothing follows the value that it
    /// reads.
    /// - Throws: ``COCOError`` when `body` throws a ``JSONFault``.
    func read(_ body: (inout JSONReader) throws -> Void) throws {
        try data.withUnsafeBytes { bytes in
            // Tools on Windows write a byte order mark, which RFC 8259 allows a reader to skip.
            if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
                throw COCOError(path: path, fault: "is UTF-16 text; JSON files are UTF-8")
            }
            var reader = JSONReader(bytes, at: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
            do {
                try body(&reader)
                try reader.expectEnd()
            } catch let fault as JSONFault {
                throw COCOError(path: path, fault: "\(fault.message) (byte \(fault.position))")
            }
        }
    }

    /// The results of `read` for the entries that begin at `starts`, in order, computed in parallel.
    func entries<Entry: Sendable>(
        at starts: [Int], _ read: @Sendable (inout JSONReader) throws -> Entry
    ) -> [Result<Entry, EntryFault>] {
        data.withUnsafeBytes { bytes in
            // Many threads read the bytes, none writes.
            nonisolated(unsafe) let bytes = bytes
            return parallelMap(starts.count, inBlocksOf: 256) { index in
                var reader = JSONReader(bytes, at: starts[index])
                do { return .success(try read(&reader)) } catch let fault as EntryFault {
                    return .failure(fault)
                } catch {
                    let message = (error as? JSONFault)?.message ?? "\(error)"
                    return .failure(EntryFault(.form, message))
                }
            }
        }
    }

    /// The id of the entry that begins at `start`; nil if it has none or it cannot be read.
    func identifier(at start: Int) -> Identifier? {
        data.withUnsafeBytes { bytes in
            var reader = JSONReader(bytes, at: start), identifier: Identifier?
            try? reader.object { reader, key in
                let before = reader
                if key == "id", let value = try? reader.identifier() {
                    identifier = value
                } else {
                    reader = before
                    try reader.skipValue()
                }
            }
            return identifier
        }
    }
}

extension JSONReader {
    /// Skips a list and returns the offsets at which its elements begin.
    mutating func elementStarts() throws -> [Int] {
        var starts: [Int] = []
        try list { reader in
            _ = reader.peek()
            starts.append(reader.position)
            try reader.skipValue()
        }
        return starts
    }

    /// Reads an optional field of an entry; null counts as absent. A fault names the field.
    mutating func optionalField<Value>(
        _ name: String, _ read: (inout JSONReader) throws -> Value
    ) throws -> Value? {
        if try skipNull() { return nil }
        return try field(name, read)
    }

    /// Reads a field that the rest of the entry does not depend on: if it is broken, the fault is appended to
    /// `faults` and reading goes on.
    mutating func part<Value>(
        _ name: String, _ reason: SkippedEntries.Reason, faults: inout [EntryFault],
        _ read: (inout JSONReader) throws -> Value?
    ) throws -> Value? {
        let before = self
        do { return try field(name, read) } catch let fault as EntryFault {
            self = before
            try skipValue()
            faults.append(EntryFault(reason, fault.message))
            return nil
        }
    }

    /// Reads a field of an entry. A fault names the field.
    mutating func field<Value>(_ name: String, _ read: (inout JSONReader) throws -> Value) throws -> Value {
        do { return try read(&self) } catch let fault as JSONFault {
            throw EntryFault(.form, "its \(name) \(fault.message)")
        }
    }
}

/// The value of a required field.
/// - Throws: `EntryFault` when it is nil.
func required<Value>(_ value: Value?, _ name: String) throws -> Value {
    guard let value else { throw EntryFault(.form, "has no \(name)") }
    return value
}
