import Formats
import Foundation
import Loading
import Inference
import Tensors
import Testing

/// The README's example of the library: it compiles as it stands there, and it works.
@Suite struct LibraryExampleTests {
    // swift-format-ignore
    private func example() throws {
        // What follows is the README's, word for word.
        let loaded = try LoadedModel(contentsOf: "maskrcnn.safetensors")
        for instance in loaded.model.detect(try Image(contentsOf: "street.jpg")) {
            print(loaded.model.classes.name(of: instance.label), instance.score, instance.box, instance.mask?.area ?? 0)
        }
        // End of the README's lines.
    }

    @Test func exampleBeginsByOpeningItsWeights() throws {
        let error = try #require(throws: FileError.self) { try example() }
        #expect(error.path == "maskrcnn.safetensors")
    }

    @Test func exampleFindsWhatIsInThePicture() throws {
        let golden = try #require(GoldenModel.all.first { $0.name == "mask" })
        let loaded = try LoadedModel(contentsOf: golden.path("mask.weights.safetensors"))
        let instances = loaded.model.detect(try Image(contentsOf: golden.path("drawing.png")))
        #expect(!instances.isEmpty)
        for instance in instances {
            #expect(loaded.model.classes.name(of: instance.label) == "class \(instance.label)")
            #expect(instance.score > 0.05 && instance.box.width > 0)
            #expect(instance.mask != nil)
        }
    }

    @Test func readmeHasTheSameLines() throws {
        let file = URL(fileURLWithPath: #filePath)
        let source = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
        let start = try #require(
            source.firstIndex { $0.hasSuffix("// What follows is the README's, word for word.") })
        let end = try #require(source.firstIndex { $0.hasSuffix("// End of the README's lines.") })
        let lines = source[(start + 1)..<end].map { String($0.dropFirst(8)) }
        #expect(lines.count == 4)
        let root = file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readme = root.appendingPathComponent("README.md")
        guard FileManager.default.fileExists(atPath: readme.path) else { return }
        let text = try String(contentsOf: readme, encoding: .utf8)
        #expect(text.contains(lines.joined(separator: "\n")))
        for module in ["Formats", "Loading", "MaskRCNN", "Tensors"] {
            #expect(text.contains("import \(module)\n"))
        }
    }
}
