import Execution
import Formats
import Foundation
import Kernels
import Inference
import Tensors
import TestSupport
import Testing

import Training

/// One after another, since the number of threads holds for the whole process.
@Suite(.serialized) struct TrainerTests {
    private static let rules = [UpdateRule.sgd(momentum: 0.9), .adamW(beta1: 0.9, beta2: 0.999)]

    @Test("Every part of the loss is there, and every step changes every parameter")
    func steps() throws {
        var trainer = try TinyRun.trainer(TinyRun.configuration())
        let before = trainer.parameters.bits
        for step in 0..<2 {
            let report = try trainer.advance()
            #expect(report.step == step && trainer.step == step + 1)
            #expect(Set(report.losses.keys) == Set(LossKind.allCases))
            #expect(report.losses.values.allSatisfy { $0.isFinite && $0 >= 0 })
            let weights = trainer.configuration.settings.weights
            let total = report.losses.reduce(0) { $0 + $1.value * Double(weights[$1.key] ?? 1) }
            #expect(abs(report.total - total) < 1e-12)
            #expect(report.gradientNorm > 0 && report.rate == 0.01)
        }
        let after = trainer.parameters.bits
        #expect(before.count == after.count)
        for (name, bits) in before { #expect(after[name] != bits, "\(name) has not changed") }
    }

    @Test("The bytes do not depend on the number of threads")
    func threads() throws {
        func run(threads: Int) throws -> [String: [UInt32]] {
            try ExecutionContext.with(threads: threads) {
                var trainer = try TinyRun.trainer(TinyRun.configuration())
                for _ in 0..<2 { _ = try trainer.advance() }
                return trainer.parameters.bits
            }
        }
        let alone = try run(threads: 1)
        #expect(!alone.isEmpty)
        #expect(try run(threads: 2) == alone)
    }

    @Test("A run that is taken up again goes on bit for bit", arguments: rules)
    func resuming(rule: UpdateRule) throws {
        var configuration = try TinyRun.configuration()
        configuration.updateRule = rule
        var straight = try TinyRun.trainer(configuration)
        var totals: [Double] = []
        for _ in 0..<4 { totals.append(try straight.advance().total) }
        try withTemporaryFolder { path in
            let folder = RunFolder(path: path)
            #expect(!folder.hasCheckpoint)
            var first = try TinyRun.trainer(configuration)
            for _ in 0..<2 { _ = try first.advance() }
            try folder.save(first)
            #expect(folder.hasCheckpoint)
            var second = try TinyRun.trainer(configuration)
            try folder.restore(&second)
            #expect(second.step == 2)
            #expect(second.parameters.bits == first.parameters.bits)
            #expect(Set(second.optimizer.means.keys) == Set(first.optimizer.means.keys))
            for step in 2..<4 { #expect(try second.advance().total == totals[step]) }
            #expect(second.parameters.bits == straight.parameters.bits)
        }
    }

    @Test("A checkpoint of another configuration, and a file that is none, are refused by name")
    func foreignCheckpoints() throws {
        try withTemporaryFolder { path in
            let folder = RunFolder(path: path)
            var configuration = try TinyRun.configuration()
            try folder.save(TinyRun.trainer(configuration))
            configuration.seed += 1
            var other = try TinyRun.trainer(configuration)
            #expect(throws: FileError.self) { try folder.restore(&other) }
            var writer = SafetensorsWriter()
            writer.add("a", Tensor(shape: [1]))
            try writer.write(to: folder.checkpointPath)
            let error = #expect(throws: FileError.self) { try folder.restore(&other) }
            #expect(error?.path == folder.checkpointPath)
            #expect(other.step == 0)
        }
    }

    @Test("A save that fails leaves what was saved before")
    func failedSave() throws {
        try withTemporaryFolder { path in
            let folder = RunFolder(path: path + "/run")
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            var trainer = try TinyRun.trainer(TinyRun.configuration())
            _ = try trainer.advance()
            try folder.save(trainer)
            let saved = try Data(contentsOf: URL(fileURLWithPath: folder.checkpointPath))
            _ = try trainer.advance()
            // The folder is away while the run wants to save, as an unplugged disk is.
            try FileManager.default.moveItem(atPath: folder.path, toPath: path + "/away")
            #expect(throws: FileError.self) { try folder.save(trainer) }
            try FileManager.default.moveItem(atPath: path + "/away", toPath: folder.path)
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder.checkpointPath)) == saved)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
            var resumed = try TinyRun.trainer(TinyRun.configuration())
            try folder.restore(&resumed)
            #expect(resumed.step == 1)
        }
    }

    @Test("Two parts of a batch count as their mean")
    func accumulation() throws {
        var configuration = try TinyRun.configuration()
        configuration.flipProbability = 0
        configuration.batchSize = 4
        configuration.largestGradientNorm = nil
        configuration.anchorSampling.order = .first
        configuration.proposalSampling.order = .first
        configuration.accumulationSteps = 2
        var accumulating = try TinyRun.trainer(configuration)
        let report = try accumulating.advance()

        // The same by hand: the batch's two halves, one after the other.
        let start = try TinyRun.trainer(configuration)
        let source = TinyExamples()
        var order = EpochOrder(
            source, batchSize: 4, groupsByAspectRatio: configuration.groupsByAspectRatio,
            seed: configuration.seed)
        let batch = order.batch(of: 0).map { index in
            BatchItem(
                example: source.example(index), size: start.modelConfiguration.settings.input,
                generator: SeededGenerator(seed: 0))
        }
        let trained = Set(start.parameters.trainable(frozen: []))
        let model = try start.model()
        let halves = [Array(batch[..<2]), Array(batch[2...])].map { half in
            BatchGradients(half, through: model, settings: configuration.settings) { trained.contains($0) }
        }
        for kind in LossKind.allCases {
            let mean = ((halves[0].losses[kind] ?? 0) + (halves[1].losses[kind] ?? 0)) / 2
            #expect(abs((report.losses[kind] ?? .nan) - mean) <= 1e-9 * mean, "\(kind)")
        }
        var parameters = start.parameters
        var gradients = halves[0].gradients
        for (name, gradient) in halves[1].gradients { gradients[name].add(gradient) }
        for name in gradients.keys { gradients[name]?.scale(by: 0.5) }
        var optimizer = start.optimizer
        optimizer.step(
            &parameters, names: start.parameters.trainable(frozen: []), gradients: gradients, rate: 0.01,
            step: 0)
        for name in parameters.names {
            let found = try #require(accumulating.parameters[name])
            let expected = try #require(parameters[name])
            #expect(relativeError(found, expected, floor: 1e-3) < 1e-6, "\(name)")
        }
    }

    @Test("With the same picture throughout, two parts are as good as one")
    func accumulationOfEqualParts() throws {
        func step(parts: Int) throws -> Parameters {
            var configuration = try TinyRun.configuration()
            configuration.flipProbability = 0
            configuration.batchSize = 4
            configuration.anchorSampling.order = .first
            configuration.proposalSampling.order = .first
            configuration.accumulationSteps = parts
            var trainer = try TinyRun.trainer(configuration, source: TinyExamples(only: 2))
            _ = try trainer.advance()
            return trainer.parameters
        }
        let (whole, halves) = (try step(parts: 1), try step(parts: 2))
        for name in whole.names {
            let found = try #require(halves[name])
            #expect(relativeError(found, try #require(whole[name]), floor: 1e-3) < 1e-5, "\(name)")
        }
    }

    @Test(
        "A NaN is reported with the step, the loss and the layer, and changes nothing",
        arguments: [
            ("fpn.p2.norm.bias", "rpn.objectness", "fpn.p2"), ("box.logits.bias", "box.logits", "box.logits"),
            ("mask.logits.bias", "mask.logits", "mask.logits"),
            ("keypoint.heatmaps.bias", "keypoint.heatmaps", "keypoint.heatmaps"),
        ])
    func notANumber(parameter: String, loss: String, layer: String) throws {
        var trainer = try TinyRun.trainer(TinyRun.configuration())
        var parameters = trainer.parameters
        let shape = try #require(parameters[parameter]).shape
        parameters.update(parameter) { $0 = Tensor(shape: shape, repeating: .nan) }
        trainer.restore(step: 1, parameters: parameters, means: [:], squares: [:])
        let before = trainer.parameters.bits
        let error = #expect(throws: TrainingError.self) { try trainer.advance() }
        #expect(
            error?.description
                == "step 1: the loss \(loss) is not a number or infinite; the first fault is in \(layer)")
        #expect(trainer.step == 1 && trainer.parameters.bits == before)
        #expect(trainer.optimizer.means.isEmpty)
    }

    @Test("Frozen parameters stay as they are, with and without decay", arguments: rules)
    func frozen(rule: UpdateRule) throws {
        var configuration = try TinyRun.configuration()
        configuration.updateRule = rule
        configuration.frozen = ["backbone.stem", "backbone.c2", "box.logits.bias"]
        configuration.weightDecay = 0.1
        // Large enough for the smallest gradient to show.
        configuration.learningRate = LearningRate(base: 0.1)
        var trainer = try TinyRun.trainer(configuration)
        let before = trainer.parameters.bits
        _ = try trainer.advance()
        let after = trainer.parameters.bits
        func isFrozen(_ name: String) -> Bool {
            name.hasPrefix("backbone.stem.") || name.hasPrefix("backbone.c2.") || name == "box.logits.bias"
        }
        #expect(before.keys.contains(where: isFrozen))
        for (name, bits) in before { #expect((after[name] == bits) == isFrozen(name), "\(name)") }
    }

    @Test(
        "Where there are fewer pictures than a batch has, a step takes all of them, as a batch of that size would"
    )
    func fewPictures() throws {
        func trained(_ batchSize: Int, parts: Int) throws -> Trainer {
            var configuration = try TinyRun.configuration()
            configuration.batchSize = batchSize
            configuration.accumulationSteps = parts
            configuration.groupsByAspectRatio = false
            var trainer = try TinyRun.trainer(configuration)
            _ = try trainer.advance()
            return trainer
        }
        let (few, whole) = (try trained(64, parts: 16), try trained(8, parts: 8))
        #expect(few.batchSize == 8 && whole.batchSize == 8)
        #expect(few.parameters.bits == whole.parameters.bits)
        #expect(throws: TrainingError.self) {
            try TinyRun.trainer(try TinyRun.configuration(), source: TinyExamples(count: 0))
        }
    }

    @Test("What makes no sense is refused in one line that says what")
    func refusals() throws {
        func fault(_ change: (inout TrainingConfiguration) -> Void) throws -> String? {
            var configuration = try TinyRun.configuration()
            change(&configuration)
            return #expect(throws: TrainingError.self) { try TinyRun.trainer(configuration) }?.description
        }
        #expect(try fault { $0.profile = "nobody's" } == "there is no profile called “nobody's”")
        #expect(try fault { $0.network.classes = 7 }?.contains("network.classes is 7") == true)
        #expect(try fault { $0.frozen = ["backbone.c9"] }?.contains("backbone.c9") == true)
        // A prefix ends at a dot.
        #expect(try fault { $0.frozen = ["backbone.st"] }?.contains("backbone.st") == true)
        #expect(try fault { $0.network.backbone.blocks = [] }?.contains("network.backbone.blocks") == true)
    }
}

