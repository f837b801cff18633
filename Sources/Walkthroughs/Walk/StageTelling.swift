import Drawing
import Explanations
import Inference
import Verification

/// What came out of a stage, in two lines: its name, shape, smallest, mean and largest number; and what it is.
func telling(of stage: Stage, _ value: StageValue, on terminal: Terminal) -> String {
    let tensor = ContractTensor(value)
    var facts = wording(shape: tensor.shape)
    if let summary = tensor.summary {
        let numbers = [summary.minimum, summary.mean, summary.maximum].map { wording(number: $0) }
        facts += "  [" + numbers.joined(separator: ", ") + "]"
    }
    let name = StyledText(stage.name, .heading).encoded(isColoured: terminal.isColoured)
    let fits = stage.name.count + 2 + facts.count <= terminal.width
    return name + (fits ? "  " + facts : "\n  " + wrapped(facts, width: terminal.width - 2, indent: 2))
        + "\n  "
        + wrapped(stage.sentence, width: min(terminal.width, 100) - 2, indent: 2)
}

/// What a run found, best first, in the frame of the picture as decoded.
func listing(of run: PictureRun, on terminal: Terminal) -> String {
    guard !run.instances.isEmpty else { return "Nothing was found." }
    // Their numbers, 0 to 9, have one digit each.
    let limit = 10
    let classes = run.model.classes
    let lines = run.instances.prefix(limit).enumerated().map { index, instance in
        let box = [instance.box.x1, instance.box.y1, instance.box.x2, instance.box.y2]
            .map { wording(number: Double($0.rounded())) }.joined(separator: ", ")
        let area = instance.mask.map { ", \($0.area) pixels" } ?? ""
        let name = classes.name(of: instance.label)
        let text = "\(index) \(name) \(wording(number: Double(instance.score))), box \(box)\(area)"
        return "   " + wrapped(text, width: terminal.width - 3, indent: 5)
    }
    let more = run.instances.count > limit ? ["  … and \(run.instances.count - limit) more"] : []
    return (["Found \(run.instances.count):"] + lines + more).joined(separator: "\n")
}

/// The picture, the model, and how the model came to be what it is.
func introduction(to run: PictureRun, on terminal: Terminal) -> String {
    let width = min(terminal.width, 100)
    var lines = [
        wrapped(
            "Mask R-CNN on \(run.name), \(run.image.height)×\(run.image.width) pixels.", width: width),
        wrapped("Model: " + describe(run.model.architecture), width: width, indent: 2),
    ]
    lines += run.loaded.decisions.map {
        "  " + wrapped("\($0.subject): \($0.value) (\($0.reason))", width: width - 2, indent: 4)
    }
    lines += run.loaded.remarks.map { wrapped("! " + $0, width: width, indent: 2) }
    lines.append(
        wrapped(
            "Shapes are channels × height × width; then the smallest, mean and largest number.", width: width)
    )
    return lines.joined(separator: "\n")
}
