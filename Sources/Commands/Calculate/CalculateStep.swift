import ArgumentParser
import Explanations

struct CalculateStep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "How one parameter follows a few gradients.",
        discussion: "Example:  maskrcnn calculate step --rule sgd --gradients 0.2,0.2,-0.1")

    enum Rule: String, ExpressibleByArgument, CaseIterable {
        case sgd, adamw
    }

    @Option(help: "The rule: sgd or adamw (0.9, 0.999).")
    var rule: Rule = .sgd

    @Option(
        parsing: .unconditional, help: ArgumentHelp("One gradient a step.", valueName: "numbers"))
    var gradients: NumbersArgument

    @Option(parsing: .unconditional, help: ArgumentHelp("The parameter at first.", valueName: "number"))
    var parameter: Float = 1

    @Option(help: ArgumentHelp("The learning rate.", valueName: "number"))
    var rate: Float = 0.02

    @Option(help: ArgumentHelp("The momentum of sgd.", valueName: "number"))
    var momentum: Float = 0.9

    @Option(help: ArgumentHelp("The weight decay.", valueName: "number"))
    var weightDecay: Float = 0

    func validate() throws {
        for (name, value) in [("rate", rate), ("momentum", momentum), ("weight-decay", weightDecay)] {
            guard value.isFinite && 0...100 ~= value else {
                throw ValidationError("--\(name) \(value): must be from 0 to 100")
            }
        }
        guard parameter.isFinite else { throw ValidationError("--parameter: must be a number") }
    }

    func run() {
        StepCalculation(
            rule: rule == .sgd ? .sgd(momentum: momentum) : .adamW(beta1: 0.9, beta2: 0.999),
            gradients: gradients.values, parameter: parameter, rate: rate, weightDecay: weightDecay,
            print: { print($0) }
        ).run()
    }
}
