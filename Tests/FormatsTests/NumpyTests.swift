import Formats
import TestSupport
import Testing

@Suite("NumPy arrays")
struct NumpyTests {
    @Test(arguments: [UInt8(1), 2, 3])
    func versions(version: UInt8) throws {
        let file = try TensorFile(
            npy(
                "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }", [1, 0, 0xFF, 0xFF],
                version: version),
            path: "folder/name.npy")
        #expect(file.names == ["name"])
        #expect(file["name"]?.shape == [2, 1])
        #expect(try file["name"]?.integers() == [1, -1])
    }

    /// Spaces, quotes and the order of keys are free in a Python literal.
    @Test func otherSpelling() throws {
        let file = try TensorFile(
            npy(#"{"shape":(),"fortran_order":True,"descr":">u4"}"#, [0, 0, 1, 2]), path: "x.npy")
        #expect(file["x"]?.shape == [])
        #expect(try file["x"]?.integers() == [258])
    }

    @Test(arguments: [
        ("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "pickled Python objects"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", "structured elements"),
        ("{'descr': '<U4', 'fortran_order': False, 'shape': (3,), }", "type '<U4'"),
        ("{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", "type '<c8'"),
        ("{'descr': '', 'fortran_order': False, 'shape': (3,), }", "type ''"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", "but 3 bytes follow"),
        (
            "{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
            "but 3 bytes follow"
        ),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,), }", "too large"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (-3,), }", "lacks a number"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': [3], }", "lacks a '('"),
        ("{'descr': '|u1', 'fortran_order': Maybe, 'shape': (3,), }", "lacks descr, fortran_order or shape"),
        ("{'descr': '|u1', 'shape': (3,), }", "lacks descr, fortran_order or shape"),
        ("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "unexpected 'descr'"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'more': 1}", "unexpected 'more'"),
        ("{'descr': '\\x7c', 'fortran_order': False, 'shape': (3,), }", "with an escape"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), } or __import__('os')", "goes on"),
        ("(((((((((", "lacks a '{'"),
    ])
    func rejected(header: String, fault: String) { expectFault(fault, npy(header, [1, 2, 3])) }

    @Test func rejectedPreludes() {
        let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
        expectFault("ends too early", magic)
        expectFault("unknown version 9", magic + [9, 0, 0, 0])
        expectFault("too long", magic + [2, 0] + littleEndian(UInt32.max))
        expectFault("too long", magic + [1, 0] + littleEndian(UInt16.max))
    }

    @Test func folders() throws {
        let folder = try TemporaryFolder()
        var error = #expect(throws: FileError.self) { try TensorFile(contentsOf: folder.path) }
        #expect(error?.fault == "is a folder without .npy files")
        _ = try folder.write([1], to: "notes.txt")
        _ = try folder.write([1, 2, 3], to: "b.npy")
        error = #expect(throws: FileError.self) { try TensorFile(contentsOf: folder.path) }
        #expect(error?.path == folder.path + "/b.npy")
    }
}
