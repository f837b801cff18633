import Formats
import Testing

/// Pickles that no state dict is, and that Python would partly run.
@Suite("Pickles")
struct PickleTests {
    private func expectFault(
        _ fault: String, _ body: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        FormatsTests.expectFault(fault, pytorchZip(Pickle.program(body)), sourceLocation: sourceLocation)
        let isUsed = body.contains(Array("torch\nFloatStorage".utf8))
        let legacy = isUsed ? pytorchLegacy(body) : pytorchLegacy(body, keys: Pickle.list(), data: [])
        FormatsTests.expectFault(fault, legacy, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        "os.system", "posix.system", "nt.system", "os.path.join", "subprocess.Popen", "sys.exit",
        "builtins.eval",
        "builtins.exec", "__builtin__.eval", "builtins.__import__",
    ])
    func codeIsRefusedWhereverItStands(function: String) {
        expectFault("'\(function)', which would run code", Pickle.call(function, Pickle.text("ls")))
        let beside = Pickle.dictionary(
            ("model", Pickle.dictionary(("w", Pickle.tensor()))),
            ("x", Pickle.call(function, Pickle.text("ls"))))
        expectFault("'\(function)', which would run code", beside)
        let dot = function.lastIndex(of: ".") ?? function.startIndex
        let parts = (function[..<dot], function[function.index(after: dot)...])
        expectFault(
            "'\(function)', which would run code",
            Pickle.text(String(parts.0)) + Pickle.text(String(parts.1)) + [0x93] + Pickle.tuple() + [0x52])
    }

    /// A function or class that is not known is named when the state dict needs it.
    @Test func foreignGlobals() {
        let call = Pickle.call("evil.module.f", Pickle.text("x"))
        expectFault("'evil.module.f'", call)
        expectFault("'evil.module.f'", Pickle.global("evil.module.f"))
        expectFault("'evil.module.f'", Pickle.dictionary(("w", Pickle.tensor()), ("x", call)))
        expectFault("'evil.module.f'", Pickle.dictionary(("model", call)))
        expectFault("'evil.module.f'", Pickle.dictionary(("model", call + Pickle.dictionary() + [0x62])))
        expectFault(
            "'evil.module.f'",
            Pickle.dictionary(
                ("w", Pickle.call("torch._utils._rebuild_parameter", call, Pickle.yes, Pickle.none))))
        expectFault("'evil.Class'", Pickle.global("evil.Class") + Pickle.tuple() + [0x81])
        expectFault(
            "'torch._utils._rebuild_qtensor'",
            Pickle.dictionary(("w", Pickle.call("torch._utils._rebuild_qtensor"))))
        expectFault(
            "unknown type 'evil.Storage'",
            Pickle.dictionary(("w", Pickle.tensor(Pickle.storage("evil.Storage")))))
    }

    /// The same beside the state dict is nothing but a name.
    @Test func foreignGlobalsElsewhere() throws {
        let body = Pickle.dictionary(
            ("model", Pickle.dictionary(("w", Pickle.tensor()))),
            ("x", Pickle.call("evil.module.f", Pickle.text("x")) + Pickle.dictionary() + [0x62]))
        for file in [pytorchZip(Pickle.program(body)), pytorchLegacy(body)] {
            try expect(try TensorFile(file, path: "f")["w"], [2, 2], [1, 2, 3, 4])
        }
    }

    @Test(arguments: [
        (UInt8(0x50), "PERSID"), (0x69, "INST"), (0x6F, "OBJ"), (0x82, "EXT1"), (0x83, "EXT2"),
        (0x84, "EXT4"),
        (0x97, "NEXT_BUFFER"), (0x98, "READONLY_BUFFER"), (0x53, "STRING"), (0xFF, "0xff"), (0x00, "0x00"),
    ])
    func instructionsThatAreRefused(code: UInt8, name: String) {
        expectFault("the instruction \(name), which is refused", [0x7D, code, 1, 1, 1, 1])
    }

