import Drawing
import Explanations
import Inference
import Verification

/// What came out of a stage, in two lines: its name, shape, smallest, mean and largest number; and what it is.
/// - Parameter hasNumbers: they take a while for large tensors, and nobody searches for them.
func telling(of stage: Stage, _ value: StageValue, on terminal: Terminal, hasNumbers: Bool = true)
    -> ScreenBlock
{
    var lines = [StyledText(stage.name, .heading)]
    if hasNumbers {
        let tensor = ContractTensor(value)
        var facts = wording(shape: tensor.shape)
        if let summary = tensor.summary {
            let numbers = [summary.minimum, summary.mean, summary.maximum].map { wording(number: $0) }
            facts += "  [" + numbers.joined(separator: ", ") + "]"
        }
        if lines[0].width + 2 + facts.count <= terminal.width {
            lines[0] = lines[0] + StyledText("  " + facts)
        } else {
            lines += indented(facts, terminal)
        }
    }
    return ScreenBlock(
        (lines + indented(stage.sentence, terminal)).map { $0.encoded(isColoured: terminal.isColoured) })
}

private func indented(_ text: String, _ terminal: Terminal) -> [StyledText] {
    StyledText(text).wrapped(width: terminal.textWidth - 2).map { StyledText("  ") + $0 }
}

/// What a run found, best first, in the frame of the picture as decoded.
func listing(of run: PictureRun, on terminal: Terminal, limit: Int = 10) -> [String] {
    guard !run.instances.isEmpty else { return ["Nothing was found."] }
    // Their numbers, 0 to 9, have one digit each.
    let classes = run.model.classes
    let lines = run.instances.prefix(limit).enumerated().flatMap { index, instance in
        let box = [instance.box.x1, instance.box.y1, instance.box.x2, instance.box.y2]
            .map { wording(number: Double($0.rounded())) }.joined(separator: ", ")
        let area = instance.mask.map { ", \($0.area) pixels" } ?? ""
        let name = classes.name(of: instance.label)
        let text = "\(index) \(name) \(wording(number: Double(instance.score))), box \(box)\(area)"
        return StyledText(text).wrapped(width: terminal.width - 3, indent: 2)
            .map { "   " + $0.encoded(isColoured: false) }
    }
    let more = run.instances.count > limit ? ["  … and \(run.instances.count - limit) more"] : []
    return ["Found \(run.instances.count):"] + lines + more
}

/// The picture, the model, and how the model came to be what it is.
func introduction(to run: PictureRun, on terminal: Terminal) -> ScreenBlock {
    let width = terminal.textWidth
    func paragraph(_ text: String, by indent: Int = 0, indent hanging: Int) -> [String] {
        StyledText(text).wrapped(width: width - indent, indent: hanging)
            .map { String(repeating: " ", count: indent) + $0.encoded(isColoured: false) }
    }
    var units = [
        paragraph(
            "Mask R-CNN on \(run.name), \(run.image.height)×\(run.image.width) pixels.", indent: 0),
        paragraph("Model: " + describe(run.model.architecture), indent: 2),
    ]
    units += run.loaded.decisions.map {
        paragraph("\($0.subject): \($0.value) (\($0.reason))", by: 2, indent: 2)
    }
    units += run.loaded.remarks.map { paragraph("! " + $0, indent: 2) }
    units.append(
        paragraph(
            "Shapes are channels × height × width; then the smallest, mean and largest number.", indent: 0))
    return ScreenBlock(units: units, isKeptWhole: false)
}

extension Terminal {
    /// How wide running text is set: longer lines are hard to read.
    var textWidth: Int { min(width, 100) }

    /// Some text as a block of lines that fit.
    func prose(_ text: String, _ style: StyledText.Style = .plain, isSetOff: Bool = true) -> ScreenBlock {
        let lines = StyledText(text, style).wrapped(width: textWidth).map {
            $0.encoded(isColoured: isColoured)
        }
        return ScreenBlock(lines, isKeptWhole: false, isSetOff: isSetOff)
    }
}
