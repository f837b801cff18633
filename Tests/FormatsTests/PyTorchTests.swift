import Formats
import Testing

/// State dicts that are well-formed pickles, and right or wrong in other ways.
@Suite("PyTorch checkpoints")
struct PyTorchTests {
    private func file(_ entries: (String, [UInt8])...) -> [UInt8] {
        pytorchZip(
            Pickle.program([0x7D, 0x28] + entries.flatMap { Pickle.text($0) + $1 } + [0x75]))
    }

    @Test func waysToLookAtAStorage() throws {
        let file = try TensorFile(
            file(
                ("whole", Pickle.tensor()),
                ("transposed", Pickle.tensor(strides: [1, 2])),
                ("column", Pickle.tensor(offset: 1, shape: [2, 1], strides: [2, 77])),
                ("last", Pickle.tensor(offset: 3, shape: [], strides: [])),
                ("none", Pickle.tensor(offset: 4, shape: [0, 5], strides: [5, 1])),
                (
                    "bytes",
                    Pickle.tensor(Pickle.storage("torch.ByteStorage", count: 16), shape: [2], strides: [3])
                )),
            path: "f")
        try expect(file["whole"], [2, 2], [1, 2, 3, 4])
        try expect(file["transposed"], [2, 2], [1, 3, 2, 4])
        try expect(file["column"], [2, 1], [2, 4])
        try expect(file["last"], [], [4])
        try expect(file["none"], [0, 5], [])
        // The bytes 0 and 3 of the float 1, 0x3F800000.
        #expect(try file["bytes"]?.bytes() == [0, 0x3F])
    }

    @Test(arguments: [
        (Pickle.tensor(offset: 1), "reaches outside its storage"),
        (Pickle.tensor(offset: -1), "reaches outside its storage"),
        (Pickle.tensor(strides: [3, 1]), "reaches outside its storage"),
        (Pickle.tensor(strides: [-1, 1]), "reaches outside its storage"),
        (Pickle.tensor(offset: .max), "reaches outside its storage"),
        (Pickle.tensor(strides: [.max, .max]), "reaches outside its storage"),
        (Pickle.tensor(shape: [.max, 2], strides: [0, 0]), "impossible shape"),
        (Pickle.tensor(shape: [-1, 2]), "impossible shape"),
        (Pickle.tensor(shape: [1 << 40, 1], strides: [0, 0]), "more elements than its storage"),
        (Pickle.tensor(shape: [5], strides: [0]), "more elements than its storage"),
        (Pickle.tensor(strides: [1]), "1 strides for 2 axes"),
        (Pickle.tensor(shape: [Int](repeating: 1, count: 65), strides: []), "described in an unknown way"),
        (Pickle.tensor(Pickle.none), "described in an unknown way"),
        (Pickle.tensor(Pickle.storage(count: 5)), "does not have the size of its storage"),
        (Pickle.tensor(Pickle.storage(count: .max)), "does not have the size of its storage"),
        (Pickle.tensor(Pickle.storage(count: -4)), "malformed reference"),
        (Pickle.tensor(Pickle.storage(key: "1")), "lacks the zip member 'archive/data/1'"),
        (Pickle.tensor(Pickle.storage(key: "../data.pkl")), "lacks the zip member"),
        (Pickle.tensor(Pickle.storage("torch.UntypedStorage", count: 16)), "has no element type"),
        (Pickle.tensor(Pickle.none + [0x51]), "no storage"),
        (
            Pickle.tensor(
                Pickle.tuple(Pickle.text("module"), Pickle.none, Pickle.none, Pickle.none, Pickle.none) + [
                    0x51
                ]), "'module'"
        ),
        (Pickle.integer(3), "entry 'w' is a number"),
        (Pickle.text("x"), "entry 'w' is a text"),
        (Pickle.none, "entry 'w' is None"),
        (Pickle.storage(), "entry 'w' is a bare storage"),
        (Pickle.dictionary(), "entry 'w' is a dictionary"),
        (Pickle.call("torch._utils._rebuild_tensor_v2"), "entry 'w' is what Python's"),
    ])
    func rejectedTensors(tensor: [UInt8], fault: String) { expectFault(fault, file(("w", tensor))) }

    @Test func rejectedDictionaries() {
        expectFault("'w' twice", file(("w", Pickle.tensor()), ("w", Pickle.tensor())))
        expectFault(
            "a number for a name", pytorchZip(Pickle.program([0x7D, 0x4B, 1] + Pickle.tensor() + [0x73])))
        let long = String(repeating: "w", count: 5000)
        expectFault("a text for a name", file((long, Pickle.tensor())))
        expectFault("under 'model' a number", file(("model", Pickle.integer(1))))
        expectFault("holds a bare storage", pytorchZip(Pickle.program(Pickle.storage())))
    }

    /// `module.` goes when every name has it, and stays when one has not.
    @Test func prefix() throws {
        let both = file(("module.a", Pickle.tensor()), ("module.b", Pickle.tensor()))
        #expect(try TensorFile(both, path: "f").names == ["a", "b"])
        let one = file(("module.a", Pickle.tensor()), ("b", Pickle.tensor()))
        #expect(try TensorFile(one, path: "f").names == ["module.a", "b"])
    }