    @Test func brokenPrograms() {
        expectFault("unknown protocol 9", [0x80, 9])
        expectFault("takes a value that is not there", [])
        expectFault("takes a value that is not there", [0x85])
        expectFault("takes a value that is not there", [0x7D, 0x28, 0x62])
        expectFault("takes a value that is not there", [0x52])
        expectFault("a mark that is not there", [0x74])
        expectFault("leaves values behind", [0x7D, 0x7D])
        expectFault("leaves values behind", [0x7D, 0x28, 0x7D])
        expectFault("recalls a value that was not remembered", [0x68, 3])
        expectFault("appends to what is no list", [0x7D, 0x7D, 0x61])
        expectFault("sets an item of what is no dictionary", [0x5D, 0x4E, 0x4E, 0x73])
        expectFault("a key without a value", [0x7D, 0x28, 0x4E, 0x75])
        expectFault("gives attributes to no object", [0x7D, 0x7D, 0x62])
        expectFault("a global without a name", [0x4E, 0x4E, 0x93])
        expectFault("ends too early", [0x58, 0xFF, 0xFF, 0xFF, 0xFF])
        expectFault("ends too early", [0x54, 0xFF, 0xFF, 0xFF, 0xFF])
        expectFault("length that no file has", [0x8D] + [UInt8](repeating: 0xFF, count: 8))
        expectFault("ends too early", [0x8E] + [UInt8](repeating: 0xFF, count: 7) + [0x7F])
        expectFault("ends too early", [0x8B, 0xFF, 0xFF, 0xFF, 0xFF])
        expectFault("a line without an end", [0x63] + [UInt8](repeating: 0x61, count: 2000))
        expectFault("not UTF-8", [0x63, 0xFF, 0x0A, 0x61, 0x0A])
    }

    /// Depth, cycles and bombs: nodes are in one array, so neither is followed.
    @Test func extremeStructures() {
        let deep = 500_000
        expectFault("holds a tuple", [0x29] + [UInt8](repeating: 0x85, count: deep))
        expectFault(
            "holds a list",
            [UInt8](repeating: 0x5D, count: deep) + [UInt8](repeating: 0x61, count: deep - 1))
        // A list and a dictionary that contain themselves.
        expectFault("holds a list", [0x5D, 0x71, 0, 0x68, 0, 0x61])
        expectFault(
            "entry 'model' is a dictionary", [0x7D, 0x71, 0] + Pickle.text("model") + [0x68, 0, 0x73])
        // Each tuple holds the one before twice: as a tree, 2⁶⁴ values.
        expectFault("holds a tuple", [0x29] + (0..<64).flatMap { _ -> [UInt8] in [0x32, 0x86] })
        expectFault("too many values", [UInt8](repeating: 0x5D, count: 3_000_000))
        expectFault("too many values", [0x4E] + [UInt8](repeating: 0x32, count: 3_000_000))
        expectFault("too many values", [0x4E] + [UInt8](repeating: 0x94, count: 3_000_000))
        expectFault("too many values", [UInt8](repeating: 0x28, count: 3_000_000))
        expectFault("too many values", (0..<1_500_000).flatMap { _ -> [UInt8] in [0x4E, 0x4E, 0x30] })
    }

    /// What instructions of other protocols make of the same dictionary.
    @Test func otherProtocols() throws {
        let short: [UInt8] = [0x8C, 1, 0x77]
        let names = [
            "SHORT_BINUNICODE": short, "BINUNICODE8": [0x8D, 1, 0, 0, 0, 0, 0, 0, 0, 0x77],
            "SHORT_BINSTRING": [0x55, 1, 0x77], "BINSTRING": [0x54, 1, 0, 0, 0, 0x77],
        ]
        for name in names.values {
            let framed: [UInt8] =
                [0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0x7D, 0x94] + name + [0x94] + Pickle.tensor() + [0x73]
            let file = try TensorFile(pytorchZip(Pickle.program(framed)), path: "f")
            try expect(file["w"], [2, 2], [1, 2, 3, 4])
        }
    }
}
