import ArgumentParser
import Kernels
import Tensors

/// From logits to probabilities.
struct CalculateSoftmax: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "softmax",
        abstract: "From logits to probabilities: softmax, and the sigmoid beside it.",
        discussion: "Example:  maskrcnn calculate softmax --logits 1,3,0.5")

    @Option(parsing: .unconditional, help: ArgumentHelp("The logits, one a class.", valueName: "a,b,c…"))
    var logits: NumbersArgument

    func run() throws {
        let logits = logits.values
        var sheet = Worksheet()
        sheet.softmax(logits, names: logits.indices.map { "logit \($0)" })
        print(sheet.text)
    }
}

extension Worksheet {
    /// The steps of a softmax; `names` say what each logit stands for.
    mutating func softmax(_ logits: [Float], names: [String]) {
        let probabilities = Kernels.softmax(Tensor(shape: [logits.count], elements: logits)).array
        let largest = logits.max() ?? 0
        heading("largest logit \(short(largest)); exp(logit - largest), divided by their sum; the sigmoid")
        step("", "   logit  exp(logit - largest)  probability   sigmoid")
        for (index, logit) in logits.enumerated() {
            // The largest has exp(0) = 1, so its probability is one over the sum.
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
