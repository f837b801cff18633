import Inference
import Synchronization

/// Records the stages of a run whose names match a pattern.
package final class Recorder: Observer, Sendable {
    private let patterns: [String]
    private let recorded = Mutex<[(stage: Stage, tensor: ContractTensor)]>([])

    /// - Parameter patterns: stage names in which `*` matches any text; a stage is recorded if one matches.
    package init(patterns: [String] = ["*"]) { self.patterns = patterns }

    /// The stages recorded so far, in the order in which they were computed.
    package var stages: [(stage: Stage, tensor: ContractTensor)] { recorded.withLock { $0 } }

    /// Whether a pattern matches the stage's name.
    package func wants(_ stage: Stage) -> Bool { patterns.contains { stage.matches($0) } }

    /// Records the value, in the contract's layout.
    package func record(_ stage: Stage, _ value: StageValue) {
        let tensor = ContractTensor(value)
        recorded.withLock { $0.append((stage, tensor)) }
    }

    /// Does nothing: a recorder does not measure times.
    package func finished(_ step: PipelineStep) {}
}
