/// Parameters in a bare pickle, as `pickle.dump` writes it: the format of detectron2's model zoo.
///
/// The arrays are NumPy's (see ``PickledArray``). PyTorch tensors keep their elements outside the pickle, so
/// a bare pickle cannot contain any.
enum BarePickle {
    /// Whether a file looks like a pickle: of protocol 2 to 5, which begin with a protocol number, or a
    /// dictionary of protocol 1.
    static func recognizes(_ file: MappedFile) -> Bool {
        let bytes = file.bytes
        guard bytes.count > 1 else { return false }
        let begins =
            bytes[0] == 0x80 && (2...5).contains(bytes[1]) || bytes[0] == 0x7D && bytes[1] == 0x71
        // A safetensors file can begin with the same bytes, for instance if its header has 640 bytes; but
        // then the zeros of the header length and the header's first brace follow.
        let isHeader =
            bytes.count > 8 && bytes[4..<8].allSatisfy { $0 == 0 } && bytes[8] == UInt8(ascii: "{")
        return begins && !isHeader
    }

    /// The arrays and notes of the pickle.
    /// - Throws: ``FileError`` for a damaged file, or when the pickle is not a dictionary of arrays.
    static func contents(_ file: MappedFile, entry: String? = nil) throws -> PyTorchStateDict.Contents {
        let pickle = try PickleReader.read(file, file.range)
        guard pickle.end == file.bytes.count else { throw file.error("goes on after its pickle") }
        return try PyTorchStateDict.contents(pickle, entry: entry) { storage in
            throw file.error(
                "refers to the storage \(quoted(storage.key)), which a bare pickle does not have")
        }
    }
}
