import Training

/// The learning rate at given steps of a training configuration.
package struct RateCalculation {
    private let configuration: TrainingConfiguration
    private let steps: [Int]
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(configuration: TrainingConfiguration, steps: [Int], print: @escaping (String) -> Void) {
        self.configuration = configuration
        self.steps = steps
        self.print = print
    }

    package func run() throws {
        var table = NumberTable("step", "learning rate")
        for step in steps { table.add("\(step)", configuration.learningRate[step].digits(7)) }
        print("\(configuration.steps) steps of \(configuration.batchSize) pictures")
        print(table.text)
    }
}
