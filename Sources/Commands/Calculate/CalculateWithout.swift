import Explanations
import ArgumentParser
import COCO
import Foundation

/// How good the model is on drawn scenes, whole and with a part of the pipeline left out.
struct CalculateWithout: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "without",
        abstract: "How much worse the model's answers are without a part of the pipeline.",
        discussion: """
            Average precision on drawn scenes that the model has not seen, whole and without the part. The \
            network is not trained again: the numbers say what the trained network leans on, not what another \
            would make of the same.

            Example:  maskrcnn calculate without roialign
            """)

    @Argument(
        help: ArgumentHelp(
            "Parts: \(Omission.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "part"))
    var parts: [Omission] = []

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
            var pipelines = [ReducedPipeline(name: "the whole pipeline", model: model)]
            for part in parts {
                let reduced = part.pipelines(model)
                guard !reduced.isEmpty else {
                    throw ValidationError("\(part.rawValue): the model has no such part")
                }
                pipelines += reduced
            }
            let table = PrecisionTable(dataset: trial.dataset)
            print(table.heading)
            for pipeline in pipelines {
                print(try table.row(pipeline.name, trial.results(pipeline.detect)))
            }
        }
    }
}

extension Omission: ExpressibleByArgument {}

/// Average precision of detections in drawn scenes, one row for each way to detect.
private struct PrecisionTable {
    let dataset: Dataset

    var heading: String {
        let objects = dataset.annotations.filter { !$0.isCrowd }.count
        return "\(dataset.images.count) scenes, \(objects) objects; average precision in per cent\n"
            + padded("", to: 29) + "  box:  AP  AP50  AP75  mask:  AP  AP50  AP75"
    }

    func row(_ name: String, _ results: Results) throws -> String {
        func numbers(_ kind: EvaluationKind) throws -> String {
            // A model without a mask head has no masks to compare.
            guard results.kinds(comparableWith: dataset).contains(kind) else {
                return ["–", "–", "–"].map { column($0, width: 6) }.joined()
            }
            let values = try Evaluation(dataset: dataset, results: results, kind: kind).summary.values
            return values.prefix(3).map { column(Float(100 * max($0, 0)), 1, width: 6) }.joined()
        }
        return padded(name, to: 29) + "      " + (try numbers(.boxes)).dropFirst(2) + "       "
            + (try numbers(.masks)).dropFirst(2)
    }
}
