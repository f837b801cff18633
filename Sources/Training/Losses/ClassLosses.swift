import Foundation
import Tensors

/// Sigmoid cross-entropy of one logit x and a target t from 0 to 1: −t log σ(x) − (1 − t) log(1 − σ(x)), in a form in
/// which no exponential overflows.
@inline(__always)
public func sigmoidCrossEntropy(_ logit: Float, target: Float) -> Float {
    max(logit, 0) - logit * target + log1p(exp(-abs(logit)))
}

/// The softmax cross-entropy −log p(label), summed over the rows of a table, and its gradient with respect to the
/// logits: p − onehot(label).
///
/// - Parameters:
///   - logits: `[rows, classes]`.
///   - labels: one class index per row.
package func softmaxCrossEntropy(_ logits: Tensor, labels: [Int]) -> (sum: Double, gradient: Tensor) {
    precondition(logits.shape.count == 2 && logits.shape[0] == labels.count)
    let classes = logits.shape[1]
    var sum = 0.0
    let gradient = Tensor(shape: logits.shape) { gradient in
        logits.withUnsafeElements { logits in
            for (row, label) in labels.enumerated() {
                let row = row * classes..<(row + 1) * classes
                sum += softmaxCrossEntropy(
                    UnsafeBufferPointer(rebasing: logits[row]), label: label,
                    gradient: UnsafeMutableBufferPointer(rebasing: gradient[row]))
            }
        }
    }
    return (sum, gradient)
}

/// The same for one row of logits in memory.
func softmaxCrossEntropy(
    _ logits: UnsafeBufferPointer<Float>, label: Int, gradient: UnsafeMutableBufferPointer<Float>
) -> Double {
    let largest = logits.max() ?? 0
    var total: Float = 0
    for index in logits.indices {
        gradient[index] = exp(logits[index] - largest)
        total += gradient[index]
    }
    for index in gradient.indices { gradient[index] /= total }
    gradient[label] -= 1
    return Double(log(total) - (logits[label] - largest))
}
