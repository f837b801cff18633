import Foundation
import Formats
import Geometry
import Inference
import Tensors
import TestSupport
import Testing
import Verification

/// Stages and steps that others take the place of.
@Suite struct ReplacementTests {
    let picture = formulaPicture(height: 60, width: 83)

    private func bundle(_ tensors: [(stage: Stage, tensor: ContractTensor)]) throws -> TensorBundle {
        let folder = try TemporaryFolder()
        let path = folder.path("tensors.safetensors")
        var writer = BundleWriter(metadata: [:])
        for (stage, tensor) in tensors { writer.add(stage, tensor) }
        try writer.write(to: path)
        // The file stays mapped after its name is gone.
        return try TensorBundle(contentsOf: path)
    }

    private func recorded(_ model: Model) -> [(stage: Stage, tensor: ContractTensor)] {
        let recorder = Recorder()
        _ = model.detect(picture, observer: recorder)
        return recorder.stages
    }

    private func fault(_ body: () throws -> Void) throws -> String {
        let error = try #require(throws: FileError.self) { try body() }
        #expect(!error.description.contains("\n"))
        return error.fault
    }

    /// What is equal in two runs; in the order in which data flows.
    private func equalStages(
        _ a: [(stage: Stage, tensor: ContractTensor)], _ b: [(stage: Stage, tensor: ContractTensor)]
    ) -> Set<Stage> {
        let others = Dictionary(b.map { ($0.stage, $0.tensor) }) { first, _ in first }
        var equal: Set<Stage> = []
        for (stage, tensor) in a {
            if let other = others[stage], numbers(other) == numbers(tensor) { equal.insert(stage) }
        }
        return equal
    }

    private func numbers(_ tensor: ContractTensor) -> [Double] {
        tensor.shape.map(Double.init)
            + {
                switch tensor.elements {
                case .floats(let tensor): tensor.array.map(Double.init)
                case .integers(let integers): integers.map(Double.init)
                case .bytes(let bytes): bytes.map(Double.init)
                }
            }()
    }

    /// Whatever stages are taken from a run of the model itself, the result is that of the run.
    private func expectNothingChanges(_ model: Model, _ select: ([Stage]) -> [[Stage]]) throws {
        let own = recorded(model)
        let bundle = try bundle(own)
        for stages in select(own.map(\.stage)) {
            let recorder = Recorder()
            let instances = try model.detect(
                picture, replacing: Dictionary(stages.map { ($0, bundle) }) { $1 }, observer: recorder)
            #expect(instances.count > 0)
            let equal = equalStages(own, recorder.stages)
            #expect(equal.count == own.count, "\(stages): \(own.map(\.stage).filter { !equal.contains($0) })")
        }
    }

    @Test(arguments: Variant.all)
    func itsOwnStagesChangeNothing(variant: Variant) throws {
        try expectNothingChanges(try variant.model(scoreThreshold: 0)) { [$0] }
    }

    @Test func eachOfItsOwnStagesChangesNothing() throws {
        try expectNothingChanges(try Self.complete.model(scoreThreshold: 0)) { $0.map { [$0] } }
    }

    /// Has every kind of head.
    private static let complete = Variant.all[3]

