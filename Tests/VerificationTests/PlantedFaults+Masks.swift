import Foundation
import Geometry
import Kernels
import Inference
import Tensors
import Testing
import Verification

// MARK: - Masks and output

/// The probabilities of masks of other classes, or by another function.
private func maskProbabilities(
    _ cause: String, _ form: String,
    _ value: @escaping @Sendable (_ logits: [Double], _ label: Int) -> Double
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: .maskProbabilities) { _, bundle in
        let shape = try bundle.shape(.maskLogits), logits = try bundle.flat(.maskLogits)
        let classes = try bundle.indices(.detectionClasses)
        let area = shape[2] * shape[3]
        var values: [Double] = []
        for (detection, label) in classes.enumerated() {
            for pixel in 0..<area {
                let all = (0..<shape[1]).map { Double(logits[(detection * shape[1] + $0) * area + pixel]) }
                values.append(value(all, label))
            }
        }
        return [.maskProbabilities: contract([classes.count, shape[2], shape[3]], values)]
    }
}

/// Masks pasted in another way.
private func masks(_ cause: String, _ form: String, half: Double = 0.5, isStrict: Bool = false)
    -> PlantedFault
{
    PlantedFault(
        cause: cause, form: form, stage: .outputMasks,
        prepare: { bundle in
            // Quarters, so that one half itself comes up.
            let quarters = try bundle.flat(.maskProbabilities).map { ($0 * 4).rounded() / 4 }
            return [.maskProbabilities: contract(try bundle.shape(.maskProbabilities), quarters)]
        },
        plant: { _, bundle in
            let shape = try bundle.shape(.maskProbabilities)
            return [
                .outputMasks: plainMasks(
                    try bundle.flat(.maskProbabilities), side: shape[1],
                    boxes: try bundle.boxes(.outputBoxes),
                    height: 150, width: 200, half: half, isStrict: isStrict)
            ]
        })
}

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

let maskFaults: [PlantedFault] = [
    .moved("background last", "mask logits", [.maskLogits]) { index, shape in
        [index[0], (index[1] + 1) % shape[1], index[2], index[3]]
    },
    maskProbabilities("mask of the wrong class", "the one before") { sigmoid($0[$1 - 1]) },
    maskProbabilities("mask of the wrong class", "always the first") { logits, _ in sigmoid(logits[1]) },
    maskProbabilities("softmax in place of sigmoid", "") { logits, label in
        exp(logits[label]) / logits.reduce(0) { $0 + exp($1) }
    },
    maskProbabilities("logits in place of probabilities", "masks") { $0[$1] },
    .moved("height and width exchanged", "of masks", [.maskProbabilities]) { index, _ in
        [index[0], index[2], index[1]]
    },
    masks("pasted without the half pixel", "", half: 0),
    masks("cut at > against ≥", "", isStrict: true),
    PlantedFault(cause: "boxes not scaled back", form: "", stage: .outputBoxes) { _, bundle in
        [.outputBoxes: contract(try bundle.shape(.detectionBoxes), try bundle.flat(.detectionBoxes))]
    },
]

// MARK: - Controls

let maskControls: [PlantedFault] = [
    maskProbabilities("", "mask probabilities") { sigmoid($0[$1]) }, masks("", "pasting"),
]
