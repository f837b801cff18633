import Foundation
import Formats
import Kernels
import Loading
import Inference
import Tensors
import TestSupport
import Testing

/// Checkpoints as detectron2 and MMDetection write them, narrow. What they must compute is in checkpoints.json:
/// `Tools/make_checkpoint_fixtures.py` wrote it with PyTorch, by the frameworks' own names, orders of classes and
/// strides.
@Suite("Checkpoints of other frameworks")
struct FrameworkCheckpointTests {
    /// What one model makes of fixed inputs.
    private struct Golden: Decodable {
        /// The coarsest map of the pyramid, or c4.
        let coarsest: [Double]
        /// One row of p2.
        let finest: [Double]?
        /// The RPN on the coarsest map.
        let objectness: [Double]
        let anchorDeltas: [Double]?
        /// Per region, then per class.
        let backgroundLogit: [Double]
        let classLogits: [[Double]]
        let classDeltas: [[Double]]
        /// One row of pixels per class.
        let classMasks: [[Double]]?
        /// One row of pixels, 17 numbers each.
        let keypointRow: [Double]?
    }

    private static let files = [
        "detectron2-fpn.pkl", "detectron2-keypoint.pkl", "detectron2-c4.pkl", "detectron2-x101.pth",
        "mmdetection-2.pth", "mmdetection-3.pth", "detectron2-dc5.pth", "mmdetection-basic.pth",
    ]

    /// A file's model; the number of groups in its group norms is nowhere in it.
    private func load(_ name: String) throws -> LoadedModel {
        var options = LoadingOptions()
        if name == "mmdetection-basic.pth" {
            options.assignments = try StatedConfiguration(assignments: ["backbone.groupNormGroups=2"])
        }
        return try LoadedModel(contentsOf: path(name), options: options)
    }

    private func path(_ name: String) -> String { Bundle.module.fixture(name) }

    private func golden(_ name: String) throws -> Golden {
        try #require(try Bundle.module.decoded("checkpoints", as: [String: Golden].self)[name])
    }

    // MARK: The inputs, by the formulas of the script

    /// 64 rows of 96 pixels, as the profile prepares them.
    private func picture(_ input: Conventions.Input) -> Tensor {
        Tensor(shape: [64, 96, 3]) { elements in
            for y in 0..<64 {
                for x in 0..<96 {
                    for channel in 0..<3 {
                        let color = input.channelOrder == .rgb ? channel : 2 - channel
                        let value = Float((29 * y + 53 * x + 97 * color + 7 * x * y) % 256)
                        let prepared = (value - input.mean[channel]) / input.standardDeviation[channel]
                        elements.initializeElement(at: (y * 96 + x) * 3 + channel, to: prepared)
                    }
                }
            }
        }
    }

    /// Regions of `side`² positions; the formula counts channels before positions, as PyTorch has them.
    private func regions(_ count: Int, side: Int, channels: Int) -> Tensor {
        Tensor(shape: [count, side, side, channels]) { elements in
            for region in 0..<count {
                for channel in 0..<channels {
                    for position in 0..<side * side {
                        let index = (region * channels + channel) * side * side + position
                        elements.initializeElement(
                            at: (region * side * side + position) * channels + channel,
                            to: Float((37 * index + 11) % 101 - 50) / 50)
                    }
                }
            }
        }
    }

