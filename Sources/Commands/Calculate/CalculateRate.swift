import ArgumentParser
import Explanations
import Training

struct CalculateRate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rate",
        abstract: "The learning rate at given steps of a training configuration.",
        discussion: """
            Configurations that come with the project: \
            \(TrainingConfiguration.shippedNames.joined(separator: ", ")).

            Example:  maskrcnn calculate rate --configuration coco 0 500 1000 120000
            """)

    @Option(
        name: .customLong("configuration"),
        help: ArgumentHelp("A training configuration: a file, or a name.", valueName: "file"),
        completion: .file(extensions: ["json5", "json"]))
    var configurationName = "small"

    @Argument(help: "Steps, from 0.")
    var steps: [Int]

    func validate() throws {
        if let step = steps.first(where: { $0 < 0 }) {
            throw ValidationError("step \(step): must be 0 or more")
        }
    }

    func run() throws {
        try RateCalculation(
            configuration: try TrainingConfiguration(named: configurationName), steps: steps,
            print: { print($0) }
        ).run()
    }
}
