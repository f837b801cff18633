import Formats
import Testing

@Suite("safetensors")
struct SafetensorsTests {
    /// A file with that header and `dataCount` zero bytes of tensors.
    private func file(_ header: String, dataCount: Int = 0) -> [UInt8] {
        littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + [UInt8](repeating: 0, count: dataCount)
    }

    /// The accepted byte vectors of the format's own tests.
    @Test func accepted() throws {
        let square = try TensorFile(
            file(#"{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}"#, dataCount: 16), path: "f")
        #expect(square.names == ["test"])
        try expect(square["test"], [2, 2], [0, 0, 0, 0])
        #expect(try TensorFile(file("{}\r \t\n"), path: "f").names == [])
        #expect(try TensorFile(file("\t\n{}\r "), path: "f").names == [])
        let empty = try TensorFile(
            file(#"{"test":{"dtype":"I32","shape":[2,0],"data_offsets":[0, 0]}}"#), path: "f")
        try expect(empty["test"], [2, 0], [])
        let scalar = try TensorFile(
            file(#"{"test":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#, dataCount: 4), path: "f")
        try expect(scalar["test"], [], [0])
    }

    /// In the order of the data, whatever the order of the header.
    @Test func fileOrder() throws {
        let header =
            #"{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"#
            + #""a":{"data_offsets":[0,1],"shape":[1],"dtype":"U8"},"e":{"dtype":"U8","shape":[0],"data_offsets":[3,3]}}"#
        let tensors = try TensorFile(
            littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + [7, 8, 9], path: "f")
        #expect(tensors.names == ["a", "b", "e"])
        #expect(try tensors["a"]?.bytes() == [7])
        #expect(try tensors["b"]?.bytes() == [8, 9])
    }

    /// The escapes of JSON, as RFC 8259 defines them.
    @Test func escapedNames() throws {
        let header = #"{"\u00e9\ud83d\ude00\n\"\\\/":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#
        #expect(try TensorFile(file(header), path: "f").names == ["é😀\n\"\\/"])
    }

    /// A header whose length is no multiple of four leaves floats unaligned: they are copied.
    @Test func unaligned() throws {
        for padding in 0..<4 {
            let header =
                #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
                + String(repeating: " ", count: padding)
            let bytes =
                littleEndian(UInt64(header.utf8.count)) + Array(header.utf8)
                + littleEndian(Float(1.5).bitPattern) + littleEndian(Float(-2).bitPattern)
            try expect(try TensorFile(bytes, path: "f")["x"], [2], [1.5, -2])
        }
    }

    /// The rejected byte vectors of the format's own tests, and others of their kind.
    @Test func rejected() {
        let square = #"{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}"#
        expectFault("17 bytes of tensors, but its header describes 16", file(square, dataCount: 17))
        expectFault("14 bytes of tensors, but its header describes 16", file(square, dataCount: 14))
        expectFault("length that no file has", [0x3C, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7B])
        expectFault("too long", littleEndian(UInt64(100_000_001)) + [0x7B])
        expectFault("ends too early", littleEndian(UInt64(100_000_000)) + [0x7B])
        expectFault("no file of tensors", [0x3C, 0, 0, 0, 0, 0, 0, 0])
        expectFault("no file of tensors", [0x01, 0, 0, 0, 0, 0, 0, 0, 0xFF])
        expectFault("lacks a string", file("{"))
        expectFault("lacks a '{'", file(" "))
        expectFault("not what I32 [2, 2] takes", file(square.replacing("16", with: "4"), dataCount: 4))
        expectFault("too large", file(square.replacing("2,2", with: "2,18446744073709551614")))
        expectFault("not what", file(square.replacing("2,2", with: "2,9223372036854775807")))
        expectFault("not what", file(square.replacing("2,2", with: "4294967296,4294967296"), dataCount: 16))
        let same = (0..<10).map { #""t\#($0)":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}"# }
        expectFault("does not start where", file("{" + same.joined(separator: ",") + "}", dataCount: 16))
        expectFault(
            "does not start where", file(square.replacing("[0,16]", with: "[4,20]"), dataCount: 20))
        expectFault("end before it starts", file(square.replacing("[0,16]", with: "[16,0]"), dataCount: 16))
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}"#, "'a' twice"),
        (#"{"__metadata__":{"k":"v","k":"v"}}"#, "'k' twice"),
        (#"{"__metadata__":{},"__metadata__":{}}"#, "'__metadata__' twice"),
        (#"{"__metadata__":{"k":1}}"#, "lacks a string"),
        (#"{"__metadata__":{"k":{"k":{}}}}"#, "lacks a string"),
        (#"{"a":{"dtype":"U9","shape":[0],"data_offsets":[0,0]}}"#, "unknown dtype 'U9'"),
        (#"{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, "unexpected 'dtype'"),
        (#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":1}}"#, "unexpected 'more'"),
        (#"{"a":{"dtype":"U8","shape":[0]}}"#, "lacks the dtype, shape or two data_offsets"),
        (
            #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}"#,
            "lacks the dtype, shape or two data_offsets"
        ),
        (#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}"#, "more than 2 numbers"),
        (#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}"#, "lacks a number"),
        (#"{"a":{"dtype":"U8","shape":[00],"data_offsets":[0,0]}}"#, "leading zero"),
        (#"{"a":{"dtype":"U8","shape":[0.5],"data_offsets":[0,0]}}"#, "lacks a ','"),
        (#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,0]}}"#, "not what F4 [1] takes"),
        (#"{"a":[]}"#, "lacks a '{'"),
        (#"{"a\u00":{}}"#, "malformed \\u escape"),
        (#"{"\ud800":{}}"#, "surrogate"),
        (#"{"\ud800\u0041":{}}"#, "surrogate"),
        (#"{"\x":{}}"#, "unknown escape"),
        ("{\"a\u{1}\":{}}", "control character"),
        (#"{"a"#, "without an end"),
        (#"{} {}"#, "goes on after its end"),
        (#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},}"#, "lacks a string"),
    ])
    func rejectedHeader(header: String, fault: String) { expectFault(fault, file(header)) }

    /// Depth costs nothing: whatever is nested deeper than the format allows is refused where it starts.
    @Test func deepNesting() {
        let deep = String(repeating: "[", count: 1_000_000)
        expectFault("lacks a number", file(#"{"a":{"shape":"# + deep))
        expectFault("lacks a '{'", file(#"{"a":"# + deep))
        expectFault("lacks a ':'", file(#"{"a"{"# + deep))
        let many = String(repeating: "1,", count: 100_000)
        expectFault("more than 64 numbers", file(#"{"a":{"shape":["# + many))
    }

    @Test func notUTF8() {
        let header: [UInt8] = [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x3A]
        expectFault("not UTF-8", littleEndian(UInt64(header.count)) + header)
    }
}