    /// Compares with the golden values, to a ten-thousandth of the largest; near zero, to what 32 bits leave of
    /// terms of size 1.
    private func expectClose(
        _ values: some Sequence<Float>, _ expected: [Double], _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let values = Array(values)
        #expect(values.count == expected.count, "\(what)", sourceLocation: sourceLocation)
        let scale = expected.map(abs).max() ?? 0
        #expect(scale > 1e-3, "\(what) says nothing", sourceLocation: sourceLocation)
        let worst = zip(values, expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(
            worst <= 1e-4 * scale + 1e-5, "\(what) is off by \(worst) of \(scale)",
            sourceLocation: sourceLocation)
    }

    /// Channels that the heads pool: those of a narrow pyramid, or of a narrow c4 or c5.
    private func channels(_ model: Model) -> Int {
        if case .pyramid = model.architecture.features { 4 } else { 6 }
    }

    // MARK: What the networks compute

    /// Order of colours, mean and deviation, place of the stride, names of all parts.
    @Test(arguments: Self.files)
    func featuresAndProposals(name: String) throws {
        let golden = try golden(name)
        let model = try load(name).model
        let features = model.network.features(picture(model.conventions.input))
        // Of a pyramid, p6 comes after the coarsest that has weights.
        let coarsest = features.count == 5 ? features[3] : features[0]
        expectClose(coarsest.array, golden.coarsest, "coarsest")
        if let finest = golden.finest {
            let width = 24 * features[0].shape[2]
            expectClose(features[0].array[7 * width..<8 * width], finest, "p2")
        }
        let output = model.network.rpn(coarsest, level: "p5")
        expectClose(output.objectness.array, golden.objectness, "objectness")
        if let deltas = golden.anchorDeltas { expectClose(output.deltas.array, deltas, "deltas of anchors") }
    }

    /// Order of classes, and of the numbers that the first fully connected layer reads.
    @Test(arguments: Self.files)
    func classesAndBoxes(name: String) throws {
        let golden = try golden(name)
        let model = try load(name).model
        let isC4 = model.architecture.boxes.head == .residualStage
        let pooled = regions(2, side: isC4 ? 14 : 7, channels: channels(model))
        let output = model.network.box.output(model.network.box.hidden(pooled))
        let classes = model.architecture.classes
        #expect(golden.classLogits.count == classes)
        #expect(output.logits.shape == [2, classes + 1])
        expectClose((0..<2).map { output.logits[$0, 0] }, golden.backgroundLogit, "background")
        for label in 1...classes {
            expectClose(
                (0..<2).map { output.logits[$0, label] }, golden.classLogits[label - 1], "logits of \(label)")
            expectClose(
                (0..<2).flatMap { region in
                    let delta = refinement(output.deltas, proposal: region, label: label)
                    return [delta.dx, delta.dy, delta.dw, delta.dh]
                },
                golden.classDeltas[label - 1], "deltas of \(label)")
        }
    }

    @Test(arguments: Self.files)
    func masksAndKeypoints(name: String) throws {
        let golden = try golden(name)
        let model = try load(name).model
        #expect((model.network.mask != nil) == (golden.classMasks != nil))
        #expect((model.network.keypoints != nil) == (golden.keypointRow != nil))
        if let head = model.network.mask, let rows = golden.classMasks {
            let isC4 = model.architecture.boxes.head == .residualStage
            let pooled = regions(isC4 ? 2 : 1, side: isC4 ? 14 : 4, channels: channels(model))
            let logits = model.network.masks(pooled, by: head)
            #expect(logits.shape[3] == model.architecture.classes + 1)
            for (index, row) in rows.enumerated() {
                expectClose(
                    (0..<logits.shape[2]).map { logits[0, 3, $0, index + 1] }, row, "mask of \(index + 1)")
            }
        }
        if let head = model.network.keypoints, let row = golden.keypointRow {
            let logits = head(regions(1, side: 4, channels: 4))
            let width = 16 * 17
            expectClose(logits.array[5 * width..<6 * width], row, "keypoints")
        }
    }

    // MARK: What the files say, and what not

    private func decision(_ subject: String, _ loaded: LoadedModel) -> [String] {
        loaded.decisions.filter { $0.subject == subject }.flatMap { [$0.value, $0.reason] }
    }

    @Test func containersAndNames() throws {
        for (name, container, keyMap) in [
            (Self.files[0], TensorFile.Container.pickle, KeyMap.detectron2),
            (Self.files[1], .pickle, .detectron2), (Self.files[2], .pickle, .detectron2C4),
            (Self.files[3], .pytorchZip, .detectron2), (Self.files[4], .pytorchLegacy, .mmdetection),
            (Self.files[5], .pytorchLegacy, .mmdetection),
        ] {
            let checkpoint = try Checkpoint(contentsOf: path(name))
            #expect(checkpoint.file.container == container)
            #expect(checkpoint.keyMap == keyMap)
            #expect(checkpoint.unrecognizedKeys.isEmpty)
            // Every tensor found its place. The anchors in the first file are zeros, which is said.
            let remarks = try LoadedModel(contentsOf: path(name)).remarks
            #expect(remarks.count == (name == Self.files[0] ? 1 : 0), "\(remarks)")
            #expect(remarks.allSatisfy { $0.contains("cell_anchors") }, "\(remarks)")
        }
        let author = try TensorFile(contentsOf: path(Self.files[0])).metadata[CheckpointNotes.author]
        #expect(author == "Detectron2 Model Zoo")
    }

    @Test func conventionsOfDetectron2() throws {
        let loaded = try LoadedModel(contentsOf: path("detectron2-fpn.pkl"))
        #expect(loaded.model.conventions == Profile.detectron2.conventions)
        #expect(decision("profile", loaded) == ["detectron2", "from the names of the parameters"])
        #expect(decision("stride", loaded) == ["in the 1×1 convolution", "from the profile"])
        #expect(loaded.model.classes == .coco)
        #expect(loaded.model.classes.category(of: 80) == 90)
        // No padding without a pyramid; six thousand candidates on its one level.
        let c4 = try LoadedModel(contentsOf: path("detectron2-c4.pkl"))
        #expect(c4.model.conventions.input.padMultiple == 1)
        #expect(c4.model.settings.proposals.preNMSTopN == 6000)
        #expect(
            try LoadedModel(contentsOf: path("detectron2-keypoint.pkl")).model.classes.names == ["person"])
        let grouped = try LoadedModel(contentsOf: path("detectron2-x101.pth"))
        #expect(grouped.model.architecture.backbone.groups == 2)
        #expect(decision("backbone style", grouped) == ["caffe2", "known of detectron2's ResNeXt"])
        #expect(grouped.model.conventions.input.standardDeviation == [57.375, 57.12, 58.395])
        #expect(decision("stride", grouped) == ["in the 3×3 convolution", "from the backbone style"])
    }

