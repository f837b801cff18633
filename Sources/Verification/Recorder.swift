import Inference
import Synchronization

/// Keeps the stages of a run whose names match a pattern.
package final class Recorder: Observer, Sendable {
    private let patterns: [String]
    private let recorded = Mutex<[(stage: Stage, tensor: ContractTensor)]>([])

    /// - Parameter patterns: stage names in which `*` stands for anything; a stage is kept if one matches.
    package init(patterns: [String] = ["*"]) { self.patterns = patterns }

    /// The stages kept so far, in the order in which they came to be.
    package var stages: [(stage: Stage, tensor: ContractTensor)] { recorded.withLock { $0 } }

    /// Whether a pattern matches.
    package func wants(_ stage: Stage) -> Bool { patterns.contains { stage.matches($0) } }

    /// Keeps the value, in the order of the contract.
    package func record(_ stage: Stage, _ value: StageValue) {
        let tensor = ContractTensor(value)
        recorded.withLock { $0.append((stage, tensor)) }
    }

    /// Does nothing: a recorder keeps tensors, not times.
    package func finished(_ step: PipelineStep) {}
}
