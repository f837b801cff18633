import Formats
import Testing

/// Arrays that NumPy pickled, byte by byte after NumPy's `__reduce__`, and what only looks like one.
@Suite("Pickled arrays")
struct PickledArrayTests {
    private static func short(_ bytes: [UInt8]) -> [UInt8] { [0x43, UInt8(bytes.count)] + bytes }

    /// `numpy.dtype(type)` with the state that NumPy gives it.
    private static func elementType(_ name: String = "f4", order: String = "<") -> [UInt8] {
        Pickle.call("numpy.dtype", Pickle.text(name), Pickle.no, Pickle.yes)
            + Pickle.tuple(
                Pickle.integer(3), Pickle.text(order), Pickle.none, Pickle.none, Pickle.none,
                Pickle.integer(-1), Pickle.integer(-1), Pickle.integer(0)) + [0x62]
    }

    private static func array(
        _ data: [UInt8] = short(fourFloats), shape: [Int] = [2, 2], type: [UInt8] = elementType(),
        isFortranOrder: [UInt8] = Pickle.no, of subject: String = "numpy.ndarray",
        by function: String = "numpy.core.multiarray._reconstruct"
    ) -> [UInt8] {
        Pickle.call(function, Pickle.global(subject), Pickle.integers([0]), short([0x62]))
            + Pickle.tuple(Pickle.integer(1), Pickle.integers(shape), type, isFortranOrder, data) + [0x62]
    }

    /// `_codecs.encode(text, 'latin1')`.
    private static func encoded(_ text: String, _ codec: String = "latin1") -> [UInt8] {
        Pickle.call("_codecs.encode", Pickle.text(text), Pickle.text(codec))
    }

    private func file(_ array: [UInt8]) -> [UInt8] {
        Pickle.program(Pickle.dictionary(("model", Pickle.dictionary(("w", array)))))
    }

    private static let latin1 = String(String.UnicodeScalarView(fourFloats.map { Unicode.Scalar($0) }))

    /// The floats with the most significant byte first.
    private static let bigEndian: [UInt8] = [Float(1), 2, 3, 4].flatMap { (value: Float) -> [UInt8] in
        Array(littleEndian(value.bitPattern).reversed())
    }
    /// 1, 3, 2, 4: the first axis is the contiguous one.
    private static let columns: [UInt8] = [Float(1), 3, 2, 4].flatMap { littleEndian($0.bitPattern) }

    private static let oldString: [UInt8] = [0x55, 16] + fourFloats
    private static let oldLongString: [UInt8] = [0x54, 16, 0, 0, 0] + fourFloats
    private static let byteArray: [UInt8] = [0x96, 16, 0, 0, 0, 0, 0, 0, 0] + fourFloats
    private static let falseAsText: [UInt8] = [0x49, 0x30, 0x30, 0x0A]

    /// The same four floats in every way in which they are written.
    private static let forms: [[UInt8]] = [
        array(), array(by: "numpy._core.multiarray._reconstruct"), array(encoded(latin1)),
        // Python 2: strings, and numbers for Booleans; protocol 1: numbers as text.
        array(oldString, isFortranOrder: Pickle.integer(0)),
        array(oldLongString, isFortranOrder: falseAsText),
        array(short(bigEndian), type: elementType(order: ">")),
        array(short(columns), isFortranOrder: Pickle.yes),
        // Protocol 5: in one step, the bytes in a byte array.
        Pickle.call(
            "numpy._core.numeric._frombuffer", byteArray, elementType(), Pickle.integers([2, 2]),
            Pickle.text("C")),
    ]

    @Test(arguments: Self.forms)
    func everyForm(array: [UInt8]) throws {
        let opened = try TensorFile(file(array), path: "f")
        #expect(opened.container == .pickle)
        try expect(opened["w"], [2, 2], [1, 2, 3, 4])
    }

