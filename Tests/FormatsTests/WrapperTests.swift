import Foundation
import Formats
import TestSupport
import Testing

/// The same parameters in what training code wraps them in (`Tools/make_wrapper_fixtures.py`).
@Suite("Wrapped checkpoints")
struct WrapperTests {
    private static let names = [
        "backbone.stem.weight", "backbone.stem.norm.weight", "backbone.stem.norm.bias",
        "backbone.stem.norm.running_mean", "backbone.stem.norm.running_var", "rpn.objectness.weight",
        "rpn.objectness.bias",
    ]

    private func wrapped(_ name: String) -> String { fixture("Wrapped/" + name) }

    private func expectNetwork(
        _ checkpoint: Checkpoint, first: Float = 0, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(checkpoint.keyMap == .torchvision, sourceLocation: sourceLocation)
        #expect(Set(checkpoint.names) == Set(Self.names), sourceLocation: sourceLocation)
        #expect(checkpoint.unrecognizedKeys.isEmpty, sourceLocation: sourceLocation)
        var checkpoint = checkpoint
        let stem = try checkpoint.parameter(
            "backbone.stem.weight", shape: [2, 3, 1, 1], initialization: .constant(0))
        #expect(stem.array == (0..<6).map { Float($0) + first }, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("compiled.pth", "_orig_mod."), ("compiled-parallel.pth", "_orig_mod."),
        ("averaged.pth", "module."),
        ("net.pth", ""), ("net-legacy.pth", ""), ("nested.pth", ""), ("beside-numbers.pth", ""),
        ("parts/model.safetensors.index.json", ""), ("parts", ""),
    ])
    func isReadAsWhatIsInside(name: String, prefix: String) throws {
        let checkpoint = try Checkpoint(contentsOf: wrapped(name))
        try expectNetwork(checkpoint)
        #expect(checkpoint.prefix == prefix)
        #expect(checkpoint.keysOutsidePrefix.isEmpty)
        #expect(checkpoint.file.remark == nil)
    }

    /// A tensor beside the network's does not hide these, and is not hidden.
    @Test(arguments: [
        ("lightning.pth", "model.", "loss.weight"), ("parallel.safetensors", "module.", "extra"),
    ])
    func strangersBesideThePrefixAreNamed(name: String, prefix: String, stranger: String) throws {
        let checkpoint = try Checkpoint(contentsOf: wrapped(name))
        try expectNetwork(checkpoint)
        #expect(checkpoint.prefix == prefix)
        #expect(checkpoint.keysOutsidePrefix == [stranger])
        #expect(!checkpoint.unusedKeys.contains(stranger))
    }

    /// The model itself is taken before an average of it, and said.
    @Test func theCustomaryEntryComesFirst() throws {
        let path = wrapped("model-and-average.pth")
        let checkpoint = try Checkpoint(contentsOf: path)
        try expectNetwork(checkpoint)
        #expect(checkpoint.file.entry == "model")
        #expect(
            checkpoint.file.remark
                == "The parameters are those under 'model'; there are also 'model_ema' (9 tensors) (--entry)."
        )
        let average = try Checkpoint(contentsOf: path, entry: "model_ema")
        try expectNetwork(average)
        #expect(average.file.entry == "model_ema" && average.file.remark == nil)
    }

    @Test(arguments: ["student-and-teacher.pth", "student-and-teacher-in-one.pth"])
    func amongEqualsSomebodyMustChoose(name: String) throws {
        let path = wrapped(name)
        let error = try #require(throws: FileError.self) { try Checkpoint(contentsOf: path) }
        for part in ["'student", "'teacher", "tensors)", "--entry"] { #expect(error.fault.contains(part)) }
        try expectNetwork(try Checkpoint(contentsOf: path, entry: "student"))
        try expectNetwork(try Checkpoint(contentsOf: path, entry: "teacher"), first: 1)
        let none = try #require(throws: FileError.self) { try Checkpoint(contentsOf: path, entry: "uncle") }
        #expect(none.fault.hasPrefix("has no entry 'uncle'") && none.fault.contains("'teacher"))
    }

    @Test func theLastKeyOfAnEntryIsEnough() throws {
        try expectNetwork(try Checkpoint(contentsOf: wrapped("nested.pth"), entry: "checkpoint.model"))
        try expectNetwork(try Checkpoint(contentsOf: wrapped("nested.pth"), entry: "model"))
        #expect(throws: FileError.self) {
            try Checkpoint(contentsOf: wrapped("nested.pth"), entry: "checkpoint")
        }
    }

    @Test func aWholeModelIsRefusedWithAdvice() throws {
        let error = try #require(throws: FileError.self) { try Checkpoint(contentsOf: wrapped("whole.pth")) }
        #expect(error.fault.contains("'__main__.Network'") && error.fault.contains("nothing was run"))
        #expect(error.fault.contains("torch.save(model.state_dict(), 'weights.pth')"))
    }

    // MARK: Files in parts

    @Test func partsHaveOneDigest() throws {
        let index = try TensorFile(contentsOf: wrapped("parts/model.safetensors.index.json"))
        #expect(index.container == .shards && index.tensors.count == 8)
        #expect(try index.sha256() == TensorFile(contentsOf: wrapped("parts")).sha256())
        #expect(index.sha256()?.count == 64)
    }

    @Test func onePartAloneIsNoCheckpoint() throws {
        let error = try #require(throws: FileError.self) {
            try Checkpoint(contentsOf: wrapped("parts/model-00002-of-00002.safetensors"))
        }
        #expect(error.fault.hasPrefix("is part 2 of 2: give the index"))
    }

    @Test(arguments: [
        (#"{"weight_map": {}}"#, "is an index of 0 files"),
        (#"{"weight_map": {"w": "../part.safetensors"}}"#, "names the part '../part.safetensors'"),
        (#"{"weight_map": {"w": "/etc/passwd"}}"#, "names the part '/etc/passwd'"),
        (#"{"weight_map": {"w": ".."}}"#, "names the part '..'"),
        (#"{"weight_map": {"w": "missing.safetensors"}}"#, "needs the part 'missing.safetensors'"),
        (
            #"{"weight_map": {"w": "part.safetensors"}}"#,
            "has 'w' in 'part.safetensors', which does not have it"
        ),
        (#"{"weight_map": {"w": 7}}"#, "lacks a string"),
        (
            #"{"metadata": {"total": 1e9, "x": [1, -2.5, null, {"y": true}]}, "weight_map": {"a": "p"}}"#,
            "needs the part 'p'"
        ),
        (#"{"weight_map": {"w": "part.safetensors"}"#, "the index "),
        (#"{"metadata": [[[[[[[[[[[[]]]]]]]]]]]], "weight_map": {}}"#, "lacks a value"),
    ])
    func brokenIndices(index: String, fault: String) throws {
        let folder = try TemporaryFolder()
        let header = Array(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#.utf8)
        _ = try folder.write(
            [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [9], to: "part.safetensors")
        let path = try folder.write(Array(index.utf8), to: "model.safetensors.index.json")
        let error = try #require(throws: FileError.self) { try TensorFile(contentsOf: path) }
        #expect(error.fault.contains(fault), "\(error.fault)")
        #expect(!error.description.contains("\n"))
    }

    // MARK: What stands in the place of a checkpoint

    @Test func pointersAndPagesAreNamed() {
        expectFault(
            "is a Git LFS pointer, not the file of 177841664 bytes that it stands for: 'git lfs pull' fetches that",
            Array(
                "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 177841664\n"
                    .utf8))
        expectFault("is a web page", Array("<!DOCTYPE html>\n<html><body>Sign in</body></html>".utf8))
    }

    // MARK: Names

    /// Prefixes of any number of parts, and no prefix where the names are known as they are.
    @Test func prefixesOfNames() {
        func readings(_ names: String...) -> [String] { ParameterNames.readings(of: names).map(\.prefix) }
        #expect(readings("backbone.body.conv1.weight") == [""])
        #expect(readings("a.b.c.backbone.body.conv1.weight") == ["a.b.c."])
        #expect(readings("net.backbone.bottom_up.stem.conv1.weight", "x", "y", "z") == ["net."])
        #expect(readings("my_backbone.body.conv1.weight").isEmpty)
        #expect(readings("a.backbone.body.conv1.weight", "b.backbone.body.conv1.weight") == ["a.", "b."])
        #expect(readings().isEmpty)
        // A small part of a copy is no second network.
        #expect(
            readings(
                "a.backbone.body.conv1.weight", "a.backbone.body.bn1.weight", "a.backbone.body.bn1.bias",
                "b.backbone.body.conv1.weight") == ["a."])
    }

    /// Many names, or many dictionaries, cost no more than reading them.
    @Test func extremeFiles() throws {
        let names = (0..<2_000).map { "p\($0).backbone.x" }
        #expect(ParameterNames.readings(of: names).isEmpty)
        // One dictionary under many keys is looked at once; a dictionary in itself, too.
        var body: [UInt8] = [0x7D, 0x71, 0] + Pickle.text("w") + Pickle.tensor() + [0x73]
        body += Pickle.text("self") + [0x68, 0, 0x73]
        for index in 0..<20_000 { body += Pickle.text("k\(index)") + [0x68, 0, 0x73] }
        let file = try TensorFile(pytorchZip(Pickle.program(body)), path: "f")
        #expect(file.names == ["w"])
    }
}
