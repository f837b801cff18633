/// The pickle opcodes that are supported. Python documents them in the module `pickletools`.
enum PickleInstruction: UInt8 {
    case `protocol` = 0x80
    case frame = 0x95
    case stop = 0x2E
    case mark = 0x28
    case pop = 0x30
    case popMark = 0x31
    case duplicate = 0x32

    case none = 0x4E
    case newTrue = 0x88
    case newFalse = 0x89
    case binaryInt = 0x4A
    case binaryInt1 = 0x4B
    case binaryInt2 = 0x4D
    case long1 = 0x8A
    case long4 = 0x8B
    case binaryFloat = 0x47
    /// A decimal number in a line of text; `00` and `01` are the Booleans of protocols 0 and 1.
    case int = 0x49

    case shortBinaryUnicode = 0x8C
    case binaryUnicode = 0x58
    case binaryUnicode8 = 0x8D
    /// A `str` of Python 2: text or bytes.
    case shortBinaryString = 0x55
    case binaryString = 0x54
    case shortBinaryBytes = 0x43
    case binaryBytes = 0x42
    case binaryBytes8 = 0x8E
    case byteArray8 = 0x96

    case emptyTuple = 0x29
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case tuple = 0x74
    case emptyList = 0x5D
    case append = 0x61
    case appends = 0x65
    case emptySet = 0x8F
    case addItems = 0x90
    case frozenSet = 0x91
    case emptyDictionary = 0x7D
    case setItem = 0x73
    case setItems = 0x75

    case binaryPut = 0x71
    case longBinaryPut = 0x72
    case memoize = 0x94
    case binaryGet = 0x68
    case longBinaryGet = 0x6A

    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case newObject = 0x81
    case build = 0x62
    case binaryPersistentID = 0x51

    /// The name of an unsupported opcode: its name in `pickletools`, or its code.
    static func name(ofRefused code: UInt8) -> String {
        let names: [UInt8: String] = [
            0x50: "PERSID", 0x69: "INST", 0x6F: "OBJ", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4",
            0x92: "NEWOBJ_EX", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
            0x46: "FLOAT", 0x4C: "LONG", 0x53: "STRING", 0x56: "UNICODE", 0x64: "DICT",
            0x67: "GET", 0x6C: "LIST", 0x70: "PUT",
        ]
        let digits = String(code, radix: 16)
        return names[code] ?? "0x" + (digits.count < 2 ? "0" : "") + digits
    }
}
