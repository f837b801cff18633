import Foundation
import Geometry
import Inference
import Tensors
import TestSupport
import Testing
import Verification

@Suite struct VariantTests {
    let picture = formulaPicture(height: 60, width: 83)

    @Test(arguments: Variant.all)
    func stagesHaveTheContractsShapes(variant: Variant) throws {
        for threshold in [0, 2] as [Float] {
            let model = try variant.model(scoreThreshold: threshold)
            let recorder = Recorder()
            let instances = model.detect(picture, observer: recorder)
            let found = Dictionary(recorder.stages.map { ($0.stage.name, $0.tensor.shape) }) { $1 }
            #expect(found.count == recorder.stages.count)
            let proposals = try #require(found["rpn.proposals.boxes"]).first ?? 0
            #expect(proposals > 0 && proposals <= 12)
            let detections = try #require(found["detections.boxes"]).first ?? -1
            #expect(detections == (threshold == 0 ? 5 : 0))
            #expect(instances.count <= detections)
            let expected = ExpectedShapes(
                model.architecture, padMultiple: model.conventions.input.padMultiple,
                proposals: proposals, detections: detections, instances: instances.count
            ).shapes
            #expect(Set(found.keys) == Set(expected.keys))
            for (name, shape) in expected where found[name] != shape {
                Issue.record("\(name): \(found[name] ?? []), expected \(shape)")
            }
        }
    }

    @Test(arguments: Variant.all)
    func everyStageComesOutAloneFromItsInputs(variant: Variant) throws {
        for threshold in [0, 2] as [Float] {
            let model = try variant.model(scoreThreshold: threshold)
            let recorder = Recorder()
            _ = model.detect(picture, observer: recorder)
            let folder = try TemporaryFolder()
            let path = folder.path("tensors.safetensors")
            var writer = BundleWriter(metadata: [:])
            for (stage, tensor) in recorder.stages { writer.add(stage, tensor) }
            try writer.write(to: path)
            let runner = StageRunner(model: model, bundle: try TensorBundle(contentsOf: path))
            #expect(
                runner.stages.map(\.name).sorted()
                    == recorder.stages.map(\.stage.name).filter { $0 != "input.image" }.sorted())
            for (stage, recorded) in recorder.stages where stage != .image {
                let replayed = try runner.run(stage)
                #expect(replayed.shape == recorded.shape, "\(stage)")
                #expect(numbers(replayed) == numbers(recorded), "\(stage)")
            }
        }
    }

    @Test(arguments: Variant.all)
    func observingAndPreparingChangeNothing(variant: Variant) throws {
        let plain = try variant.model(scoreThreshold: 0)
        let prepared = try variant.model(scoreThreshold: 0)
        prepared.prepareWeights()
        let (a, b) = (plain.detect(picture), prepared.detect(picture, observer: Recorder()))
        #expect(a.count == b.count && !a.isEmpty)
        for (a, b) in zip(a, b) {
            #expect(a.box == b.box && a.score == b.score && a.label == b.label && a.mask == b.mask)
            #expect(a.keypoints == b.keypoints)
            #expect((a.mask != nil) == (variant.configuration.masks != nil))
            #expect(a.keypoints?.count == variant.configuration.keypoints?.count)
        }
    }

    @Test(arguments: [(1, 1), (1, 300), (300, 1), (7, 5)])
    func oddPicturesPass(height: Int, width: Int) throws {
        for variant in Variant.all {
            let model = try variant.model(scoreThreshold: 0)
            let tiny = formulaPicture(height: height, width: width)
            for instance in model.detect(tiny) {
                #expect(instance.box.x1.isFinite && instance.box.y2.isFinite && instance.score > 0)
                if let mask = instance.mask {
                    #expect(mask.imageSize == PixelSize(height: height, width: width))
                }
            }
        }
    }

    private func numbers(_ tensor: ContractTensor) -> [Double] {
        switch tensor.elements {
        case .floats(let tensor): tensor.array.map(Double.init)
        case .integers(let integers): integers.map(Double.init)
        case .bytes(let bytes): bytes.map(Double.init)
        }
    }
}

/// The shapes that the stage contract gives for an image of 60 × 83, which is resized to 90 × 124 or 125 (124.5,
/// rounded as the profile does) and padded to 96 × 128; detectron2 does not pad where there is no pyramid.
private struct ExpectedShapes {
    private(set) var shapes: [String: [Int]] = [:]
    private let configuration: Architecture
    private let padded: [Int]

    init(
        _ configuration: Architecture, padMultiple: Int, proposals: Int, detections: Int, instances: Int
    ) {
        self.configuration = configuration
        padded = padMultiple == 1 ? [90, 125] : [96, 128]
        shapes["input.image"] = [3, 60, 83]
        shapes["input.tensor"] = [3] + padded
        shapes["input.size"] = [2]
        let channels = addMaps()
        addBoxes(channels, proposals: proposals, detections: detections)
        addMasks(channels, detections: detections, instances: instances)
        addKeypoints(channels, detections: detections, instances: instances)
        shapes["output.boxes"] = [instances, 4]
        shapes["output.scores"] = [instances]
        shapes["output.classes"] = [instances]
    }