    @Test func conventionsOfMMDetection() throws {
        let caffe = try LoadedModel(contentsOf: path("mmdetection-2.pth"))
        #expect(decision("backbone style", caffe) == ["caffe", "from the file's configuration"])
        #expect(decision("channels", caffe) == ["BGR", "from the backbone style"])
        #expect(caffe.model.conventions.input.standardDeviation == [1, 1, 1])
        #expect(caffe.model.architecture.backbone.stridePlacement == .conv1)
        #expect(caffe.model.classes.names == ["cat", "dog", "tree"])
        let pytorch = try LoadedModel(contentsOf: path("mmdetection-3.pth"))
        #expect(decision("backbone style", pytorch) == ["pytorch", "from the file's configuration"])
        #expect(pytorch.model.conventions == Profile.mmdetection.conventions)
        #expect(pytorch.model.classes.names == ["cat", "dog"])
    }

    /// A dilated c5 and one box for all classes; basic blocks and group norms under MMDetection's names.
    @Test func architecturesBesideTheUsual() throws {
        let dilated = try load("detectron2-dc5.pth")
        #expect(
            dilated.model.architecture.features == .c5 && dilated.model.architecture.boxes.isClassAgnostic)
        #expect(dilated.model.architecture.backbone.lastStageDilation == 2)
        #expect(decision("c5", dilated) == ["stride 16, dilation 2", "from the profile"])
        #expect(try Checkpoint(contentsOf: path("detectron2-dc5.pth")).keyMap == .detectron2C4)
        let basic = try load("mmdetection-basic.pth")
        #expect(basic.model.architecture.backbone.block == .basic)
        #expect(basic.model.architecture.backbone.norm == .group(groups: 2))
        #expect(decision("stride", basic).isEmpty)
        #expect(basic.remarks.count == 1 && basic.remarks[0].contains("groupNorms.standardizeWeights"))
    }

    /// Converted, a file computes the same and says what its tensors do not; without that, an option must.
    @Test func conversion() throws {
        let folder = try TemporaryFolder()
        func file(_ name: String) -> String { folder.path(name) }
        let original = try Checkpoint(contentsOf: path("mmdetection-2.pth"))
        try original.write(to: file("ours.safetensors"))
        let ours = try Checkpoint(contentsOf: file("ours.safetensors"))
        #expect(ours.keyMap == .native && ours.shapes == original.shapes)
        #expect(ours.shapes["box.deltas.weight"] == [16, 5] && ours.shapes["mask.logits.bias"] == [4])
        // And back: the same tensors under the same names.
        try ours.write(to: file("theirs.safetensors"), keyMap: .mmdetection)
        let theirs = try TensorFile(contentsOf: file("theirs.safetensors"))
        for tensor in original.file.tensors where !KeyMap.isIgnored(tensor.name) {
            let back = try #require(theirs[tensor.name])
            #expect(try back.floats().array == tensor.floats().array && back.shape == tensor.shape)
        }

        let silent = try LoadedModel(contentsOf: file("theirs.safetensors"))
        #expect(decision("backbone style", silent) == ["pytorch", "the usual one"])
        #expect(silent.remarks.count == 1 && silent.remarks[0].contains("--backbone-style caffe"))
        let told = try LoadedModel(
            contentsOf: file("theirs.safetensors"), options: LoadingOptions(backboneStyle: .caffe))
        #expect(decision("backbone style", told) == ["caffe", "given"])
        let loaded = try LoadedModel(contentsOf: path("mmdetection-2.pth"))
        #expect(told.model.conventions == loaded.model.conventions && told.remarks.isEmpty)
        #expect(told.model.architecture == loaded.model.architecture)
        try ours.write(to: file("mask_rcnn_r50_caffe_fpn_1x_coco.pth"), keyMap: .mmdetection)
        let named = try LoadedModel(contentsOf: file("mask_rcnn_r50_caffe_fpn_1x_coco.pth"))
        #expect(decision("backbone style", named) == ["caffe", "from the file's name"])

        let metadata = [
            "profile": "mmdetection", "channels": "bgr 103.53 116.28 123.675 1.0 1.0 1.0",
            "stride_placement": "conv1",
        ]
        try ours.write(to: file("noted.safetensors"), metadata: metadata)
        let noted = try LoadedModel(contentsOf: file("noted.safetensors"))
        #expect(noted.model.conventions == loaded.model.conventions)
        #expect(noted.model.architecture == loaded.model.architecture)
        // As it is written today.
        try ours.write(to: file("stated.safetensors"), metadata: ModelMetadata(loaded).strings)
        let stated = try LoadedModel(contentsOf: file("stated.safetensors"))
        #expect(stated.model.configuration == loaded.model.configuration)
        #expect(stated.model.classes == loaded.model.classes && stated.remarks.isEmpty)
    }

    /// A number of rows that would be right in torchvision's order.
    @Test func rowsOfTheBackgroundAreRefused() throws {
        let classes = [
            "roi_heads.box_predictor.bbox_pred.weight": 16, "roi_heads.mask_head.predictor.bias": 4,
        ]
        for (name, rows) in classes {
            var writer = SafetensorsWriter()
            writer.add("roi_heads.box_predictor.cls_score.weight", Tensor(shape: [4, 5]))
            writer.add("backbone.fpn_lateral2.weight", Tensor(shape: [1]))
            writer.add(name, Tensor(shape: [rows, 5]))
            let folder = try TemporaryFolder()
            let file = folder.path("rows")
            try writer.write(to: file)
            let error = try #require(throws: FileError.self) { try Checkpoint(contentsOf: file) }
            #expect(error.fault.contains("'\(name)' has \(rows) rows for 3 classes"))
        }
    }
}
