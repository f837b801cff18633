import ArgumentParser
import Explanations
import Loading

struct CalculateRecord: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "The losses of a training run, at a few of its steps.",
        discussion: """
            Without a file, of the model that ships with this.

            Example:  maskrcnn calculate record run/metrics.jsonl --rows 5
            """)

    @Argument(
        help: ArgumentHelp("The metrics.jsonl of a run.", valueName: "file"),
        completion: .file(extensions: ["jsonl"]))
    var file: String?

    @Option(help: ArgumentHelp("How many reports to print, first and last among them.", valueName: "number"))
    var rows = 6

    func validate() throws {
        guard 2...1000 ~= rows else { throw ValidationError("--rows \(rows): must be from 2 to 1000") }
    }

    func run() throws {
        let record =
            try file.map { try TrainingRecord(contentsOf: $0) } ?? LoadedModel.shipped().trainingRecord()
        guard let reports = record?.reports else {
            throw ValidationError("the record of the shipped model is missing from the installation")
        }
        RecordCalculation(reports: reports, rows: rows, print: { print($0) }).run()
    }
}
