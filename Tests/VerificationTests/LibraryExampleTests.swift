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
}
