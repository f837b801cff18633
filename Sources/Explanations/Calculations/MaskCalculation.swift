import Geometry
import Inference
import Tensors

/// The probability of one cell of a mask, with sigmoid and with softmax.
package struct MaskCalculation {
    private let print: (String) -> Void

    /// A calculation; `print` receives its text line by line.
    package init(print: @escaping (String) -> Void) { self.print = print }

    /// Prints a cell whose logits are given, background first.
    package func showCell(_ logits: [Float], chosen: Int) {
        print(
            "One cell; logits of background and \(logits.count - 1) classes, "
                + "of which the box head chose \(chosen).")
        show(
            logits, chosen: chosen, names: ["background"] + (1..<logits.count).map { "class \($0)" },
            threshold: Profile.paper.settings.masks.threshold)
    }

    /// Prints one cell of one detection in an image.
    package func showDetection(_ detection: Int, cell: (x: Int, y: Int)?, of run: PictureRun) throws {
        guard let logits = run.tensor(.maskLogits), let pooled = run.tensor(.maskPooled),
            case .indices(let classes)? = run[.detectionClasses],
            case .numbers(let scores)? = run[.detectionScores]
        else { throw CalculationError("the model has no mask head") }
        guard classes.indices ~= detection else {
            throw CalculationError("--detection \(detection): there are \(classes.count), the best is 0")
        }
        let (side, channels) = (logits.shape[1], logits.shape[3])
        let (x, y) = (cell?.x ?? side / 2, cell?.y ?? side / 2)
        guard 0..<side ~= x && 0..<side ~= y else {
            throw CalculationError("--cell \(x),\(y): must be from 0 to \(side - 1)")
        }
        let label = classes[detection]
        let names = run.model.classes
        print("Detection \(detection): \(names.name(of: label)), score \(scores[detection].digits(3)).")
        print(
            "Each detection, \(pooled.shape.dropFirst().map(String.init).joined(separator: "×")) pooled, has"
                + " masks of \(side)×\(side)×\(channels).")
        print("Column \(x), row \(y) of its masks:")
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
