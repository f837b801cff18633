/// Parameters in a pickle with nothing around it, as `pickle.dump` writes it: detectron2's model zoo.
///
/// The arrays are NumPy's (see ``PickledArray``); a tensor of PyTorch keeps its elements outside its pickle, so
/// that a bare one cannot hold any.
enum BarePickle {
    /// Whether a file looks like a pickle: of protocols 2 to 5, which say so, or a dictionary of protocol 1.
    static func recognizes(_ file: MappedFile) -> Bool {
        let bytes = file.bytes
        guard bytes.count > 1 else { return false }
        let begins =
            bytes[0] == 0x80 && (2...5).contains(bytes[1]) || bytes[0] == 0x7D && bytes[1] == 0x71
        // A safetensors file begins alike if its header has, for instance, 640 bytes; but it goes on with the
        // length's zeros and the header's first brace.
        let isHeader =
            bytes.count > 8 && bytes[4..<8].allSatisfy { $0 == 0 } && bytes[8] == UInt8(ascii: "{")
        return begins && !isHeader
    }

    /// The arrays and notes of the pickle.
    /// - Throws: ``FileError`` for a damaged file, and for what is no dictionary of arrays.
    static func contents(_ file: MappedFile, entry: String? = nil) throws -> PyTorchStateDict.Contents {
        let pickle = try PickleReader.read(file, file.range)
        guard pickle.end == file.bytes.count else { throw file.error("goes on after its pickle") }
        return try PyTorchStateDict.contents(pickle, entry: entry) { storage in
            throw file.error(
                "refers to the storage \(quoted(storage.key)), which a bare pickle does not have")
        }
    }
}
