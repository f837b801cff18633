import Explanations
import ArgumentParser
import Geometry
import Inference
import Tensors

struct CalculateMask: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mask",
        abstract: "All classes' masks at one cell: logit, sigmoid, softmax.",
        discussion: """
            With --logits, of the numbers given; without, of one detection in a picture.

            Example:  maskrcnn calculate mask --logits -1,2,3 --class 1
            Or:       maskrcnn calculate mask --detection 0 --cell 14,14
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("One cell's logits: of background and of each class.", valueName: "numbers"))
    var logits: NumbersArgument?

    @Option(
        name: .customLong("class"),
        help: ArgumentHelp("The class that the box head chose, with --logits.", valueName: "number"))
    var chosen: Int?

    @Option(help: ArgumentHelp("A detection of the picture, 0 for the best.", valueName: "number"))
    var detection = 0

    @Option(help: ArgumentHelp("Column and row of the cell (default: the middle).", valueName: "x,y"))
    var cell: GivenPlace?

    @OptionGroup var pipeline: PipelineOptions

    func validate() throws {
        if let logits {
            guard logits.values.count >= 2 else {
                throw ValidationError("--logits: background and at least one class are needed")
            }
            guard let chosen, 1..<logits.values.count ~= chosen else {
                throw ValidationError("--class: must be from 1 to \(logits.values.count - 1)")
            }
        } else if chosen != nil {
            throw ValidationError("--class: goes with --logits")
        }
    }

    func run() throws {
        if let logits, let chosen {
            print(
                "One cell; logits of background and \(logits.values.count - 1) classes, "
                    + "of which the box head chose \(chosen)."
            )
            show(
                logits.values, chosen: chosen,
                names: ["background"] + (1..<logits.values.count).map { "class \($0)" },
                threshold: Profile.paper.settings.masks.threshold)
        } else {
            try pipeline.withRun(showDetection)
        }
    }

    /// One cell of one detection in a picture.
    private func showDetection(of run: PictureRun) throws {
        guard let logits = run.tensor(.maskLogits), let pooled = run.tensor(.maskPooled),
            case .indices(let classes)? = run[.detectionClasses],
            case .numbers(let scores)? = run[.detectionScores]
        else { throw ValidationError("the model has no mask head") }
        guard classes.indices ~= detection else {
            throw ValidationError("--detection \(detection): there are \(classes.count), the best is 0")
        }
        let (side, channels) = (logits.shape[1], logits.shape[3])
        let (x, y) = (cell?.x ?? side / 2, cell?.y ?? side / 2)
        guard 0..<side ~= x && 0..<side ~= y else {
            throw ValidationError("--cell \(x),\(y): must be from 0 to \(side - 1)")
        }
        let label = classes[detection]
        let names = run.model.classes
        print(
            "Detection \(detection): \(names.name(of: label)), score \(scores[detection].digits(3)).",
            "Each detection, \(pooled.shape.dropFirst().map(String.init).joined(separator: "×")) pooled, has"
                + " masks of \(side)×\(side)×\(channels).",
            "Column \(x), row \(y) of its masks:", separator: "\n")
        let values = (0..<channels).map { logits[detection, y, x, $0] }
        show(
            values, chosen: channels == 1 ? 0 : label,
            names: channels == 1
                ? ["any class"] : ["background"] + (1..<channels).map { names.name(of: $0) },
            threshold: run.model.settings.masks.threshold)
    }

    private func show(_ logits: [Float], chosen: Int, names: [String], threshold: Float) {
        let cell = Tensor(shape: [1, 1, 1, logits.count], elements: logits)
        func probability(_ label: Int, _ output: Architecture.Masks.Output) -> Float {
            maskProbabilities(cell, classes: [label], output: output)[0, 0, 0]
        }
        var table = NumberTable("class", "logit", "sigmoid", "softmax", "")
        for label in logits.indices {
            table.add(
                names[label], logits[label].digits(3), probability(label, .sigmoid).digits(4),
                probability(label, .softmax).digits(4), label == chosen ? "<- chosen" : "")
        }
        print(table.text)
        for output in Architecture.Masks.Output.allCases where output == .sigmoid || logits.count > 1 {
            let value = probability(chosen, output)
            print(
                value >= threshold
                    ? "\(output.rawValue): \(value.digits(4)) is at least \(threshold): the object's."
                    : "\(output.rawValue): \(value.digits(4)) is below \(threshold): not the object's.")
        }
    }
}