    private func size(_ level: Int) -> [Int] {
        // A dilated stage has the size of the one before.
        let halvings = level == 5 && configuration.backbone.lastStageDilation > 1 ? 4 : level
        return padded.map { ($0 - 1) / (1 << halvings) + 1 }
    }

    /// Backbone, pyramid and proposals; returns the channels that the heads read.
    private mutating func addMaps() -> Int {
        let backbone = configuration.backbone
        let last = configuration.features == .c4 ? 4 : 5
        shapes["backbone.stem"] = [backbone.stem] + size(2)
        for level in 2...last { shapes["backbone.c\(level)"] = [backbone.outputs[level - 2]] + size(level) }
        guard case .pyramid(let pyramid) = configuration.features else {
            addLevel("c\(last)", last)
            return backbone.outputs[last - 2]
        }
        for level in 2...5 {
            for part in ["lateral.", "merged.", ""] {
                shapes["fpn.\(part)p\(level)"] = [pyramid.channels] + size(level)
            }
            if level < 5 { shapes["fpn.topdown.p\(level)"] = [pyramid.channels] + size(level) }
        }
        shapes["fpn.p6"] = [pyramid.channels] + size(6)
        for level in 2...6 { addLevel("p\(level)", level) }
        return pyramid.channels
    }

    private mutating func addLevel(_ name: String, _ level: Int) {
        let anchors = configuration.features == .c4 || configuration.features == .c5 ? 15 : 3
        let size = size(level)
        let count = size[0] * size[1] * anchors
        shapes["anchors.\(name)"] = [count, 4]
        shapes["rpn.hidden.\(name)"] = [configuration.proposals.channels] + size
        shapes["rpn.objectness.\(name)"] = [anchors] + size
        shapes["rpn.deltas.\(name)"] = [anchors, 4] + size
        shapes["rpn.candidates.\(name).boxes"] = [min(count, 40), 4]
        shapes["rpn.candidates.\(name).scores"] = [min(count, 40)]
    }

    private mutating func addBoxes(_ channels: Int, proposals: Int, detections: Int) {
        let outputs = configuration.classes + 1
        shapes["rpn.proposals.boxes"] = [proposals, 4]
        shapes["rpn.proposals.scores"] = [proposals]
        shapes["box.level"] = [proposals]
        shapes["box.pooled"] = [proposals, channels, 7, 7]
        switch configuration.boxes.head {
        case .twoLayers(let hidden):
            shapes["box.hidden.1"] = [proposals, hidden]
            shapes["box.hidden.2"] = [proposals, hidden]
        case .convolutions(let count, let width, _, let hidden):
            for index in 1...count { shapes["box.convolution.\(index)"] = [proposals, width, 7, 7] }
            shapes["box.hidden.1"] = [proposals, hidden]
        case .residualStage:
            shapes["box.pooled"] = [proposals, channels, 14, 14]
            shapes["box.c5"] = [proposals, configuration.backbone.outputs[3], 7, 7]
            shapes["box.hidden.1"] = [proposals, configuration.backbone.outputs[3]]
        }
        shapes["box.logits"] = [proposals, outputs]
        shapes["box.probabilities"] = [proposals, outputs]
        shapes["box.deltas"] = [proposals, configuration.boxes.isClassAgnostic ? 1 : outputs, 4]
        shapes["detections.boxes"] = [detections, 4]
        for name in ["scores", "classes", "proposal"] { shapes["detections.\(name)"] = [detections] }
    }

    private mutating func addMasks(_ channels: Int, detections: Int, instances: Int) {
        guard let masks = configuration.masks else { return }
        let outputs = masks.isClassAgnostic ? 1 : configuration.classes + 1
        shapes["mask.level"] = [detections]
        shapes["mask.pooled"] = [detections, channels, 14, 14]
        var side = 28
        switch masks.head {
        case .fullyConvolutional(let count, let width, _):
            if configuration.boxes.head == .residualStage {
                side = 14
                shapes["mask.c5"] = [detections, configuration.backbone.outputs[3], 7, 7]
            }
            for index in 0..<count {
                shapes["mask.hidden.\(index + 1)"] = [detections, width, side / 2, side / 2]
            }
            shapes["mask.upsampled"] = [detections, width, side, side]
        case .fullyConnected(let hidden, let length):
            side = length
            for (index, width) in hidden.enumerated() {
                shapes["mask.hidden.\(index + 1)"] = [detections, width]
            }
        }
        shapes["mask.logits"] = [detections, outputs, side, side]
        shapes["mask.probabilities"] = [detections, side, side]
        shapes["output.masks"] = [instances, 60, 83]
    }

    private mutating func addKeypoints(_ channels: Int, detections: Int, instances: Int) {
        guard let keypoints = configuration.keypoints else { return }
        shapes["keypoint.pooled"] = [detections, channels, 14, 14]
        for index in 1...keypoints.convolutions {
            shapes["keypoint.hidden.\(index)"] = [detections, keypoints.channels, 14, 14]
        }
        shapes["keypoint.heatmaps"] = [detections, keypoints.count, 56, 56]
        shapes["output.keypoints"] = [instances, keypoints.count, 3]
    }
}
