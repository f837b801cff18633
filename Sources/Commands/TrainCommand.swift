import ArgumentParser
import Formats
import Foundation
import Loading
import Inference
import Scenes
import Synchronization
import Training
import Walkthroughs

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network, from nothing or from a checkpoint.",
        discussion: """
            Without --data, on scenes that the project draws itself. The run's folder gets its configuration, \
            metrics.jsonl, a checkpoint to go on from and, in the end, model.safetensors. Ctrl-C saves and \
            stops; --resume goes on, and comes to the same weights, bit for bit, as a run never stopped.

            Configurations that come with the project: \
            \(TrainingConfiguration.shippedNames.joined(separator: ", ")).

            Example:  maskrcnn train --output run
            """)

    @Option(
        name: .customLong("configuration"),
        help: ArgumentHelp(
            "A training configuration: a file, or the name of one that comes with the project.",
            valueName: "file"),
        completion: .file(extensions: ["json5", "json"]))
    var configurationName = "small"

    @Option(
        help: ArgumentHelp(
            "A folder with annotations.json in COCO's format and the pictures in images/.",
            valueName: "folder"),
        completion: .directory)
    var data: String?

    @Option(
        help: ArgumentHelp(
            "A checkpoint to start from, or a ResNet trained on ImageNet.",
            discussion:
                "Layers that depend on the number of classes start anew if that differs, and so does what the "
                + "file does not have.",
            valueName: "file"),
        completion: .file(extensions: ["safetensors", "pth", "pt", "pkl"]))
    var weights: String?

    @Option(
        help: ArgumentHelp(
            "Which of several networks in that file: a key of a checkpoint, or what the parameters begin with.",
            valueName: "name"))
    var entry: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The run's folder; made if it does not exist.", valueName: "folder"),
        completion: .directory)
    var output: String

    @Flag(help: "Go on from the checkpoint in the run's folder, if there is one yet.")
    var resume = false

    @Flag(help: "Leave out annotations and pictures that are broken or missing, and say how many there were.")
    var skipBroken = false

    @Option(help: ArgumentHelp("Steps to take, instead of the configuration's.", valueName: "number"))
    var steps: Int?

    @Option(help: ArgumentHelp("Steps between two reports.", valueName: "number"))
    var reportEvery = 20

    @Option(help: ArgumentHelp("Steps between two checkpoints.", valueName: "number"))
    var saveEvery = 200

    @OptionGroup
    var execution: ThreadOptions

    @OptionGroup var pictures: ImageOptions

    @OptionGroup var writing: OutputOptions

    mutating func validate() throws {
        for (name, value) in [
            ("steps", steps), ("report-every", reportEvery), ("save-every", saveEvery),
        ] {
            if let value, value < 1 { throw ValidationError("--\(name) \(value): must be 1 or more") }
        }
    }

    func run() throws {
        try execution.perform {
            var run = try TrainingRun(self)
            try run.perform()
        }
    }
}

/// One call of the command.
private struct TrainingRun {
    private let options: TrainCommand
    private let folder: RunFolder
    private var trainer: Trainer
    private let metrics: Metrics
    private let steps: Int

    init(_ options: TrainCommand) throws {
        self.options = options
        folder = RunFolder(path: options.output)
        guard options.resume || !folder.hasCheckpoint else {
            throw ValidationError(
                "--output \(options.output): a run has begun there; --resume goes on with it")
        }
        let resumes = options.resume && folder.hasCheckpoint
        if options.resume && !resumes { say("! no checkpoint in \(options.output) yet: beginning") }
        let configuration = try TrainingConfiguration(named: options.configurationName)
        let data = try Self.data(options, configuration)
        for remark in data.remarks { say("! \(remark)") }
        try configuration.check(classes: data.classes)
        var start: FineTuningStart?
        if let weights = options.weights, !resumes {
            let fineTuning = try FineTuningStart(weights, entry: options.entry, for: configuration)
            for remark in fineTuning.remarks { say("! \(remark)") }
            start = fineTuning
        }
        let remarks = try data.targets?.check(against: configuration) { part in
            resumes || start.map { !$0.untrainedParts.contains(part) } ?? false
        }
        for remark in remarks ?? [] { say("! \(remark)") }
        trainer = try Trainer(
            configuration, classes: data.classes, source: data.source, start: start?.parameters)
        if trainer.batchSize < configuration.batchSize {
            say(
                "! \(trainer.batchSize) pictures a step, not \(configuration.batchSize): they fill no batch of that size"
            )
        }
        steps = options.steps ?? configuration.steps
        if resumes { try folder.restore(&trainer) }
        try makeFolder(options.output)
        // A run that goes on has written its configuration itself.
        let permission = options.writing.permission(
            reading: [options.weights, options.data] + (resumes ? [] : [options.configurationName]))
        for path in [folder.modelPath, folder.checkpointPath] { try permission.check(path, .parameters) }
        for path in [folder.configurationPath, folder.metricsPath] { try permission.check(path, .jsonObject) }
        folder.removeUnfinishedFiles()
        metrics = try Metrics(path: folder.metricsPath, step: trainer.step)
        try OutputFile.write(Array(configuration.encoded()), to: folder.configurationPath)
    }