    @Test func otherElements() throws {
        let half = Self.array(Self.short([0, 0x3C, 0, 0xC0]), shape: [2], type: Self.elementType("f2"))
        try expect(try TensorFile(file(half), path: "f")["w"], [2], [1, -2])
        let scalar = Pickle.call(
            "numpy.core.multiarray.scalar", Self.elementType("i4"), Self.short([7, 0, 0, 0]))
        try expect(try TensorFile(file(scalar), path: "f")["w"], [], [7])
        let empty = Self.array(Self.short([]), shape: [0, 3])
        try expect(try TensorFile(file(empty), path: "f")["w"], [0, 3], [])
    }

    private static let hostile: [([UInt8], String)] = [
        (array(type: elementType("O8", order: "|")), "holds Python objects"),
        (array([0x5D], type: elementType("O8", order: "|")), "holds Python objects"),
        (array(type: elementType("V4")), "elements of type 'V4'"),
        (array(type: elementType(order: "?")), "described in an unknown way"),
        (array(type: Pickle.none), "has no element type"),
        (array(type: Pickle.call("evil.dtype", Pickle.text("f4"))), "has no element type"),
        (array(shape: [2, 3]), "is F32 [2, 3], but has 16 bytes"),
        (array(shape: [.max, 2]), "impossible shape"),
        (array(shape: [-1]), "impossible shape"),
        (array(Pickle.none), "has None for its elements"),
        (array(Pickle.text(latin1)), "has a text for its elements"),
        (array(encoded(latin1, "rot13")), "_codecs.encode' would make for its elements"),
        (array(encoded("\u{100}")), "holds more than bytes"),
        (array(of: "numpy.matrix"), "of the class 'numpy.matrix'"),
        (array(Pickle.call("evil.f", Pickle.text("ls"))), "'evil.f' would make for its elements"),
        (array(by: "evil.f"), "'evil.f' would make, not a tensor"),
        (
            Pickle.call(
                "numpy.core.multiarray._reconstruct", Pickle.global("numpy.ndarray"), Pickle.integers([0])),
            "described in an unknown way"
        ),
        (Pickle.call("os.system", Pickle.text("ls")), "'os.system', which would run code"),
        (array(Pickle.call("os.system", Pickle.text("ls"))), "'os.system', which would run code"),
        (Pickle.tensor(), "a bare pickle does not have"),
    ]

    @Test(arguments: Self.hostile)
    func refused(array: [UInt8], fault: String) { expectFault(fault, file(array)) }

    /// What the parameters do not need is a name and nothing more.
    @Test func elsewhereItIsInert() throws {
        let bytes = Pickle.program(
            Pickle.dictionary(
                ("model", Pickle.dictionary(("w", Self.array()))),
                ("objects", Self.array([0x5D], type: Self.elementType("O8", order: "|"))),
                ("x", Pickle.call("evil.f", Pickle.text("ls")) + Pickle.dictionary() + [0x62])))
        try expect(try TensorFile(bytes, path: "f")["w"], [2, 2], [1, 2, 3, 4])
    }

    /// Every beginning of a file is an error, and so is a byte too many.
    @Test func truncated() throws {
        let bytes = file(Self.array(Self.encoded(Self.latin1)))
        for count in 1..<bytes.count {
            #expect(throws: FileError.self) { try TensorFile(Array(bytes[..<count]), path: "f") }
        }
        expectFault("goes on after its pickle", bytes + [0])
    }

    /// An array that is its own data, and attributes that lead to their object.
    @Test func cycles() {
        let own =
            Pickle.call("numpy.core.multiarray._reconstruct", Pickle.global("numpy.ndarray"))
            + [0x71, 0, 0x68, 0, 0x62]
        expectFault("described in an unknown way", file(own))
        let data =
            Pickle.call("numpy.core.multiarray._reconstruct", Pickle.global("numpy.ndarray")) + [0x71, 0]
            + Pickle.tuple(
                Pickle.integer(1), Pickle.integers([2, 2]), Self.elementType(), Pickle.no, [0x68, 0]) + [0x62]
        expectFault("for its elements", file(data))
    }
}
