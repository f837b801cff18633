import Foundation
import Formats
import Tensors
import TestSupport
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
    /// A file with torchvision's names for three parameters, one of them in half precision, and a stranger.
    private func write(_ folder: TemporaryFolder, value: Float = 2, more: [String] = []) throws -> String {
        var writer = SafetensorsWriter(metadata: ["note": "x"])
        writer.add("backbone.body.conv1.weight", Tensor(shape: [2, 1], elements: [1, value]))
        writer.add("rpn.head.cls_logits.bias", Tensor(shape: [3], elements: [4, 5, 6]))
        for name in more { writer.add(name, Tensor(shape: [1], elements: [0])) }
        let path = folder.path + "/weights.safetensors"
        try writer.write(to: path)
        return path
    }

    @Test func takingParameters() throws {
        let folder = try TemporaryFolder()
        var checkpoint = try Checkpoint(
            contentsOf: try write(folder, more: ["stranger", "backbone.body.bn1.num_batches_tracked"]))
        #expect(checkpoint.keyMap == .torchvision)
        #expect(checkpoint.metadata == ["note": "x"])
        #expect(checkpoint.shapes == ["backbone.stem.weight": [2, 1], "rpn.objectness.bias": [3]])
        #expect(Set(checkpoint.names) == ["backbone.stem.weight", "rpn.objectness.bias"])
        #expect(checkpoint.unrecognizedKeys == ["stranger"])
        #expect(checkpoint.contains("backbone.stem.weight"))
        #expect(!checkpoint.contains("backbone.body.conv1.weight"))

        let weight = try checkpoint.parameter(
            "backbone.stem.weight", shape: [2, 1], initialization: .constant(0))
        #expect(weight.shape == [2, 1])
        #expect(weight.array == [1, 2])
        #expect(Set(checkpoint.unusedKeys) == ["rpn.head.cls_logits.bias", "stranger"])
        _ = try checkpoint.parameter("rpn.objectness.bias", shape: [3], initialization: .constant(0))
        #expect(checkpoint.unusedKeys == ["stranger"])
    }

    @Test func refusedParameters() throws {
        let folder = try TemporaryFolder()
        var checkpoint = try Checkpoint(contentsOf: try write(folder))
        #expect(throws: ParameterError.missing(name: "rpn.deltas.bias")) {
            try checkpoint.parameter("rpn.deltas.bias", shape: [1], initialization: .constant(0))
        }
        // The same number of elements is not the same shape.
        #expect(throws: ParameterError.shape(name: "backbone.stem.weight", found: [2, 1], expected: [1, 2])) {
            try checkpoint.parameter("backbone.stem.weight", shape: [1, 2], initialization: .constant(0))
        }
        #expect(checkpoint.unusedKeys.count == 2)
        for value in [Float.nan, .infinity, -.infinity] {
            var checkpoint = try Checkpoint(contentsOf: try write(folder, value: value))
            #expect(throws: ParameterError.notFinite(name: "backbone.stem.weight", index: 1)) {
                try checkpoint.parameter("backbone.stem.weight", shape: [2, 1], initialization: .constant(0))
            }
        }
        for value in [Float.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0]
        {
            var checkpoint = try Checkpoint(contentsOf: try write(folder, value: value))
            let weight = try checkpoint.parameter(
                "backbone.stem.weight", shape: [2, 1], initialization: .constant(0))
            #expect(weight.array == [1, value])
        }
    }

    /// The check goes in blocks; wherever in one the value stands, and in the rest after the last.
    @Test func whereverTheNaNStands() throws {
        let folder = try TemporaryFolder()
        let count = 5000
        for index in [0, 1, 15, 16, 1023, 1024, 2047, 4095, 4096, 4999] {
            var elements = [Float](repeating: 1, count: count)
            elements[index] = -.nan
            if index + 1 < count { elements[count - 1] = .infinity }
            var writer = SafetensorsWriter()
            writer.add("rpn.deltas.bias", Tensor(shape: [count], elements: elements))
            try writer.write(to: folder.path + "/nan")
            var checkpoint = try Checkpoint(contentsOf: folder.path + "/nan")
            #expect(throws: ParameterError.notFinite(name: "rpn.deltas.bias", index: index)) {
                try checkpoint.parameter("rpn.deltas.bias", shape: [count], initialization: .constant(0))
            }
        }
    }

    @Test func unknownKeys() throws {
        let error = #expect(throws: FileError.self) { try Checkpoint(contentsOf: fixture("zip.pth")) }
        #expect(error?.fault == "has parameters of no known network: 'float', 'double', 'half', 'bfloat', …")
        let folder = try TemporaryFolder()
        try SafetensorsWriter().write(to: folder.path + "/none")
        let none = #expect(throws: FileError.self) { try Checkpoint(contentsOf: folder.path + "/none") }
        #expect(none?.fault == "has no parameters")
    }

    @Test func twoKeysForOneParameter() throws {
        let folder = try TemporaryFolder()
        let path = try write(folder, more: ["rpn.head.conv.weight", "rpn.head.conv.0.0.weight"])
        let error = #expect(throws: FileError.self) { try Checkpoint(contentsOf: path) }
        #expect(error?.fault.contains("which are the same parameter") == true)
    }

    @Test func conversion() throws {
        let folder = try TemporaryFolder()
        let checkpoint = try Checkpoint(contentsOf: try write(folder, more: ["stranger"]))
        let native = folder.path + "/native.safetensors"
        try checkpoint.write(to: native, metadata: ["a": "b"])
        let file = try TensorFile(contentsOf: native)
        #expect(file.names == ["backbone.stem.weight", "rpn.objectness.bias"])
        #expect(file.metadata == ["a": "b"])
        try expect(file["backbone.stem.weight"], [2, 1], [1, 2])

        let back = folder.path + "/back.safetensors"
        let converted = try Checkpoint(file)
        #expect(converted.keyMap == .native)
        try converted.write(to: back, keyMap: .torchvision)
        let foreign = try TensorFile(contentsOf: back)
        #expect(foreign.names == ["backbone.body.conv1.weight", "rpn.head.cls_logits.bias"])
        try expect(foreign["rpn.head.cls_logits.bias"], [3], [4, 5, 6])
    }

    @Test func conversionWithoutAName() throws {
        let folder = try TemporaryFolder()
        var writer = SafetensorsWriter()
        writer.add("keypoint.heatmaps.bias", Tensor(shape: [1], elements: [0]))
        try writer.write(to: folder.path + "/in")
        let error = #expect(throws: FileError.self) {
            try Checkpoint(contentsOf: folder.path + "/in").write(
                to: folder.path + "/out", keyMap: .torchvisionV2)
        }
        #expect(error?.fault.contains("torchvision-v2 has no name for 'keypoint.heatmaps.bias'") == true)
        #expect(folder.names == ["in"])
    }

    /// A file that claims to be a published one and is not; the other way needs the published file.
    @Test func publishedHash() throws {
        let folder = try TemporaryFolder()
        let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: try write(folder))))
        func hash(_ name: String) throws -> PublishedHash {
            PublishedHash(try TensorFile(contentsOf: try folder.write(bytes, to: name)))
        }
        let sha256 = SHA256.hexDigest(bytes)
        for file in PublishedFile.allCases {
            #expect(file.fileName.hasSuffix("-\(file.rawValue).pth"))
            #expect(try hash(file.fileName) == .contradicted(claimed: file, sha256: sha256))
        }
        #expect(try hash("mine-bf2d0c1e.pth") == .contradicted(claimed: .maskRCNN, sha256: sha256))
        for name in ["bf2d0c1e.pth", "mine-bf2d0c1e.pt", "mine-BF2D0C1E.pth", "mine-12345678.pth", "x-.pth"] {
            #expect(try hash(name) == .none)
        }
    }
}
