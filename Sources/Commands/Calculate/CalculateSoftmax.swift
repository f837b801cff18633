import ArgumentParser
import Explanations

/// Computes probabilities from logits, step by step.
struct CalculateSoftmax: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "softmax",
        abstract: "From logits to probabilities: softmax, and the sigmoid beside it.",
        discussion: "Example:  maskrcnn calculate softmax --logits 1,3,0.5")

    @Option(parsing: .unconditional, help: ArgumentHelp("The logits, one a class.", valueName: "a,b,c…"))
    var logits: NumbersArgument

    func run() throws {
        try SoftmaxCalculation(logits: logits.values, print: { print($0) }).run()
    }
}