@Suite struct FineTuningTests {
    @Test("With another number of classes, only the layers that depend on it begin anew")
    func otherClasses() throws {
        try withTemporaryFolder { path in
            var configuration = try TinyRun.configuration()
            let folder = RunFolder(path: path)
            let trainer = try TinyRun.trainer(configuration)
            try folder.writeModel(trainer)
            let same = try FineTuningStart(folder.modelPath, for: configuration)
            #expect(same.remarks.isEmpty)
            #expect(same.parameters.bits == trainer.parameters.bits)

            configuration.network.classes = 5
            configuration.seed = 99
            let start = try FineTuningStart(folder.modelPath, for: configuration)
            #expect(start.remarks.count == 1)
            let anew = ["box.logits", "box.deltas", "mask.logits"]
            for layer in anew { #expect(start.remarks.first?.contains(layer) == true) }
            #expect(start.remarks.first?.contains("keypoint") == false)
            #expect(start.freshParts.isEmpty && start.untrainedParts == ["box", "mask"])
            #expect(start.parameters["box.logits.weight"]?.shape == [6, 16])
            let (old, new) = (trainer.parameters.bits, start.parameters.bits)
            #expect(Set(old.keys) == Set(new.keys))
            for (name, bits) in old {
                let isAnew = anew.contains { name.hasPrefix($0 + ".") }
                #expect((new[name] == bits) == !isAnew, "\(name)")
            }
        }
    }

    @Test("A checkpoint that lacks a layer, or has it in another size, is refused by name")
    func otherNetwork() throws {
        try withTemporaryFolder { path in
            var configuration = try TinyRun.configuration()
            let folder = RunFolder(path: path)
            try folder.writeModel(try TinyRun.trainer(configuration))
            configuration.network.boxes.head = .twoLayers(hidden: 20)
            let error = #expect(throws: FileError.self) {
                try FineTuningStart(folder.modelPath, for: configuration)
            }
            #expect(error?.path == folder.modelPath)
            #expect(error?.fault.contains("box.hidden.1") == true)
        }
    }

