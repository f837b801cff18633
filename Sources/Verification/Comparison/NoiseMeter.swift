import Execution
import Foundation
import Kernels
import Inference
import Synchronization
import Tensors

/// Measures the differences between a run of the pipeline and a recorded one while it runs, stage by stage,
/// so that the second run is never in memory as a whole.
final class NoiseMeter: Observer, Sendable {
    /// The recorded run.
    private let reference: RecordedStages
    private let state = Mutex(State())

    private struct State {
        /// The selected rows of this run, by which stages that follow them are compared.
        var rows: [Stage: StageTensor] = [:]
        var pairings: [RowGroup: GroupPairing] = [:]
        var noise: [String: StageNoise] = [:]
    }

    init(reference: RecordedStages) { self.reference = reference }

    func wants(_ stage: Stage) -> Bool { reference.stages[stage] != nil }

    func finished(_ step: PipelineStep) {}

    func record(_ stage: Stage, _ value: StageValue) {
        let tensor = StageTensor(ContractTensor(value))
        state.withLock { state in
            switch stage.correspondence {
            case .selected: state.rows[stage] = tensor
            case .following(let group): measure(stage, tensor, pairedBy: group, &state)
            case .masks, .keypoints: measure(stage, tensor, pairedBy: .output, &state)
            case .tensor: measure(stage, tensor, pairedBy: nil, &state)
            }
        }
    }

    /// The noise by stage, complete when the run is over.
    var noise: [String: StageNoise] {
        state.withLock { state in
            for (stage, tensor) in state.rows {
                guard case .selected(let group) = stage.correspondence else { continue }
                measure(stage, tensor, pairedBy: group, &state)
            }
            return state.noise
        }
    }

    private func measure(
        _ stage: Stage, _ tensor: StageTensor, pairedBy group: RowGroup?, _ state: inout State
    ) {
        var stages = state.rows
        if let group, state.pairings[group] == nil {
            state.pairings[group] =
                (try? GroupPairing(
                    group, reference: reference, candidate: RecordedStages(stages: stages),
                    limits: SelectionLimits())) ?? nil
        }
        stages[stage] = tensor
        let comparer = StageComparer(
            reference: reference, candidate: RecordedStages(stages: stages), tolerance: { _ in 0 },
            exactTolerance: { _ in 0 }, pairings: state.pairings, sharesRows: false, inputSize: nil,
            mapShape: { _ in nil })
        guard let result = try? comparer.compare(stage) else { return }
        if let masks = result.masks {
            state.noise[stage.name] = StageNoise(
                relative: 1 - masks.meanOverlap, maximum: masks.differingPixels > 0 ? 1 : 0)
        } else if let measures = result.measures, measures.relativeError.isFinite {
            state.noise[stage.name] = StageNoise(
                relative: measures.relativeError, maximum: measures.maximumError)
        }
    }
}

/// Recorded stages, in memory.
struct RecordedStages: StageSource, Sendable {
    var stages: [Stage: StageTensor]

    func stageTensor(_ stage: Stage) -> StageTensor? { stages[stage] }
}

extension Recorder {
    /// The differences in each recorded stage caused by float32 rounding alone: the model runs again on the
    /// image with every convolution algorithm except the direct one, which is slow, and the largest
    /// difference from the recorded stage counts.
    ///
    /// The number of threads is not varied, since results do not depend on it.
    /// - Returns: the noise by stage name, for bundles' metadata and ``Tolerances``.
    package func noise(of model: Model, on image: Image) -> [String: StageNoise] {
        let reference = RecordedStages(
            stages: Dictionary(stages.map { ($0.stage, StageTensor($0.tensor)) }) { first, _ in first })
        var noise: [String: StageNoise] = [:]
        for algorithm in [ConvolutionAlgorithm.matrixProduct, .winograd] {
            let meter = NoiseMeter(reference: reference)
            _ = ExecutionContext.with(convolution: algorithm) { model.detect(image, observer: meter) }
            noise.merge(meter.noise) {
                StageNoise(relative: max($0.relative, $1.relative), maximum: max($0.maximum, $1.maximum))
            }
        }
        return noise
    }
}

extension [String: StageNoise] {
    /// The text in bundles' metadata under ``Tolerances/metadataKey``.
    package var metadataText: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
