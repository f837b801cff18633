import Geometry
import Kernels
import Tensors
import Training

/// Softmax cross-entropy of one proposal.
package struct ClassLossCalculation {
    private let logits: [Float]
    private let label: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(logits: [Float], label: Int, print: @escaping (String) -> Void) {
        self.logits = logits
        self.label = label
        self.print = print
    }

    package func run() {
        let row = Tensor(shape: [1, logits.count], elements: logits)
        let (loss, gradient) = softmaxCrossEntropy(row, labels: [label])
        let probabilities = softmax(row)
        var table = NumberTable("class", "logit", "probability", "gradient")
        for index in logits.indices {
            table.add(
                index == 0 ? "background" : "class \(index)", logits[index].digits(3),
                probabilities[0, index].digits(4), gradient[0, index].digits(4))
        }
        print(table.text)
        print("Loss: −log \(probabilities[0, label].digits(4)) = \(loss.digits(4))")
    }
}
