import Drawing
import Explanations
import Foundation
import Geometry
import Inference
import Tensors
import Verification

extension Gallery {
    /// Figure 27: the run of this picture, and another one of the same network in which RoIAlign is half a pixel
    /// off: what a port does that takes the other convention.
    func comparison() throws -> Sheet {
        var conventions = run.model.conventions
        let fault: String
        switch conventions.pooling.layer {
        case .align(let samples, let subtractsHalfPixel, let reduction):
            conventions.pooling.layer = .align(
                samplesPerAxis: samples, subtractsHalfPixel: !subtractsHalfPixel, reduction)
            fault =
                subtractsHalfPixel
                ? "A port that leaves out the half pixel in RoIAlign, on the same picture and weights."
                : "A port that subtracts half a pixel in RoIAlign where this model does not, on the same "
                    + "picture and weights."
        default:
            conventions.pooling.layer = .align(samplesPerAxis: 2, subtractsHalfPixel: true)
            fault =
                "A port with RoIAlign in place of the layer of this model, on the same picture and weights."
        }
        let candidate = candidateStages(run.model.with(conventions: conventions))
        let pairs = candidate.compactMap { stage, candidate in
            run[stage].map {
                ComparedStage(stage: stage, candidate: candidate, reference: ContractTensor($0))
            }
        }
        guard !pairs.isEmpty else { throw NothingToDraw("nothing was recorded of this picture") }
        return ComparisonFigure(
            stages: pairs.filter { Self.isCompared($0.stage.name) }.map {
                ComparisonFigure.Stage(name: $0.stage.name, relativeError: $0.relativeError)
            },
            maps: try maps(of: pairs), fault: fault, theme: theme
        ).sheet
    }

    /// What the candidate makes of the picture up to its detections, and from there on what it makes of the
    /// reference's: two runs rarely have the same number of detections, and rows that do not belong together
    /// cannot be compared.
    private func candidateStages(_ candidate: Model) -> [(stage: Stage, tensor: ContractTensor)] {
        let recorder = Recorder()
        _ = candidate.detect(run.image, observer: recorder)
        let reference = Detections(
            boxes: run.boxes(.detectionBoxes), scores: run.numbers(.detectionScores),
            classes: run.indices(.detectionClasses), proposals: run.indices(.detectionProposals))
        let own = Recorder(patterns: ["mask.*", "keypoint.*", "output.*"])
        var steps = PipelineSteps<Tensor>()
        steps.selectDetections = { _ in reference }
        _ = candidate.detect(run.image, in: PipelineRun(observer: own, steps: steps))
        let replaced = Set(own.stages.map(\.stage))
        return recorder.stages.filter { !replaced.contains($0.stage) } + own.stages
    }

    /// Pooled regions on average, and how the example detection fares.
    private func maps(of pairs: [ComparedStage]) throws -> [ComparisonFigure.Map] {
        func map(_ stage: Stage, row: Int?, _ note: String) -> ComparisonFigure.Map? {
            pairs.first { $0.stage == stage }?.map(row: row, note: note)
        }
        var maps = [map(.boxPooled, row: nil, "mean over all regions and channels")]
        if let example = try example() {
            let name = "\(run.model.classes.name(of: example.label)), detection \(example.detection)"
            maps.append(map(.maskPooled, row: example.detection, "mean over the channels, \(name)"))
            maps.append(map(.maskProbabilities, row: example.detection, name))
        }
        maps.append(map(.outputMasks, row: nil, "masks that change at each pixel"))
        return maps.compactMap { $0 }
    }

    /// Of forty stages, those that say most.
    private static func isCompared(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        switch parts.first {
        case "input": return name == Stage.inputTensor.name
        case "backbone": return name != Stage.stem.name
        case "fpn": return parts.count == 2
        case "rpn":
            return name.hasPrefix("rpn.objectness.p3") || name.hasPrefix("rpn.objectness.c")
                || name == Stage.proposalBoxes.name
        case "box": return name != Stage.boxLevel.name
        case "detections": return name == Stage.detectionBoxes.name || name == Stage.detectionScores.name
        case "mask": return name != Stage.maskLevel.name
        case "keypoint": return name == Stage.keypointHeatmaps.name
        case "output": return name == Stage.outputBoxes.name || name == Stage.outputMasks.name
        default: return false
        }
    }
}