    /// What comes before a replaced stage stays, the stage is what was put in, and what is made from it changes.
    @Test(arguments: [
        ("fpn.p3", ["rpn.hidden.p3", "box.pooled"]), ("fpn.topdown.p3", ["fpn.merged.p3", "fpn.merged.p2"]),
        ("anchors.p2", ["rpn.candidates.p2.boxes"]), ("box.level", ["box.pooled"]),
        ("box.deltas", ["detections.boxes"]), ("mask.logits", ["mask.probabilities", "output.masks"]),
        ("rpn.proposals.boxes", ["box.pooled"]), ("input.tensor", ["backbone.stem"]),
    ])
    func whatFollowsChanges(name: String, followers: [String]) throws {
        let model = try Variant.all[0].model(scoreThreshold: 0)
        let own = recorded(model)
        let stage = Stage(name)
        let old = try #require(own.first { $0.stage == stage }).tensor
        let new: ContractTensor
        switch old.elements {
        case .floats(let tensor):
            new = ContractTensor(Tensor(shape: old.shape, elements: tensor.array.map { $0 * 0.5 + 1 }))
        case .integers(let levels):
            new = ContractTensor(shape: old.shape, elements: .integers(levels.map { $0 == 2 ? 3 : 2 }))
        case .bytes: return
        }
        let recorder = Recorder()
        _ = try model.detect(picture, replacing: [stage: try bundle([(stage, new)])], observer: recorder)
        let equal = equalStages(own, recorder.stages)
        let order = model.stages
        let place = try #require(order.firstIndex(of: stage))
        for earlier in order[..<place] { #expect(equal.contains(earlier), "\(earlier)") }
        let found = try #require(recorder.stages.first { $0.stage == stage }).tensor
        #expect(numbers(found) == numbers(new))
        for follower in followers { #expect(!equal.contains(Stage(follower)), "\(follower)") }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let model = try Variant.all[0].model(scoreThreshold: 0)
        func tensor(_ shape: [Int]) -> ContractTensor { ContractTensor(Tensor(shape: shape, repeating: 1)) }
        func fault(_ stage: Stage, _ shape: [Int]) throws -> String {
            try self.fault {
                _ = try model.detect(picture, replacing: [stage: try bundle([(stage, tensor(shape))])])
            }
        }
        #expect(
            try fault(.pyramid(2), [16, 24, 31]) == "'fpn.p2' has shape [16, 24, 31], expected [16, 24, 32]")
        #expect(try fault(.pyramid(2), [3, 24, 32]) == "'fpn.p2' has 3 channels, the model needs 16")
        #expect(try fault(.pyramid(2), [24, 32]) == "'fpn.p2' has shape [24, 32], expected 3 axes")
        #expect(try fault(.boxC5, [1, 1, 1, 1]) == "is no stage of this model")
        let count = try #require(recorded(model).first { $0.stage == .proposalBoxes }).tensor.shape[0]
        #expect(
            try fault(.proposalBoxes, [count + 1, 4])
                == "'rpn.proposals.boxes' has shape [\(count + 1), 4], expected [\(count), 4]; for other rows "
                + "replace rpn.proposals.scores as well")
        #expect(
            try self.fault {
                _ = try model.detect(
                    picture, replacing: [.pyramid(2): try bundle([(.pyramid(3), tensor([16, 12, 16]))])])
            } == "has no 'fpn.p2'")
    }

    @Test func rowsThatAreReplacedTogetherMayBeFewer() throws {
        let model = try Variant.all[0].model(scoreThreshold: 0)
        let own = recorded(model)
        let boxes = try #require(own.first { $0.stage == .proposalBoxes }).tensor
        guard case .floats(let edges) = boxes.elements else { return }
        let fewer = try bundle([
            (.proposalBoxes, ContractTensor(Tensor(shape: [3, 4], elements: Array(edges.array.prefix(12))))),
            (.proposalScores, ContractTensor(Tensor(shape: [3], elements: [0.9, 0.8, 0.7]))),
        ])
        let recorder = Recorder(patterns: ["box.pooled"])
        _ = try model.detect(
            picture, replacing: [.proposalBoxes: fewer, .proposalScores: fewer], observer: recorder)
        #expect(recorder.stages[0].tensor.shape[0] == 3)
    }

    /// Any numbers can be in a file.
    @Test(arguments: [Float.nan, .infinity, -3e38])
    func noNumberCrashes(value: Float) throws {
        let model = try Self.complete.model(scoreThreshold: 0)
        for (stage, tensor) in recorded(model) {
            let replacement: ContractTensor
            switch tensor.elements {
            case .floats: replacement = ContractTensor(Tensor(shape: tensor.shape, repeating: value))
            case .integers:
                let number: Int64 = value.isNaN ? .min : value > 0 ? .max : Int64(max(value, -1))
                replacement = ContractTensor(
                    shape: tensor.shape,
                    elements: .integers([Int64](repeating: number, count: tensor.shape.reduce(1, *))))
            case .bytes: continue
            }
            // Refused or not: the program goes on.
            do {
                _ = try model.detect(picture, replacing: [stage: try bundle([(stage, replacement)])])
            } catch is FileError {
            } catch is StageFault {}
        }
    }

    // MARK: Steps

    @Test func aStepThatIsHandedInIsTaken() throws {
        let model = try Variant.all[0].model(scoreThreshold: 0)
        var conventions = model.conventions
        conventions.pooling.layer = .pool(.truncating)
        let other = model.with(conventions: conventions)
        var steps = PipelineSteps<Tensor>()
        steps.pool = { pooling in
            other.pooledMaps(
                pooling.maps.maps + [pooling.maps.maps[0]], size: PixelSize(height: 90, width: 124)
            )
            .pooled(pooling.boxes, size: pooling.side)
        }
        let recorder = Recorder()
        _ = model.detect(picture, in: PipelineRun(observer: recorder, steps: steps))
        #expect(equalStages(recorder.stages, recorded(other)).count == model.stages.count)
    }

    @Test func aSelectionThatIsHandedInIsTaken() throws {
        let model = try Variant.all[0].model(scoreThreshold: 0)
        var steps = PipelineSteps<Tensor>()
        steps.selectDetections = { selection in
            var detections = selection.detections()
            detections.boxes = Array(detections.boxes.prefix(1))
            detections.scores = Array(detections.scores.prefix(1))
            detections.classes = Array(detections.classes.prefix(1))
            detections.proposals = Array(detections.proposals.prefix(1))
            return detections
        }
        steps.paste = { pasting in
            InstanceMask(
                imageSize: pasting.imageSize, region: PixelRegion(x: 0, y: 0, width: 1, height: 1), bits: [1])
        }
        let instances = model.detect(picture, in: PipelineRun(steps: steps))
        let whole = model.detect(picture)
        #expect(instances.count == 1 && whole.count > 1)
        #expect(instances[0].box == whole[0].box && instances[0].mask?.area == 1)
    }
}
