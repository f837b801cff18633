import Geometry
import Kernels
import Tensors
import Training

/// Softmax cross-entropy over all cells of a heat map.
package struct KeypointLossCalculation {
    private let logit: Float
    private let side: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(logit: Float, side: Int, print: @escaping (String) -> Void) {
        self.logit = logit
        self.side = side
        self.print = print
    }

    package func run() {
        var logits = [Float](repeating: 0, count: side * side)
        let target = side * side / 2
        logits[target] = logit
        let map = Tensor(shape: [1, side, side, 1], elements: logits)
        let (loss, gradient) = keypointLoss(map, targets: [[target]])
        let probability = softmax(Tensor(shape: [1, side * side], elements: logits))[0, target]
        print("\(side * side) cells; probability of the right one \(probability.digits(5))")
        print(
            "Loss: \(loss.digits(4)); gradient by the right cell's logit \(gradient.array[target].digits(5))")
    }
}