/// One stage of two runs.
private struct ComparedStage {
    let stage: Stage
    let candidate: ContractTensor
    let reference: ContractTensor

    private var hasSameShape: Bool { candidate.shape == reference.shape }

    /// The length of the difference over that of the reference; nil where shapes differ.
    var relativeError: Double? {
        guard hasSameShape else { return nil }
        var (difference, length) = (0.0, 0.0)
        zip(candidate.doubles, reference.doubles).forEach { found, expected in
            difference += (found - expected) * (found - expected)
            length += expected * expected
        }
        return length > 0 ? (difference / length).squareRoot() : difference > 0 ? .infinity : 0
    }

    /// The absolute difference over the last two axes, averaged over the others; summed for masks, which are
    /// 0 or 1.
    /// - Parameter row: only this one along the first axis; nil for all.
    func map(row: Int?, note: String) -> ComparisonFigure.Map? {
        guard hasSameShape, let count = reference.shape.first, count > 0, reference.shape.count >= 2,
            let width = reference.shape.last
        else { return nil }
        let height = reference.shape[reference.shape.count - 2]
        let all = reference.shape.reduce(1, *), perRow = all / count
        let range = row.map { $0 * perRow..<($0 + 1) * perRow } ?? 0..<all
        guard width > 0, height > 0, range.lowerBound >= 0, range.upperBound <= all, !range.isEmpty else {
            return nil
        }
        let (found, expected) = (candidate.doubles, reference.doubles)
        var sums = [Double](repeating: 0, count: height * width)
        for index in range { sums[index % (height * width)] += abs(found[index] - expected[index]) }
        let isMask = if case .bytes = reference.elements { true } else { false }
        let planes = isMask ? 1 : Double(range.count / (height * width))
        return ComparisonFigure.Map(
            title: stage.name, note: note,
            errors: HeatMap(
                values: sums.map { Float($0 / planes) }, width: width, height: height, isSigned: false))
    }
}

extension ContractTensor {
    /// All numbers in order.
    fileprivate var doubles: [Double] {
        switch elements {
        case .floats(let tensor): tensor.withUnsafeElements { $0.map(Double.init) }
        case .integers(let integers): integers.map(Double.init)
        case .bytes(let bytes): bytes.map(Double.init)
        }
    }
}

// MARK: - Drawing

