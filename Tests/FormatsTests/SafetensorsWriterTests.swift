import Foundation
import Formats
import Tensors
import TestSupport
import Testing

@Suite("Writing safetensors")
struct SafetensorsWriterTests {
    /// The whole file by hand: 64-bit elements, then 32-bit, then bytes, and by name among equals.
    @Test func bytes() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out.safetensors"
        var writer = SafetensorsWriter(metadata: ["b": "2", "a": "\"\\\n"])
        writer.add("mask", bytes: [7, 8, 9], shape: [3])
        writer.add("y", Tensor(shape: [2], elements: [1, -2]))
        writer.add("x", shape: [1]) { Tensor(shape: [1], elements: [0.5]) }
        writer.add("index", integers: [-1], shape: [1])
        try writer.write(to: path)
        let json =
            #"{"__metadata__":{"a":"\"\\\u000a","b":"2"},"#
            + #""index":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"#
            + #""x":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"#
            + #""y":{"dtype":"F32","shape":[2],"data_offsets":[12,20]},"#
            + #""mask":{"dtype":"U8","shape":[3],"data_offsets":[20,23]}}"#
        let padded = json + String(repeating: " ", count: 8 - json.utf8.count % 8)
        let data: [UInt8] =
            littleEndian(Int64(-1)) + littleEndian(Float(0.5).bitPattern) + littleEndian(Float(1).bitPattern)
            + littleEndian(Float(-2).bitPattern) + [7, 8, 9]
        #expect(
            try Array(Data(contentsOf: URL(fileURLWithPath: path)))
                == littleEndian(UInt64(padded.utf8.count)) + Array(padded.utf8) + data)
        #expect(folder.names == ["out.safetensors"])
    }

    /// The two bytes 0x80 0x02 begin a pickle, and also a header of 640 bytes.
    @Test func headersThatBeginLikeAPickle() throws {
        let folder = try TemporaryFolder()
        var lengths: Set<UInt16> = []
        for length in stride(from: 480, to: 1500, by: 8) {
            let path = folder.path + "/\(length).safetensors"
            var writer = SafetensorsWriter(metadata: ["text": String(repeating: "a", count: length)])
            writer.add("x", Tensor(shape: [1], elements: [1]))
            try writer.write(to: path)
            let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)).prefix(2))
            lengths.insert(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
            #expect(try TensorFile(contentsOf: path).container == .safetensors)
        }
        #expect(lengths.isSuperset(of: [0x0280, 0x0380, 0x0480, 0x0580]))
    }

    @Test func roundTrip() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/out.safetensors"
        let source = try TensorFile(contentsOf: fixture("zip.pth"))
        var writer = SafetensorsWriter(metadata: ["ü": "é"])
        for tensor in source.tensors { writer.add(tensor.name, tensor) }
        try writer.write(to: path)
        let copy = try TensorFile(contentsOf: path)
        #expect(Set(copy.names) == Set(source.names))
        #expect(copy.metadata == ["ü": "é"])
        for tensor in source.tensors {
            try expect(copy[tensor.name], tensor.shape, try tensor.floats().array)
        }
        // Dense tensors keep their type; strided ones become floats.
        #expect(copy["bfloat"]?.element == .bfloat16)
        #expect(copy["long"]?.element == .int64)
        #expect(copy["transposed"]?.element == .float32)
    }

    /// A closure that fails in the middle leaves nothing behind, and what was there before stays.
    @Test func nothingHalfWritten() throws {
        struct Stop: Error {}
        let folder = try TemporaryFolder()
        let path = try folder.write([1, 2, 3], to: "out.safetensors")
        var writer = SafetensorsWriter()
        writer.add("a", bytes: [1, 2, 3], shape: [3])
        writer.add("b", shape: [1]) { throw Stop() }
        #expect(throws: Stop.self) { try writer.write(to: path) }
        #expect(folder.names == ["out.safetensors"])
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == [1, 2, 3])
    }

    @Test func unwritablePlaces() throws {
        let folder = try TemporaryFolder()
        let writer = SafetensorsWriter()
        for path in [folder.path + "/absent/out", folder.path + "/", ""] {
            let error = #expect(throws: FileError.self) { try writer.write(to: path) }
            #expect(error?.path == path)
        }
        let error = #expect(throws: FileError.self) { try writer.write(to: folder.path) }
        #expect(error?.fault.isEmpty == false)
        #expect(folder.names == [])
    }
}
