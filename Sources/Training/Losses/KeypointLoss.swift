import Foundation
import Tensors

/// The keypoint loss: for each keypoint with a target, the softmax cross-entropy over all cells of its heat map with a
/// one-hot target (Mask R-CNN, section 5). Returns the sum, and its gradient with respect to the logits.
///
/// - Parameters:
///   - heatmaps: `[regions, side, side, keypoints]`.
///   - targets: for each region and keypoint, the index of the target cell, row by row; nil for a keypoint without a
///     target.
package func keypointLoss(_ heatmaps: Tensor, targets: [[Int?]]) -> (sum: Double, gradient: Tensor) {
    precondition(heatmaps.shape.count == 4 && heatmaps.shape[0] == targets.count)
    let keypoints = heatmaps.shape[3]
    let cells = heatmaps.shape[1] * heatmaps.shape[2]
    var sum = 0.0
    let gradient = Tensor(shape: heatmaps.shape) { gradient in
        gradient.update(repeating: 0)
        heatmaps.withUnsafeElements { logits in
            for (region, targets) in targets.enumerated() {
                precondition(targets.count == keypoints)
                for (keypoint, target) in targets.enumerated() {
                    guard let target else { continue }
                    // One keypoint's map is every `keypoints`-th element.
                    let first = region * cells * keypoints + keypoint
                    func place(_ cell: Int) -> Int { first + cell * keypoints }
                    var largest = -Float.infinity
                    for cell in 0..<cells { largest = max(largest, logits[place(cell)]) }
                    var total: Float = 0
                    for cell in 0..<cells {
                        let share = exp(logits[place(cell)] - largest)
                        gradient[place(cell)] = share
                        total += share
                    }
                    for cell in 0..<cells { gradient[place(cell)] /= total }
                    gradient[place(target)] -= 1
                    sum += Double(log(total) - (logits[place(target)] - largest))
                }
            }
        }
    }
    return (sum, gradient)
}
