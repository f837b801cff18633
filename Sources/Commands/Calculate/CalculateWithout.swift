import ArgumentParser
import Explanations

/// Prints the average precision on drawn scenes of the whole pipeline and of one without a part.
struct CalculateWithout: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "without",
        abstract: "How much worse the model's answers are without a part of the pipeline.",
        discussion: """
            Average precision on drawn scenes that the model has not seen, whole and without the part. The \
            network is not trained again: the numbers say what the trained network leans on, not what another \
            would make of the same.

            Under each row, after ±, the standard error of its change: how much the difference from the whole \
            pipeline would vary with other scenes. A change of less than two standard errors may be chance.

            Example:  maskrcnn calculate without roialign
            """)

    @Argument(
        help: ArgumentHelp(
            "Parts: \(Ablation.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "part"))
    var parts: [Ablation] = []

    @Option(help: ArgumentHelp("How many scenes.", valueName: "number")) var scenes = 12

    @Option(help: ArgumentHelp("Which scenes.", valueName: "number")) var seed: UInt64 = 2

    @OptionGroup(title: "Model") var options: ModelOptions

    func validate() throws {
        guard 1...5000 ~= scenes else {
            throw ValidationError("--scenes \(scenes): must be from 1 to 5000")
        }
    }

    func run() throws {
        try options.withSettings {
            let model = try options.load().model
            guard let trial = SceneTrial(seed: seed, count: scenes, classes: model.classes) else {
                throw ValidationError("the model's classes are not those of the drawn scenes")
            }
            var pipelines = [AblatedPipeline(name: "the whole pipeline", model: model)]
            for part in parts {
                let ablated = part.pipelines(model)
                guard !ablated.isEmpty else {
                    throw ValidationError("\(part.rawValue): the model has no such part")
                }
                pipelines += ablated
            }
            print(PrecisionTable.heading(trial.dataset))
            var whole: PrecisionTable?
            for pipeline in pipelines {
                let table = try PrecisionTable(trial.dataset, trial.results(pipeline.detect))
                print(table.row(pipeline.name))
                if let whole { print(table.errorRow(comparedTo: whole)) } else { whole = table }
            }
        }
    }
}

extension Ablation: ExpressibleByArgument {}
