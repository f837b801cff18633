import Geometry
import Kernels
import Inference
import Tensors

/// The mask loss (Mask R-CNN, section 3): the cross-entropy summed over regions and cells, and its gradient with
/// respect to the logits.
///
/// With sigmoids, only the true class's mask contributes to the loss, so classes do not compete. With softmax, all
/// classes compete in every cell: the target is the true class inside the mask and background outside (table 2b).
///
/// - Parameters:
///   - logits: `[regions, side, side, classes + 1]`, or one channel for class-agnostic masks.
///   - targets: `[regions, side, side]`, from 0 to 1.
///   - labels: one class index per region.
package func maskLoss(
    _ logits: Tensor, targets: Tensor, labels: [Int], output: Architecture.Masks.Output
) -> (sum: Double, gradient: Tensor) {
    let channels = logits.shape[3]
    precondition(logits.shape.prefix(3).elementsEqual(targets.shape) && labels.count == logits.shape[0])
    let cells = logits.shape[1] * logits.shape[2]
    var sum = 0.0
    let gradient = Tensor(shape: logits.shape) { gradient in
        gradient.update(repeating: 0)
        logits.withUnsafeElements { logits in
            targets.withUnsafeElements { targets in
                for cell in targets.indices {
                    let label = labels[cell / cells]
                    let target = targets[cell]
                    if output == .softmax && channels > 1 {
                        let range = cell * channels..<(cell + 1) * channels
                        sum += softmaxCrossEntropy(
                            UnsafeBufferPointer(rebasing: logits[range]), label: target >= 0.5 ? label : 0,
                            gradient: UnsafeMutableBufferPointer(rebasing: gradient[range]))
                    } else {
                        let index = cell * channels + (channels == 1 ? 0 : label)
                        sum += Double(sigmoidCrossEntropy(logits[index], target: target))
                        gradient[index] = sigmoid(logits[index]) - target
                    }
                }
            }
        }
    }
    return (sum, gradient)
}
