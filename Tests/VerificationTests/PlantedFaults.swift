import Foundation
import Geometry
import Kernels
import Inference
import Tensors
import Testing
import Verification

/// A fault, where it first shows, and what it should be called.
struct PlantedFault: CustomTestStringConvertible, Sendable {
    typealias Tensors = [Stage: ContractTensor]

    let cause: String
    /// Which form of it.
    let form: String
    /// The first stage that goes wrong.
    let stage: Stage
    /// Changes the good run first, where the fault needs values that chance does not bring.
    var prepare: @Sendable (TensorBundle) throws -> Tensors = { _ in [:] }
    /// What the faulty stages record, given the good run.
    let plant: @Sendable (DiagnosisRun, TensorBundle) throws -> Tensors

    var testDescription: String { "\(cause): \(form)" }

    static let all =
        inputFaults + mapFaults + anchorFaults + candidateFaults + proposalFaults + poolingFaults + headFaults
        + detectionFaults + maskFaults

    /// The plain stages without any fault: what they record must be what the good run has.
    static let controls = inputControls + anchorControls + proposalControls + boxControls + maskControls
}

extension PlantedFault {
    /// A fault that moves a tensor's numbers about: the new one's element at an index is the old one's at
    /// another.
    static func moved(
        _ cause: String, _ form: String, _ stages: [Stage],
        shape: @escaping @Sendable ([Int]) -> [Int] = { $0 },
        from: @escaping @Sendable (_ index: [Int], _ shape: [Int]) -> [Int]
    ) -> PlantedFault {
        PlantedFault(cause: cause, form: form, stage: stages[0]) { _, bundle in
            var tensors: Tensors = [:]
            for stage in stages {
                let old = try bundle.shape(stage), values = try bundle.flat(stage)
                let new = shape(old)
                let moved = (0..<values.count).map { position in
                    var (rest, index) = (position, [Int](repeating: 0, count: new.count))
                    for axis in new.indices.reversed() {
                        (rest, index[axis]) = rest.quotientAndRemainder(dividingBy: new[axis])
                    }
                    return values[zip(from(index, old), old).reduce(0) { $0 * $1.1 + $1.0 }]
                }
                tensors[stage] = contract(new, moved)
            }
            return tensors
        }
    }
}
