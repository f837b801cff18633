import Formats
import TestSupport
import Testing

/// What the libraries that own the formats wrote, read here. The values come from the formula in
/// `Tools/make_format_fixtures.py`.
@Suite("Files of other libraries")
struct FixtureTests {
    private static let names = [
        "float", "double", "half", "bfloat", "long", "int", "short", "char", "byte", "bool", "transposed",
        "whole", "part", "row", "parameter", "scalar", "empty",
    ]

    @Test(arguments: [
        ("zip.pth", TensorFile.Container.pytorchZip), ("legacy.pth", .pytorchLegacy),
        ("everything.safetensors", .safetensors),
    ])
    func everyElementType(name: String, container: TensorFile.Container) throws {
        let file = try TensorFile(contentsOf: fixture(name))
        #expect(file.container == container)
        #expect(Set(file.names) == Set(Self.names))
        #expect(file.names.count == Self.names.count)

        try expect(file["float"], [2, 3], floats(6, salt: 1))
        try expect(file["double"], [2, 3], floats(6, salt: 2))
        try expect(file["half"], [2, 3], floats(6, salt: 3))
        try expect(file["bfloat"], [2, 3], floats(6, salt: 4))
        try expect(file["long"], [5], integers(5, salt: 5).map(Float.init))
        try expect(file["int"], [5], integers(5, salt: 6).map(Float.init))
        try expect(file["short"], [5], integers(5, salt: 7).map(Float.init))
        try expect(file["char"], [5], integers(5, salt: 8).map(Float.init))
        try expect(file["byte"], [5], integers(5, salt: 9).map { Float($0 + 50) })
        try expect(file["bool"], [5], integers(5, salt: 10).map { $0 % 2 != 0 ? 1 : 0 })
        try expect(file["parameter"], [2, 2], floats(4, salt: 13))
        try expect(file["scalar"], [], floats(1, salt: 14))
        try expect(file["empty"], [0, 3], [])

        #expect(try file["long"]?.integers() == integers(5, salt: 5))
        #expect(try file["int"]?.integers() == integers(5, salt: 6))
        #expect(try file["short"]?.integers() == integers(5, salt: 7))
        #expect(try file["char"]?.integers() == integers(5, salt: 8))
        #expect(try file["byte"]?.integers() == integers(5, salt: 9).map { $0 + 50 })
        #expect(try file["byte"]?.bytes() == integers(5, salt: 9).map { UInt8($0 + 50) })
        #expect(try file["bool"]?.bytes() == integers(5, salt: 10).map { $0 % 2 != 0 ? 1 : 0 })
        #expect(file["absent"] == nil)
    }

    /// Tensors that look at another's storage, with strides and an offset.
    @Test(arguments: ["zip.pth", "legacy.pth", "everything.safetensors"])
    func stridedTensors(name: String) throws {
        let file = try TensorFile(contentsOf: fixture(name))
        let base = floats(12, salt: 11)  // [3, 4], transposed to [4, 3]
        try expect(
            file["transposed"], [4, 3], (0..<4).flatMap { row in (0..<3).map { base[$0 * 4 + row] } })
        let whole = floats(20, salt: 12)  // [4, 5]
        try expect(file["whole"], [4, 5], whole)
        try expect(file["part"], [2, 4], Array(whole[6..<10] + whole[11..<15]))  // [1:3, 1:]
        try expect(file["row"], [5], Array(whole[10..<15]))  // [2]
    }

    @Test(arguments: ["zip.pth", "legacy.pth"])
    func orderOfStateDict(name: String) throws {
        #expect(try TensorFile(contentsOf: fixture(name)).names == Self.names)
    }

    @Test func safetensorsMetadata() throws {
        let file = try TensorFile(contentsOf: fixture("everything.safetensors"))
        #expect(file.metadata == ["format": "pt", "note": "a \"quoted\" ü"])
    }

    /// A type without a storage class of its own, which PyTorch describes by `_rebuild_tensor_v3`.
    @Test func untypedStorage() throws {
        let file = try TensorFile(contentsOf: fixture("untyped.pth"))
        #expect(file["unsigned"]?.element == .uint16)
        try expect(file["unsigned"], [2, 2], integers(4, salt: 15).map { Float($0 + 50) })
    }

    /// The part with the parameters is found, `module.` is taken off, and neither the optimizer nor an object
    /// of a Python class is in the way.
    @Test(arguments: ["training.pth", "training-legacy.pth", "state_dict.pth"])
    func trainingCheckpoint(name: String) throws {
        let file = try TensorFile(contentsOf: fixture(name))
        #expect(file.names == ["weight", "bias"])
        try expect(file["weight"], [2, 3], floats(6, salt: 1))
        try expect(file["bias"], [2], floats(2, salt: 2))
    }

    @Test(arguments: [
        ("module.pth", "torch.nn.modules.linear.Linear"), ("foreign.pth", "argparse.Namespace"),
        ("script.pth", "TorchScript"),
    ])
    func refused(name: String, fault: String) throws {
        expectFault(fault, try fixtureBytes(name))
    }

    @Test(arguments: ["stored.npz", "compressed.npz"])
    func numpyArchive(name: String) throws {
        let file = try TensorFile(contentsOf: fixture(name))
        #expect(file.container == .npz)
        let names = ["float", "double", "half", "long", "byte", "bool", "fortran", "big", "scalar", "empty"]
        #expect(file.names == (name == "compressed.npz" ? names + ["zeros"] : names))
        try expect(file["float"], [2, 3], floats(6, salt: 1))
        try expect(file["double"], [2, 3], floats(6, salt: 2))
        try expect(file["half"], [2, 3], floats(6, salt: 3))
        #expect(try file["long"]?.integers() == integers(5, salt: 5))
        #expect(try file["byte"]?.bytes() == integers(5, salt: 9).map { UInt8($0 + 50) })
        #expect(try file["bool"]?.integers() == integers(5, salt: 10).map { $0 % 2 != 0 ? 1 : 0 })
        try expect(file["fortran"], [3, 4], floats(12, salt: 11))
        try expect(file["big"], [2, 3], floats(6, salt: 16))
        try expect(file["scalar"], [], floats(1, salt: 14))
        try expect(file["empty"], [0, 3], [])
        if name == "compressed.npz" {
            try expect(file["zeros"], [40, 40], [Float](repeating: 0, count: 1600))
        }
    }

    @Test func folderOfArrays() throws {
        let file = try TensorFile(contentsOf: fixture("arrays"))
        #expect(file.container == .npyFolder)
        #expect(file.names == ["box.level", "fpn.p2"])
        #expect(try file["box.level"]?.integers() == integers(5, salt: 5))
        try expect(file["fpn.p2"], [2, 3], floats(6, salt: 1))
        #expect(file.sha256() == nil)
    }

    @Test func singleArray() throws {
        let file = try TensorFile(contentsOf: fixture("arrays/fpn.p2.npy"))
        #expect(file.container == .npy)
        #expect(file.names == ["fpn.p2"])
        try expect(file["fpn.p2"], [2, 3], floats(6, salt: 1))
    }

    /// The container shows in the first bytes; the name of the file says nothing.
    @Test func containerByContent() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(try fixtureBytes("everything.safetensors"), to: "weights.pth")
        #expect(try TensorFile(contentsOf: path).container == .safetensors)
    }
}
