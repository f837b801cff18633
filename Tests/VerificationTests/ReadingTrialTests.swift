import Formats
import Foundation
import Inference
import Loading
import Tensors
import Testing

/// Files that leave open how they are read, read rightly and wrongly.
@Suite struct ReadingTrialTests {
    /// Narrow models of torchvision whose batch norms keep the statistics of real forward passes.
    @Test("Batch norms tell the right stride from the wrong one", arguments: ["mask", "faster", "mask-v2"])
    func strides(name: String) throws {
        let path = GoldenModel(name: name).path("\(name).weights.safetensors")
        let image = try Image(contentsOf: Self.scene)
        let rightly = try ReadingTrial.all(of: path, options: LoadingOptions(), on: [image])
        let wrongly = try ReadingTrial.all(
            of: path, options: LoadingOptions(stridePlacement: .conv1), on: [image])
        func divergence(_ trials: [ReadingTrial], _ reading: String) throws -> Double {
            let trial = try #require(trials.first { $0.reading == reading })
            return try #require(trial.divergence)
        }
        let right = try divergence(rightly, "as it loads")
        let wrong = try divergence(rightly, "--stride-placement conv1")
        #expect(right < wrong, "\(rightly)")
        #expect(try divergence(wrongly, "as it loads") == wrong)
        #expect(try divergence(wrongly, "--stride-placement conv2") == right)
        #expect(wrongly[0].reading != "as it loads", "\(wrongly)")
    }

    private static let scene = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Sources/Scenes/Picture/scene.png").standardized.path

    /// A group norm keeps nothing, and what is found does not decide.
    @Test("Readings of a model with group norm are listed and not ranked")
    func shippedModel() throws {
        let trials = try ReadingTrial.all(
            of: LoadedModel.shippedPath, options: LoadingOptions(), on: [DiagnosisRun.picture])
        #expect(
            trials.map(\.reading) == [
                "as it loads", "--stride-placement conv1", "--channel-order bgr",
                "--set backbone.groupNormGroups=2", "--set backbone.groupNormGroups=4",
            ])
        #expect(trials.allSatisfy { $0.divergence == nil })
    }
}
