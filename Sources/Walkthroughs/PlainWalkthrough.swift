import Dispatch
import Figures
import Formats
import Loading
import MaskRCNN
import Synchronization
import Tensors
import Verification

/// The walkthrough in its plain form: the pipeline runs once over a picture and every stage is told as it
/// comes.
public struct PlainWalkthrough {
    private let loaded: LoadedModel
    private let width: Int
    private let isColoured: Bool

    /// - Parameters:
    ///   - width: columns to write for.
    ///   - isColoured: whether stage names may be coloured.
    public init(loaded: LoadedModel, width: Int, isColoured: Bool) {
        self.loaded = loaded
        self.width = width
        self.isColoured = isColoured
    }

    /// Tells every stage, and writes the picture with what was found.
    ///
    /// - Parameters:
    ///   - name: what to call the picture.
    ///   - prefix: tells only stages whose names begin with it.
    ///   - output: where the picture goes.
    ///   - write: takes one or several lines.
    /// - Throws: `FileError` when `prefix` names no stage, or the picture cannot be written.
    public func run(
        on image: Image, named name: String, only prefix: String?, output: String,
        write: @escaping @Sendable (String) -> Void
    ) throws {
        write(heading(image, name))
        let narrator = Narrator(prefix: prefix, width: width, isColoured: isColoured, write: write)
        let instances = loaded.model.detect(image, observer: narrator)
        guard narrator.told > 0 else {
            throw FileError(path: prefix ?? "", fault: "is the beginning of no stage's name")
        }
        try drawDetections(instances, of: loaded.model, on: image).writePNG(to: output)
        write("")
        write(listing(instances))
        write("The picture with everything found: \(output)")
    }

    private func heading(_ image: Image, _ name: String) -> String {
        var lines = [
            "Mask R-CNN on \(name), \(image.height)×\(image.width) pixels.",
            wrapped("Model: " + describe(loaded.model.configuration), width: width, indent: 2),
        ]
        lines += loaded.decisions.map { wrapped("  \($0.subject): \($0.value) (\($0.reason))", width: width) }
        lines += loaded.remarks.map { wrapped("! " + $0, width: width, indent: 2) }
        lines.append(
            wrapped(
                "Shapes are channels × height × width; then the smallest, mean and largest number.",
                width: width))
        return lines.joined(separator: "\n")
    }

    private func listing(_ instances: [Instance]) -> String {
        guard !instances.isEmpty else { return "Nothing was found." }
        let classes = loaded.model.classes
        let lines = instances.prefix(10).map { instance in
            let box = [instance.box.x1, instance.box.y1, instance.box.x2, instance.box.y2]
                .map { "\(Int($0.rounded()))" }.joined(separator: ", ")
            let area = instance.mask.map { ", \($0.area) pixels" } ?? ""
            let score = wording(number: Double(instance.score))
            return "  \(classes.name(of: instance.label)) \(score), box \(box)\(area)"
        }
        let more = instances.count > 10 ? ["  … and \(instances.count - 10) more"] : []
        return (["Found \(instances.count):"] + lines + more).joined(separator: "\n")
    }
}

/// Tells each stage as it is recorded.
private final class Narrator: Observer, Sendable {
    private let prefix: String?
    private let width: Int
    private let isColoured: Bool
    private let write: @Sendable (String) -> Void
    private let state: Mutex<State>

    private struct State {
        var told = 0
        /// When the last stage had been told, so that telling does not count as computing.
        var last = DispatchTime.now()
    }

    init(prefix: String?, width: Int, isColoured: Bool, write: @escaping @Sendable (String) -> Void) {
        self.prefix = prefix
        self.width = width
        self.isColoured = isColoured
        self.write = write
        state = Mutex(State())
    }

    var told: Int { state.withLock { $0.told } }

    // All stages are wanted, so that the time of each is its own.
    func wants(_ stage: Stage) -> Bool { true }
    func finished(_ step: PipelineStep) {}

    func record(_ stage: Stage, _ value: StageValue) {
        state.withLock { state in
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - state.last.uptimeNanoseconds) * 1e-9
            if prefix.map({ stage.name.hasPrefix($0) }) ?? true {
                write(told(stage, ContractTensor(value), seconds: seconds))
                state.told += 1
            }
            state.last = .now()
        }
    }

    private func told(_ stage: Stage, _ tensor: ContractTensor, seconds: Double) -> String {
        let name = isColoured ? "\u{1B}[1;36m\(stage.name)\u{1B}[0m" : stage.name
        var facts = "  " + wording(shape: tensor.shape)
        if let summary = tensor.summary {
            let numbers = [summary.minimum, summary.mean, summary.maximum].map { wording(number: $0) }
            facts += "  [" + numbers.joined(separator: ", ") + "]"
        }
        return "\n\(name)\(facts)  \(wording(seconds: seconds))\n  "
            + wrapped(stage.sentence, width: width - 2, indent: 2)
    }
}

/// One line on what a model is: `Mask R-CNN, ResNet-50 with FPN, 90 classes`.
public func describe(_ configuration: Configuration) -> String {
    let kind =
        switch (configuration.masks != nil, configuration.keypoints != nil) {
        case (true, true): "Mask R-CNN with keypoints"
        case (true, false): "Mask R-CNN"
        case (false, true): "Keypoint R-CNN"
        case (false, false): "Faster R-CNN"
        }
    let backbone = configuration.backbone
    let layers = 2 + 3 * backbone.blocks.reduce(0, +)
    let isWide = backbone.stem == 64 && backbone.outputs == [256, 512, 1024, 2048]
    let body =
        backbone.groups > 1
        ? "ResNeXt-\(layers) \(backbone.groups)×\(backbone.widths[0] / backbone.groups)d"
        : isWide ? "ResNet-\(layers)" : "narrow ResNet-\(layers)"
    let features =
        switch configuration.features {
        case .pyramid: "FPN"
        case .c4: "C4 features"
        case .c5: "C5 features"
        }
    let classes = configuration.classes
    return "\(kind), \(body) with \(features), \(classes) class\(classes == 1 ? "" : "es") and background"
}