    @Test func rejectedArchives() {
        let pickle = Pickle.program(Pickle.dictionary(("w", Pickle.tensor())))
        let data = ZipBuilder.Member("archive/data/0", fourFloats)
        expectFault("one data.pkl", ZipBuilder.bytes(.init("data.pkl", pickle), data))
        expectFault("one data.pkl", ZipBuilder.bytes(.init("a/b/data.pkl", pickle), data))
        expectFault(
            "one data.pkl",
            ZipBuilder.bytes(.init("archive/data.pkl", pickle), .init("b/data.pkl", pickle), data))
        expectFault(
            "TorchScript",
            ZipBuilder.bytes(.init("archive/data.pkl", pickle), .init("archive/code/x.py", []), data))
        expectFault(
            "big-endian",
            ZipBuilder.bytes(
                .init("archive/data.pkl", pickle), .init("archive/byteorder", Array("big".utf8)), data))
        expectFault(
            "'archive/data/0' is compressed",
            ZipBuilder.bytes(.init("archive/data.pkl", pickle), .deflated("archive/data/0", fourFloats)))
        expectFault("the pickle ends too early", ZipBuilder.bytes(.init("archive/data.pkl", []), data))
    }

    @Test func legacyViews() throws {
        let view = Pickle.tuple(Pickle.text("view"), Pickle.integer(1), Pickle.integer(2))
        let object = Pickle.dictionary(
            ("w", Pickle.tensor(Pickle.storage(more: view), shape: [2], strides: [1])))
        try expect(try TensorFile(pytorchLegacy(object), path: "f")["w"], [2], [2, 3])

        let beyond = Pickle.dictionary(
            ("w", Pickle.tensor(Pickle.storage(more: view), shape: [3], strides: [1])))
        expectFault("reaches outside its storage", pytorchLegacy(beyond))
        for (offset, count) in [(1, 4), (-1, 2), (Int.max, 1), (1, Int.max), (2, -1)] {
            let view = Pickle.tuple(Pickle.text("view"), Pickle.integer(offset), Pickle.integer(count))
            let object = Pickle.dictionary(("w", Pickle.tensor(Pickle.storage(more: view))))
            expectFault("malformed view", pytorchLegacy(object))
        }
    }

    @Test func rejectedLegacyFiles() {
        let object = Pickle.dictionary(("w", Pickle.tensor()))
        expectFault("unknown version", pytorchLegacy(object, version: 1002))
        expectFault("big-endian", pytorchLegacy(object, isLittleEndian: Pickle.no))
        expectFault("lacks the list of its storages", pytorchLegacy(object, keys: Pickle.none))
        expectFault("lacks the storage '0'", pytorchLegacy(object, keys: Pickle.list(), data: []))
        expectFault(
            "a storage that no tensor uses", pytorchLegacy(object, keys: Pickle.list(Pickle.text("1"))))
        expectFault("a storage that no tensor uses", pytorchLegacy(object, keys: Pickle.list(Pickle.none)))
        let data = littleEndian(Int64(4)) + fourFloats
        expectFault(
            "lists the storage '0' twice",
            pytorchLegacy(object, keys: Pickle.list(Pickle.text("0"), Pickle.text("0")), data: data + data))
        expectFault("goes on after its last storage", pytorchLegacy(object, data: data + [0]))
        expectFault("ends too early", pytorchLegacy(object, data: data.dropLast()))
        for count in [3, 5, 1 << 40, Int64.max] {
            expectFault(
                "does not have the size", pytorchLegacy(object, data: littleEndian(count) + fourFloats))
        }
        expectFault(
            "length that no file has", pytorchLegacy(object, data: littleEndian(Int64(-1)) + fourFloats))
        // The pickle and the data agree on an absurd count.
        for count in [1 << 40, Int.max] {
            let object = Pickle.dictionary(("w", Pickle.tensor(Pickle.storage(count: count))))
            #expect(throws: FileError.self) {
                try TensorFile(pytorchLegacy(object, data: littleEndian(count) + fourFloats), path: "f")
            }
        }
        let twice = Pickle.dictionary(
            ("a", Pickle.tensor()), ("b", Pickle.tensor(Pickle.storage("torch.IntStorage"))))
        expectFault("describes the storage '0' in two ways", pytorchLegacy(twice))
    }

    @Test func otherKindsOfFile() {
        var tar = [UInt8](repeating: 0x61, count: 512)
        tar.replaceSubrange(257..<262, with: Array("ustar".utf8))
        expectFault("is a tar archive", tar)
        expectFault("entry 'w' is None", Pickle.program(Pickle.dictionary(("w", Pickle.none))))
        expectFault("is a pickle of protocol 0", Array("(dp0\nS'w'\n".utf8))
        expectFault("looks like JSON", Array(#"{"images": []}"#.utf8))
        expectFault(
            "no file of tensors that is known", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 0x4A, 0x46, 0x49, 0x46])
        expectFault("no file of tensors that is known", [0])
    }
}