    @Test("Parts of the network that a checkpoint does not have begin anew")
    func missingParts() throws {
        try withTemporaryFolder { path in
            var configuration = try TinyRun.configuration()
            let folder = RunFolder(path: path)
            var boxes = configuration
            boxes.network.masks = nil
            let trainer = try TinyRun.trainer(boxes)
            try folder.writeModel(trainer)
            configuration.seed = 77
            let start = try FineTuningStart(folder.modelPath, for: configuration)
            #expect(start.freshParts == ["mask"] && start.untrainedParts == ["mask"])
            #expect(start.remarks.count == 1 && start.remarks[0].contains("has no mask head"))
            let (old, new) = (trainer.parameters.bits, start.parameters.bits)
            for (name, bits) in old { #expect(new[name] == bits, "\(name)") }
            #expect(new["mask.logits.weight"] != nil)
        }
    }

    /// The names that a tiny backbone's parameters have in each kind of file, by hand.
    private func foreignName(_ name: String, _ naming: String) -> String {
        let words = name.split(separator: ".").map(String.init)
        let last = words[words.count - 1]
        let isNorm = words.contains("norm")
        if words[1] == "stem" {
            return switch naming {
            case "caffe2": isNorm ? "res_conv1_bn_" + (last == "weight" ? "s" : "b") : "conv1_w"
            case "detectron2": isNorm ? "stem.conv1.norm.\(last)" : "stem.conv1.weight"
            default: isNorm ? "bn1.\(last)" : "conv1.weight"
            }
        }
        let stage = Int(words[1].dropFirst())!
        let layer = words[3]
        switch naming {
        case "caffe2":
            let branch = [
                "conv1": "branch2a", "conv2": "branch2b", "conv3": "branch2c", "shortcut": "branch1",
            ][layer]!
            return "res\(stage)_\(words[2])_\(branch)"
                + (isNorm ? "_bn_" + (last == "weight" ? "s" : "b") : "_w")
        case "detectron2": return "res\(stage).\(words[2]).\(layer)" + (isNorm ? ".norm.\(last)" : ".weight")
        default:
            let module =
                layer == "shortcut"
                ? "downsample.\(isNorm ? 1 : 0)" : isNorm ? "bn\(layer.last!)" : layer
            return "layer\(stage - 1).\(words[2]).\(module).\(last)"
        }
    }

    @Test(
        "A backbone alone is a start, whatever its names; the rest begins anew",
        arguments: ["torchvision", "torchvision with a prefix", "backbone.body", "detectron2", "caffe2"])
    func backbones(naming: String) throws {
        try withTemporaryFolder { folder in
            var configuration = try TinyRun.configuration()
            configuration.network.backbone.norm = .frozenBatch(epsilon: 1e-5)
            let trained = try Parameters(configuration.network, from: RandomParameters(seed: 4))
            let prefix = [
                "torchvision with a prefix": "module.encoder_q.", "backbone.body": "backbone.body.",
            ][naming]
            let kind = naming == "detectron2" || naming == "caffe2" ? naming : "torchvision"
            var writer = SafetensorsWriter()
            for name in trained.names where name.hasPrefix("backbone.") {
                // Caffe2 has no statistics.
                if kind == "caffe2" && name.contains(".running_") { continue }
                writer.add((prefix ?? "") + foreignName(name, kind), try #require(trained[name]))
            }
            writer.add((prefix ?? "") + (kind == "caffe2" ? "fc1000_w" : "fc.weight"), Tensor(shape: [3, 4]))
            let path = folder + "/imagenet.safetensors"
            try writer.write(to: path)

            configuration.seed = 9
            let start = try FineTuningStart(path, for: configuration)
            for name in trained.names where name.hasPrefix("backbone.") {
                let found = try #require(start.parameters[name])
                if kind == "caffe2" && name.hasSuffix(".running_var") {
                    // With the epsilon it is 1, as detectron2 has it.
                    #expect(found.array.allSatisfy { $0 == 1 - 1e-5 })
                } else if kind == "caffe2" && name.hasSuffix(".running_mean") {
                    #expect(found.array.allSatisfy { $0 == 0 })
                } else {
                    #expect(found.array == trained[name]?.array, "\(name)")
                }
            }
            #expect(start.freshParts == ["fpn", "rpn", "box", "mask", "keypoint"])
            let fresh = try Parameters(configuration.network, from: RandomParameters(seed: 9))
            #expect(start.parameters["fpn.p2.weight"]?.array == fresh["fpn.p2.weight"]?.array)
            let count = trained.names.filter { !$0.hasPrefix("backbone.") }
                .reduce(0) { $0 + (trained[$1]?.array.count ?? 0) }
            #expect(start.remarks.first?.contains("begin at random, \(count) parameters") == true)
            // The small configuration is torchvision's: RGB, divided, stride in the 3×3 convolution.
            #expect(start.remarks.last?.contains("as the configuration has it") == (kind == "torchvision"))
        }
    }

    @Test("A backbone that lacks a layer, or is of another depth, is refused by name")
    func otherBackbone() throws {
        try withTemporaryFolder { folder in
            let configuration = try TinyRun.configuration()
            var writer = SafetensorsWriter()
            writer.add("layer1.0.conv1.weight", Tensor(shape: [8, 8, 1, 1]))
            let path = folder + "/imagenet.safetensors"
            try writer.write(to: path)
            let error = #expect(throws: FileError.self) { try FineTuningStart(path, for: configuration) }
            #expect(error?.fault == "no parameter 'backbone.stem.weight'")
        }
    }
}
