import COCO
import Dispatch
import Inference
import Loading
import Synchronization
import Tensors

/// The record of one run of a model on one image, with all stages: the source of figures and pages.
public struct PictureRun: Sendable {
    /// The model, and where its parts were loaded from.
    public let loaded: LoadedModel
    /// The decoded image at its original size.
    public package(set) var image: Image
    /// The image's name.
    public let name: String
    /// The image's annotations, as a dataset of this image only; nil if there are none.
    public package(set) var annotations: Dataset?
    /// The detected objects.
    public let instances: [Instance]
    /// The duration of each step, in seconds.
    public let seconds: [PipelineStep: Double]
    /// The stages of this model, in the order in which they were computed.
    public let stages: [Stage]
    private var values: [Stage: StageValue]

    /// Runs the whole pipeline once and keeps every stage.
    /// - Parameter annotations: the image's annotations, for figures about training.
    public init(
        _ loaded: LoadedModel, on image: Image, named name: String, annotations: Dataset? = nil
    ) {
        let keeper = Keeper()
        self.loaded = loaded
        self.image = image
        self.name = name
        self.annotations = annotations
        instances = loaded.model.detect(image, observer: keeper)
        (stages, values, seconds) = keeper.kept
    }

    /// The model.
    public var model: Model { loaded.model }

    /// A stage's value, or nil if this model has no such stage.
    public package(set) subscript(stage: Stage) -> StageValue? {
        get { values[stage] }
        set { values[stage] = newValue }
    }

    /// The tensor of a stage that is a map, maps of regions, or a table, in the network's own order (channels
    /// last); nil for other stages and those that this model does not have.
    public func tensor(_ stage: Stage) -> Tensor? {
        switch values[stage] {
        case .map(let tensor), .anchorMap(let tensor, _), .regionMaps(let tensor), .table(let tensor): tensor
        default: nil
        }
    }
}

/// Records all stages and the duration of each step.
private final class Keeper: Observer, Sendable {
    private struct State {
        var stages: [Stage] = []
        var values: [Stage: StageValue] = [:]
        var seconds: [PipelineStep: Double] = [:]
        var last = DispatchTime.now()
    }

    private let state = Mutex(State())

    var kept: ([Stage], [Stage: StageValue], [PipelineStep: Double]) {
        state.withLock { ($0.stages, $0.values, $0.seconds) }
    }

    func wants(_ stage: Stage) -> Bool { true }

    func record(_ stage: Stage, _ value: StageValue) {
        state.withLock { state in
            if state.values.updateValue(value, forKey: stage) == nil { state.stages.append(stage) }
        }
    }

    func finished(_ step: PipelineStep) {
        let now = DispatchTime.now()
        state.withLock { state in
            state.seconds[step] = Double(now.uptimeNanoseconds - state.last.uptimeNanoseconds) * 1e-9
            state.last = now
        }
    }
}
