import Dispatch
import Figures
import Loading
import MaskRCNN
import Synchronization
import Tensors

/// One picture's way through a model, with all that it left behind: what figures are drawn from and pages talk
/// about.
public struct PictureRun: Sendable {
    /// The model, and how it came to be what it is.
    public let loaded: LoadedModel
    /// The picture as decoded.
    public let image: Image
    /// What to call the picture.
    public let name: String
    /// What was found.
    public let instances: [Instance]
    /// Each step's time, in seconds.
    public let seconds: [PipelineStep: Double]
    private let values: [Stage: StageValue]

    /// Runs the whole pipeline once and keeps every stage.
    public init(_ loaded: LoadedModel, on image: Image, named name: String) {
        let keeper = Keeper()
        self.loaded = loaded
        self.image = image
        self.name = name
        instances = loaded.model.detect(image, observer: keeper)
        (values, seconds) = keeper.kept
    }

    /// The model.
    public var model: Model { loaded.model }

    /// A stage's value, or nil if this model has no such stage.
    public subscript(stage: Stage) -> StageValue? { values[stage] }

    /// The tensor of a stage that is a map, maps of regions, or a table, in the network's own order (channels
    /// last); nil for other stages and those that this model does not have.
    public func tensor(_ stage: Stage) -> Tensor? {
        switch values[stage] {
        case .map(let tensor), .anchorMap(let tensor, _), .regionMaps(let tensor), .table(let tensor): tensor
        default: nil
        }
    }
}

/// Keeps everything, and the time of each step.
private final class Keeper: Observer, Sendable {
    private let state = Mutex<(values: [Stage: StageValue], seconds: [PipelineStep: Double])>(([:], [:]))
    private let last = Mutex(DispatchTime.now())

    var kept: ([Stage: StageValue], [PipelineStep: Double]) {
        state.withLock { ($0.values, $0.seconds) }
    }

    func wants(_ stage: Stage) -> Bool { true }

    func record(_ stage: Stage, _ value: StageValue) { state.withLock { $0.values[stage] = value } }

    func finished(_ step: PipelineStep) {
        let now = DispatchTime.now()
        let start = last.withLock { last in
            defer { last = now }
            return last
        }
        let seconds = Double(now.uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9
        state.withLock { $0.seconds[step] = seconds }
    }
}