/// Figure 27: two implementations side by side, stage by stage, and where in the tensors they differ.
package struct ComparisonFigure: SheetFigure {
    /// One stage of both.
    public struct Stage: Sendable {
        /// Its name in the stage contract.
        package var name: String
        /// The length of the difference over the length of the reference; nil where shapes differ.
        package var relativeError: Double?

        /// A stage.
        package init(name: String, relativeError: Double?) {
            self.name = name
            self.relativeError = relativeError
        }
    }

    /// Where one stage differs.
    package struct Map {
        /// The stage.
        package var title: String
        /// What is shown of it.
        package var note: String
        /// Absolute differences.
        package var errors: HeatMap

        /// A map of differences.
        package init(title: String, note: String, errors: HeatMap) {
            self.title = title
            self.note = note
            self.errors = errors
        }
    }

    private let stages: [Stage]
    private let maps: [Map]
    private let fault: String
    private let tolerance: Double
    private let theme: Theme

    /// The figure of a comparison.
    /// - Parameters:
    ///   - stages: in the order of the pipeline.
    ///   - maps: of some of them.
    ///   - fault: how the candidate differs from the reference, as a sentence.
    ///   - tolerance: a relative error up to this one is rounding.
    package init(
        stages: [Stage], maps: [Map], fault: String, tolerance: Double = 1e-4, theme: Theme
    ) {
        self.stages = stages
        self.maps = maps
        self.fault = fault
        self.tolerance = tolerance
        self.theme = theme
    }

    private func differs(_ stage: Stage) -> Bool { stage.relativeError.map { !($0 <= tolerance) } ?? true }

    private var firstFault: Int? { stages.firstIndex(where: differs) }

    /// The drawing.
    package var sheet: Sheet {
        var subtitle = fault
        if let firstFault {
            subtitle +=
                " All stages agree up to \(stages[firstFault].name): that is where to look, not at the picture "
                + "that comes out wrong."
        } else {
            subtitle += " No stage differs by more than rounding."
        }
        var blocks = [bars]
        if !maps.isEmpty {
            blocks.append(
                .grid(maps.map(panel), columns: min(maps.count, 4), tallest: 190, theme: theme))
        }
        return Sheet(
            title: "Where two implementations part",
            subtitle: subtitle, blocks: blocks,
            caption: "The relative error of a stage is the length of the difference over the length of the "
                + "reference. A stage after the first that differs may only have inherited the fault; run it "
                + "alone on the reference's inputs to know (maskrcnn stage). The heads after detections.* ran "
                + "on the reference's detections, so that rows belong together.",
            theme: theme
        )
    }

    // MARK: Bars

    /// Errors from 10⁻⁷ to 1 and more, on a logarithmic scale.
    private static let decades = -7.0...0.0

    private var bars: Sheet.Block {
        let line = 14.0
        return Sheet.Block(height: line * Double(stages.count) + 22) { canvas, room in
            let left = room.x + 178, right = room.maxX - 72
            let font = Font(size: 10.5)
            func place(_ error: Double) -> Double {
                let power = error > 0 ? log10(error) : Self.decades.lowerBound
                let share =
                    (power - Self.decades.lowerBound) / (Self.decades.upperBound - Self.decades.lowerBound)
                return left + min(max(share, 0), 1) * (right - left)
            }
            let bottom = room.y + line * Double(stages.count)
            for (power, name) in [(-6, "10⁻⁶"), (-4, "10⁻⁴"), (-2, "10⁻²"), (0, "1")] {
                let x = place(pow(10, Double(power)))
                canvas.line(
                    from: Point(x: x, y: room.y), to: Point(x: x, y: bottom + 3), Stroke(theme.rule))
                canvas.text(
                    name, at: Point(x: x, y: bottom + 6), font: Font(size: 10), color: theme.mutedInk,
                    anchor: TextAnchor(.center, .top))
            }
            canvas.text(
                "relative error", at: Point(x: room.x, y: bottom + 6), font: Font(size: 10),
                color: theme.mutedInk, anchor: TextAnchor(.leading, .top))
            for (index, stage) in stages.enumerated() {
                let y = room.y + line * (Double(index) + 0.5)
                let isFirst = index == firstFault
                let color = differs(stage) ? theme.droppedColor : theme.thirdColor
                canvas.text(
                    stage.name, at: Point(x: room.x, y: y),
                    font: Font(size: 10.5, isBold: isFirst), color: isFirst ? color : theme.ink,
                    anchor: TextAnchor(.leading, .middle))
                if let error = stage.relativeError {
                    let width = max(place(error) - left, 2)
                    canvas.fill(
                        Rectangle(x: left, y: y - 4.5, width: width, height: 9),
                        color.withOpacity(isFirst ? 1 : 0.65))
                }
                canvas.text(
                    stage.relativeError.map { $0 == 0 ? "equal" : figures($0) } ?? "other shape",
                    at: Point(x: room.maxX, y: y), font: font,
                    color: differs(stage) ? theme.ink : theme.mutedInk,
                    anchor: TextAnchor(.trailing, .middle))
            }
        }
    }

    private func panel(_ map: Map) -> Panel {
        Panel(
            map.title, note: map.note + "; yellow: \(figures(Double(map.errors.end)))",
            aspect: Double(map.errors.height) / Double(max(map.errors.width, 1))
        ) { canvas, room in map.errors.draw(on: canvas, in: room, theme: theme) }
    }
}
