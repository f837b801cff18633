import Formats
import Tensors
import TestSupport
import Testing

@Suite("Elements")
struct StoredTensorTests {
    private func tensor(_ type: String, _ bytes: [UInt8], shape: [Int]) throws -> StoredTensor {
        let header =
            #"{"x":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[0,\#(bytes.count)]}}"#
        return try #require(
            try TensorFile(littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + bytes, path: "f")[
                "x"])
    }

    /// All 65536 half-precision numbers, by the definition of the format: ±1.fraction · 2^(exponent − 15),
    /// without the 1 and at 2⁻¹⁴ when the exponent is zero.
    @Test func halfPrecision() throws {
        let values = try tensor("F16", (0...UInt16.max).flatMap { littleEndian($0) }, shape: [65536]).floats()
            .array
        try #require(values.count == 65536)
        var powers = [Double](repeating: 1, count: 31)  // 2^(exponent − 25), so that fractions are integers
        for exponent in powers.indices {
            powers[exponent] = (0..<exponent).reduce(0x1p-25) { power, _ in power * 2 }
        }
        for bits in 0..<65536 {
            let (sign, exponent, fraction) = (bits >> 15 == 0 ? 1.0 : -1.0, bits >> 10 & 31, bits & 1023)
            let value = values[bits]
            if exponent == 31 {
                #expect(fraction == 0 ? value == Float(sign) * .infinity : value.isNaN)
            } else {
                let magnitude =
                    exponent == 0 ? Double(fraction) * powers[1] : Double(fraction + 1024) * powers[exponent]
                #expect(Double(value) == sign * magnitude)
                #expect((value.sign == .minus) == (sign < 0))
            }
        }
    }

    @Test func extremes() throws {
        let bytes = littleEndian(UInt64.max) + littleEndian(UInt64(Int64.max))
        #expect(try tensor("I64", bytes, shape: [2]).integers() == [-1, .max])
        #expect(try tensor("I64", bytes, shape: [2]).floats().array == [-1, 0x1p63])
        #expect(try tensor("U64", bytes, shape: [2]).floats().array == [0x1p64, 0x1p63])
        let error = #expect(throws: FileError.self) { try tensor("U64", bytes, shape: [2]).integers() }
        #expect(error?.fault == "tensor 'x' holds 18446744073709551615, more than fits")
        let wide = littleEndian(Double(1e300).bitPattern) + littleEndian(Double(0.1).bitPattern)
        #expect(try tensor("F64", wide, shape: [2]).floats().array == [.infinity, 0.1])
        #expect(try tensor("BF16", [0x80, 0x3F, 0x80, 0xFF], shape: [2]).floats().array == [1, -.infinity])
        #expect(try tensor("U32", [255, 255, 255, 255], shape: [1]).integers() == [4_294_967_295])
        #expect(try tensor("I8", [255], shape: [1]).integers() == [-1])
        #expect(try tensor("BOOL", [2], shape: [1]).floats().array == [1])
    }

    @Test func typesThatAreNotRead() throws {
        for type in ["C64", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "F6_E2M3"] {
            let stored = try tensor(
                type, [UInt8](repeating: 0, count: 24),
                shape: [type == "C64" ? 3 : type == "F4" ? 48 : type == "F6_E2M3" ? 32 : 24])
            #expect(throws: FileError.self) { try stored.floats() }
            #expect(throws: FileError.self) { try stored.integers() }
            #expect(throws: FileError.self) { try stored.bytes() }
        }
        let floats = try tensor("F32", [0, 0, 0, 0], shape: [1])
        let error = #expect(throws: FileError.self) { try floats.integers() }
        #expect(error?.fault == "tensor 'x' has elements of type F32, which are not read as integers")
        #expect(throws: FileError.self) { try tensor("I32", [0, 0, 0, 0], shape: [1]).bytes() }
    }

    /// The elements stay readable after the file is gone from everyone else's hands, and deleted.
    @Test func outlivesItsFile() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(try fixtureBytes("everything.safetensors"), to: "x")
        func load() throws -> Tensor { try #require(try TensorFile(contentsOf: path)["float"]).floats() }
        var loaded = try load()
        #expect(loaded.array == floats(6, salt: 1))
        loaded[0, 0] = 77
        #expect(loaded.array == [77] + floats(6, salt: 1).dropFirst())
        #expect(try load().array == floats(6, salt: 1))
    }

    @Test func placesThatAreNoFiles() throws {
        let folder = try TemporaryFolder()
        for (path, fault) in [
            (folder.path + "/absent", "No such file or directory"), ("", "No such file or directory"),
            ("/dev/null", "is not a regular file"), (try folder.write([], to: "empty"), "is empty"),
        ] {
            let error = #expect(throws: FileError.self) { try TensorFile(contentsOf: path) }
            #expect(error == FileError(path: path, fault: fault))
        }
    }
}
