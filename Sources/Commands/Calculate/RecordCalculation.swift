import ArgumentParser
import Training

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
        let entries =
            try file.map { try TrainingRecord(contentsOf: $0) }?.entries ?? TrainingRecord.shipped.entries
        let count = min(rows, entries.count)
        // The first and the last, and others at equal distances.
        let places =
            count < 2 ? Array(entries.indices) : (0..<count).map { $0 * (entries.count - 1) / (count - 1) }
        var table = NumberTable("step", "rate", "total", "object", "deltas", "class", "box", "mask", "points")
        for entry in places.map({ entries[$0] }) {
            table.add(
                ["\(entry.step + 1)", entry.rate.digits(6), entry.total.digits(4)]
                    + LossKind.allCases.map { entry.losses[$0]?.digits(4) ?? "–" })
        }
        print(table.text)
    }
}
