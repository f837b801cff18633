import ArgumentParser
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
        let configuration = try TrainingConfiguration(named: configurationName)
        var table = NumberTable("step", "learning rate")
        for step in steps { table.add("\(step)", configuration.learningRate[step].digits(7)) }
        print("\(configuration.steps) steps of \(configuration.batchSize) pictures")
        print(table.text)
    }
}
