import Tensors
import Training

/// Steps of an optimiser on one parameter.
package struct StepCalculation {
    private let rule: UpdateRule
    private let gradients: [Float]
    private let parameter: Float
    private let rate: Float
    private let weightDecay: Float
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(
        rule: UpdateRule, gradients: [Float], parameter: Float, rate: Float, weightDecay: Float,
        print: @escaping (String) -> Void
    ) {
        self.rule = rule
        self.gradients = gradients
        self.parameter = parameter
        self.rate = rate
        self.weightDecay = weightDecay
        self.print = print
    }

    private var isMomentum: Bool { if case .sgd = rule { true } else { false } }

    package func run() {
        let name = "p"
        var parameters = Parameters([name: Tensor(shape: [1, 1], elements: [parameter])])
        var optimizer = Optimizer(rule, weightDecay: weightDecay)
        var table = NumberTable("step", "gradient", isMomentum ? "velocity" : "mean", "parameter")
        table.add("start", "", "", parameter.digits(6))
        for (step, gradient) in gradients.enumerated() {
            optimizer.step(
                &parameters, names: [name],
                gradients: [name: Tensor(shape: [1, 1], elements: [gradient])], rate: rate, step: step)
            table.add(
                "\(step + 1)", gradient.digits(3), (optimizer.means[name]?.array[0] ?? 0).digits(6),
                (parameters[name]?.array[0] ?? 0).digits(6))
        }
        print(table.text)
    }
}
