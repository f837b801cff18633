import Geometry
import Kernels
import Inference
import Tensors

/// The loss of masks: the sum over regions and cells, and its gradient by all logits (Mask R-CNN, section 3).
///
/// With sigmoids, only the true class's mask has a loss; the other classes' masks of that region learn
/// nothing from it, so classes do not compete. With softmax, all do, in every cell: the true class where the
/// mask is, background elsewhere (table 2b).
///
/// - Parameters:
///   - logits: `[regions, side, side, classes + 1]`, or one channel for class-agnostic masks.
///   - targets: `[regions, side, side]`, from 0 to 1.
///   - labels: one class a region.
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
