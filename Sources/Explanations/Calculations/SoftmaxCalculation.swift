import Kernels
import Tensors

/// The softmax of logits, step by step.
package struct SoftmaxCalculation {
    private let logits: [Float]
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(logits: [Float], print: @escaping (String) -> Void) {
        self.logits = logits
        self.print = print
    }

    package func run() throws {
        var sheet = Worksheet()
        sheet.softmax(logits, names: logits.indices.map { "logit \($0)" })
        print(sheet.text)
    }
}

extension Worksheet {
    /// Adds the steps of a softmax; `names` has the class of each logit.
    package mutating func softmax(_ logits: [Float], names: [String]) {
        let probabilities = Kernels.softmax(Tensor(shape: [logits.count], elements: logits)).array
        let largest = logits.max() ?? 0
        heading("largest logit \(short(largest)); exp(logit - largest), divided by their sum; the sigmoid")
        step("", "   logit  exp(logit - largest)  probability   sigmoid")
        for (index, logit) in logits.enumerated() {
            // The largest logit has exp(0) = 1, so its probability is one over the sum.
            let exponential = probabilities[index] / (probabilities.max() ?? 1)
            step(
                names[index],
                column(logit, 4, width: 8) + column(exponential, 6, width: 22)
                    + column(probabilities[index], 6, width: 13) + column(sigmoid(logit), 6, width: 10))
        }
        step(
            "sum",
            column(1 / (probabilities.max() ?? 1), 6, width: 30)
                + column(probabilities.reduce(0, +), 6, width: 13))
    }
}
