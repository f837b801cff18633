/// Pieces of pickles, byte by byte after Python's `pickletools`.
enum Pickle {
    static func text(_ text: String) -> [UInt8] {
        [0x58] + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
    }

    static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(Int64(value)) }

    static func tuple(_ members: [UInt8]...) -> [UInt8] { [0x28] + members.flatMap { $0 } + [0x74] }

    static func integers(_ values: [Int]) -> [UInt8] { [0x28] + values.flatMap(integer) + [0x74] }

    /// `module.name`, by its full name.
    static func global(_ name: String) -> [UInt8] {
        let dot = name.lastIndex(of: ".") ?? name.startIndex
        return [0x63] + Array("\(name[..<dot])\n\(name[name.index(after: dot)...])\n".utf8)
    }

    static func call(_ function: String, _ arguments: [UInt8]...) -> [UInt8] {
        global(function) + [0x28] + arguments.flatMap { $0 } + [0x74, 0x52]
    }

    static func dictionary(_ entries: (String, [UInt8])...) -> [UInt8] {
        [0x7D, 0x28] + entries.flatMap { text($0) + $1 } + [0x75]
    }

    static func list(_ members: [UInt8]...) -> [UInt8] { [0x5D, 0x28] + members.flatMap { $0 } + [0x65] }

    static let none: [UInt8] = [0x4E]
    static let yes: [UInt8] = [0x88]
    static let no: [UInt8] = [0x89]

    static func storage(
        _ type: String = "torch.FloatStorage", key: String = "0", count: Int = 4, more: [UInt8] = []
    ) -> [UInt8] {
        tuple(text("storage"), global(type), text(key), text("cpu"), integer(count), more) + [0x51]
    }

    static func tensor(
        _ storage: [UInt8] = storage(), offset: Int = 0, shape: [Int] = [2, 2], strides: [Int] = [2, 1]
    ) -> [UInt8] {
        call(
            "torch._utils._rebuild_tensor_v2", storage, integer(offset), integers(shape), integers(strides),
            no,
            call("collections.OrderedDict"))
    }

    static func program(_ body: [UInt8]) -> [UInt8] { [0x80, 2] + body + [0x2E] }
}

/// Sixteen bytes: the floats 1, 2, 3, 4.
let fourFloats: [UInt8] = [Float(1), 2, 3, 4].flatMap { littleEndian($0.bitPattern) }

/// A PyTorch file of the zip form with that pickle, and one storage "0" of four floats.
func pytorchZip(_ pickle: [UInt8], storage: [UInt8] = fourFloats) -> [UInt8] {
    ZipBuilder.bytes(.init("archive/data.pkl", pickle), .init("archive/data/0", storage))
}

/// A PyTorch file of the old form with that object; `data` is what follows the list of storages.
func pytorchLegacy(
    _ object: [UInt8], keys: [UInt8] = Pickle.list(Pickle.text("0")),
    data: [UInt8] = littleEndian(Int64(4)) + fourFloats, version: Int = 1001,
    isLittleEndian: [UInt8] = Pickle.yes
) -> [UInt8] {
    [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        + Pickle.program(Pickle.integer(version))
        + Pickle.program(Pickle.dictionary(("little_endian", isLittleEndian)))
        + Pickle.program(object) + Pickle.program(keys) + data
}
