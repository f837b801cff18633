import Geometry
import Kernels
import Tensors
import Training

/// Binary cross-entropy of the cells of one mask.
package struct MaskLossCalculation {
    private let logits: [Float]
    private let targets: [Float]
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(logits: [Float], targets: [Float], print: @escaping (String) -> Void) {
        self.logits = logits
        self.targets = targets
        self.print = print
    }

    package func run() {
        let count = logits.count
        let (sum, gradient) = maskLoss(
            Tensor(shape: [1, 1, count, 1], elements: logits),
            targets: Tensor(shape: [1, 1, count], elements: targets), labels: [1], output: .sigmoid)
        var table = NumberTable("cell", "logit", "sigmoid", "target", "loss", "gradient")
        for (index, logit) in logits.enumerated() {
            let target = targets[index]
            table.add(
                "\(index + 1)", logit.digits(3), sigmoid(logit).digits(4), target.digits(2),
                sigmoidCrossEntropy(logit, target: target).digits(4), gradient.array[index].digits(4))
        }
        print(table.text)
        print("Loss: the mean of \(count) cells, \((sum / Double(count)).digits(4))")
    }
}