    /// The dataset of `--data`; without one, the scenes that the configuration asks for.
    private static func data(_ options: TrainCommand, _ configuration: TrainingConfiguration) throws
        -> TrainingData
    {
        if let folder = options.data {
            return try TrainingData(
                folder: folder, classCount: configuration.network.classes, skipsBroken: options.skipBroken,
                turning: options.pictures.turning)
        }
        guard let scenes = configuration.scenes else {
            throw TrainingError("the configuration has no scenes, so --data must name a dataset")
        }
        return TrainingData(scenes)
    }

    mutating func perform() throws {
        Interruption.listen()
        var display = TrainingDisplay(
            first: trainer.step, steps: steps, batch: trainer.batchSize)
        var average = ReportAverage()
        while trainer.step < steps && !Interruption.isRequested {
            average.add(try trainer.advance())
            display.advance(to: trainer.step)
            if trainer.step % options.reportEvery == 0 || trainer.step == steps, let report = average.report {
                display.show(report)
                try metrics.append(report, imagesPerSecond: display.imagesPerSecond)
                average = ReportAverage()
            }
            if trainer.step % options.saveEvery == 0 { try folder.save(trainer) }
        }
        try folder.save(trainer)
        if trainer.step < steps {
            print("Stopped after step \(trainer.step) of \(steps). To go on: the same command with --resume")
        } else {
            try folder.writeModel(trainer)
            print(folder.modelPath)
        }
    }
}

/// Whether someone has pressed Ctrl-C. The step that is under way is finished first; a second Ctrl-C ends the
/// program at once.
private enum Interruption {
    /// Set in a signal handler, which may do next to nothing else.
    private static let flag = Atomic<Bool>(false)

    static func listen() {
        // Made before the first signal can come.
        _ = isRequested
        signal(SIGINT) { _ in
            if Interruption.flag.exchange(true, ordering: .relaxed) { _exit(130) }
        }
        // Whoever started the program may have held the signal back.
        var interrupt = sigset_t()
        sigemptyset(&interrupt)
        sigaddset(&interrupt, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &interrupt, nil)
    }

    static var isRequested: Bool { flag.load(ordering: .relaxed) }
}

/// What a run prints: a line for each report.
private struct TrainingDisplay {
    private let first: Int
    private let steps: Int
    private let batch: Int
    private let start = Date()
    private var step: Int

    init(first: Int, steps: Int, batch: Int) {
        self.first = first
        self.steps = steps
        self.batch = batch
        step = first
        print("    step    loss  object  deltas   class     box    mask  points  img/s  left")
    }

    mutating func advance(to step: Int) { self.step = step }

    var imagesPerSecond: Double {
        Double((step - first) * batch) / max(-start.timeIntervalSinceNow, 1e-3)
    }

    func show(_ report: Trainer.Report) {
        func column(_ value: Double?) -> String {
            value.map { String(format: "%8.4f", $0) } ?? "       –"
        }
        let losses = LossKind.allCases.map { column(report.losses[$0]) }.joined()
        let left = Int(Double((steps - step) * batch) / max(imagesPerSecond, 1e-3))
        print(
            String(format: "%8d", report.step + 1) + column(report.total) + losses
                + String(format: "%7.2f %5d:%02d", imagesPerSecond, left / 60, left % 60))
        fflush(nil)
    }
}
