import Drawing
import Explanations
import Foundation
import Geometry
import Inference

/// One detection, followed back in words: mask ← RoI ← pyramid level ← proposal ← anchor, cell and level.
package struct DetectionStory {
    private let run: PictureRun
    private let number: Int
    private let facts: Provenance

    /// Follows a detection back.
    /// - Parameter number: its place in the list of what was found, from 0.
    /// - Throws: ``NothingToDraw`` when there is no such detection.
    package init(of run: PictureRun, number: Int) throws {
        guard run.instances.indices.contains(number) else {
            let count = run.instances.count
            throw NothingToDraw(
                count == 0
                    ? "detection \(number): nothing was found"
                    : "detection \(number): is none of the \(count) that were found, 0 to \(count - 1)")
        }
        self.run = run
        self.number = number
        facts = try Provenance(run, detection: run.instances[number].detection)
    }

    /// The story, for a terminal.
    package func text(on terminal: Terminal) -> String { blocks(on: terminal).text }

    /// The same, ready to be laid out on screens.
    package func blocks(on terminal: Terminal) -> [ScreenBlock] {
        func part(_ title: String, _ lines: [String]) -> ScreenBlock {
            let heading = StyledText(title, .heading).encoded(isColoured: terminal.isColoured)
            let paragraphs = lines.filter { !$0.isEmpty }.map { line in
                StyledText(line).wrapped(width: terminal.textWidth - 2, indent: 2)
                    .map { "  " + $0.encoded(isColoured: false) }
            }
            return ScreenBlock(units: [[heading]] + paragraphs, headerUnits: 1)
        }
        let title =
            "Detection \(number) of \(run.instances.count), counted from 0: \(facts.className), probability "
            + "\(decimal(facts.score)), from its mask back to the anchor that it began as"
        let frame =
            "Boxes are x1, y1, x2, y2 in pixels of the network's input, unless it says otherwise; rows "
            + "too count from 0, as in a recorded bundle."
        return [
            terminal.prose(title + "."), terminal.prose(frame), part("Output", output),
            part("Mask", mask), part("Detection", detection), part("RoI", region),
            part("Proposal", proposal), part("Anchor", anchor),
        ]
    }

    // MARK: The parts, from the end to the beginning

    private var output: [String] {
        guard let instance = facts.instance else { return ["Nothing of it lies within the picture."] }
        let size = "\(run.image.height)×\(run.image.width)"
        let area = instance.mask.map { ", mask of \($0.area) pixels" } ?? ""
        let found = instance.keypoints ?? []
        let points =
            run.model.classes.hasKeypoints(facts.label) && !found.isEmpty ? ", \(found.count) keypoints" : ""
        return ["In the picture as decoded (\(size)): box \(text(instance.box))\(area)\(points)."]
    }

    private var mask: [String] {
        guard let level = facts.maskLevel, let masks = run.model.architecture.masks else {
            return ["This model predicts no masks."]
        }
        let side = run.tensor(.maskProbabilities).map { $0.shape[1] } ?? 0
        return [
            "mask.probabilities, row \(facts.detection): \(side)×\(side) probabilities of the class "
                + "\(facts.className), stretched to the box and cut at "
                + "\(run.model.settings.masks.threshold).",
            "Pooled to \(masks.poolSize)×\(masks.poolSize) from \(name(ofLevel: level)). "
                + levelArithmetic(facts.box, level: level),
        ]
    }

    private var detection: [String] {
        let others = facts.probabilities.enumerated().filter { $0.offset != facts.label }
            .sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(2)
            .map {
                "\($0.offset == 0 ? "background" : run.model.classes.name(of: $0.offset)) \(decimal($0.element))"
            }
        let rivals = facts.suppressedClassBoxes
        let limit = run.model.settings.boxes.nmsThreshold
        return [
            "detections.boxes, row \(facts.detection): \(text(facts.box)).",
            "Class: \(facts.className) \(decimal(facts.score)); next, \(others.joined(separator: ", ")).",
        ]
            + change(
                "Refined from the proposal below", by: facts.refinement, of: facts.clipped,
                into: facts.refined, clipped: facts.box, coder: run.model.conventions.detections.coder)
            + [
                rivals.isEmpty
                    ? "It suppressed no other box of its class."
                    : "It suppressed \(count(rivals.count, "box", "boxes")) of its class, which overlap it by more than "
                        + "\(limit):"
            ]
            + rivals.prefix(Self.longest).map {
                "- from proposal \($0.proposal), score \(decimal($0.score)), overlap \(decimal($0.overlap)): "
                    + text($0.box)
            } + more(than: rivals.count)
    }

    private var region: [String] {
        let size = run.model.boxPoolSize
        return [
            "box.pooled, row \(facts.proposal): the proposal's box, pooled to \(size)×\(size) from "
                + "\(name(ofLevel: facts.poolingLevel)). "
                + levelArithmetic(facts.clipped, level: facts.poolingLevel)
        ]
    }

    private var proposal: [String] {
        let rivals = facts.suppressedCandidates
        let level = facts.anchor.level
        let limit = run.model.settings.proposals.nmsThreshold
        return [
            "rpn.proposals.boxes, row \(facts.proposal) of \(facts.proposalCount): \(text(facts.clipped)), "
                + "objectness \(decimal(facts.objectness)).",
            "Before suppression it was candidate \(facts.rank) of the \(facts.candidateCount) on \(level) "
                + "(rpn.candidates.\(level).boxes), best first.",
            rivals.isEmpty
                ? "It suppressed no other candidate."
                : "It suppressed \(count(rivals.count, "candidate", "candidates")) of lower score, which overlap it "
                    + "by more than \(limit):",
        ]
            + rivals.prefix(Self.longest).map {
                "- candidate \($0.rank), objectness \(decimal($0.score)), overlap \(decimal($0.overlap)): "
                    + text($0.box)
            } + more(than: rivals.count)
    }

    private var anchor: [String] {
        let anchor = facts.anchor
        let shapes = run.model.architecture.proposals
        let number = (anchor.row * anchor.mapSize.width + anchor.column)
        let perCell = shapes.anchorSizes[anchor.levelIndex].count * shapes.aspectRatios.count
        return [
            "Level \(anchor.level): a map of \(anchor.mapSize.height)×\(anchor.mapSize.width) cells, "
                + "\(strides(of: anchor)) pixels apart. Cell: row \(anchor.row), column \(anchor.column).",
            "Shape \(anchor.shape) of \(perCell): as large as a square of side \(wording(number: Double(anchor.size))), "
                + "height / width = \(wording(number: Double(anchor.aspectRatio))). anchors.\(anchor.level), row "
                + "(\(anchor.row)·\(anchor.mapSize.width) + \(anchor.column))·\(perCell) + \(anchor.shape) = "
                + "\(number * perCell + anchor.shape): \(text(anchor.box)).",
            "Objectness: logit \(decimal(facts.logit)), 1 / (1 + e^\(decimal(-facts.logit))) = "
                + "\(decimal(facts.objectness)).",
        ]
            + change(
                "Changed into the proposal", by: facts.delta, of: anchor.box, into: facts.decoded,
                clipped: facts.clipped, coder: run.model.conventions.proposals.coder)
    }

    // MARK: Wording

    /// More boxes than that are counted, not listed.
    private static let longest = 8

    private func more(than count: Int) -> [String] {
        count > Self.longest ? ["- and \(count - Self.longest) more"] : []
    }

    private func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }

    private func strides(of anchor: Provenance.Anchor) -> String {
        anchor.verticalStride == anchor.horizontalStride
            ? "\(anchor.verticalStride)" : "\(anchor.verticalStride) and \(anchor.horizontalStride)"
    }

    /// Three decimals, or as many digits as a small number needs.
    private func decimal(_ value: Float) -> String {
        let text = String(format: "%.3f", value)
        return (value != 0 && abs(value) < 0.001 ? wording(number: Double(value)) : text)
            .replacing("-", with: "−")
    }

    private func text(_ box: Box) -> String {
        [box.x1, box.y1, box.x2, box.y2].map { String(format: "%.2f", $0) }.joined(separator: ", ")
            .replacing("-", with: "−")
    }

    private func name(ofLevel level: Int) -> String {
        switch run.model.architecture.features {
        case .pyramid: "p\(level)"
        case .c4, .c5: "c\(level), the only map"
        }
    }

    /// FPN, equation 1, with this box's numbers.
    private func levelArithmetic(_ box: Box, level: Int) -> String {
        guard case .pyramid = run.model.architecture.features, box.area > 0 else { return "" }
        return Self.levelArithmetic(box, level: level, rule: run.model.conventions.pooling.level)
    }

    /// How a box with an area comes to its level; most rules take the whole number below, one the nearest.
    package static func levelArithmetic(_ box: Box, level: Int, rule: Conventions.Pooling.LevelRule) -> String
    {
        let side = Double(box.area).squareRoot()
        let exact = Double(rule.exactLevel(of: box))
        let isRounded = rule == .rounded
        let whole = exact.rounded(isRounded ? .toNearestOrEven : .down)
        let (open, close) = isRounded ? ("round(", ")") : ("⌊", "⌋")
        let held = Int(whole) == level ? "" : ", held to the levels there are: \(level)"
        return "Which level: a side of √(\(wording(number: Double(box.width))) · "
            + "\(wording(number: Double(box.height)))) = \(wording(number: side)) pixels, "
            + "\(open)4 + log2(\(wording(number: side)) / 224)\(close) = "
            + "\(open)\(String(format: "%.3f", exact))\(close) = \(Int(whole))\(held)."
    }

    /// How a box changes into another, axis by axis, with the numbers that one needs to work it by hand.
    private func change(
        _ title: String, by delta: BoxDelta, of box: Box, into decoded: Box, clipped: Box, coder: BoxCoder
    ) -> [String] {
        let scaled = coder.scaled(delta)
        var lines = ["\(title) by the deltas \(text(delta))" + (scaled == delta ? ":" : ",")]
        if scaled != delta { lines.append("brought to scale (\(coder.scale)): \(text(scaled)):") }
        // Where edges are indices of pixels, sizes count one more, and these lines would not hold.
        if !coder.edgesAreInclusive {
            let x = coder.steps(shift: scaled.dx, logarithm: scaled.dw, from: box.x1, box.x2)
            let y = coder.steps(shift: scaled.dy, logarithm: scaled.dh, from: box.y1, box.y2)
            lines += axis("x", "width", x, shift: scaled.dx) + axis("y", "height", y, shift: scaled.dy)
        }
        lines.append("- box \(text(decoded))")
        if clipped != decoded { lines.append("- clipped to the picture \(text(clipped))") }
        return lines
    }

    private func axis(_ name: String, _ extent: String, _ steps: BoxCoder.AxisSteps, shift: Float) -> [String]
    {
        [
            "- centre \(name) \(decimal(steps.referenceCentre)) \(shift < 0 ? "−" : "+") "
                + "\(decimal(steps.referenceSize)) · \(significant(abs(shift))) = \(decimal(steps.centre))",
            "- \(extent) \(decimal(steps.referenceSize)) · e^\(significant(steps.logarithm)) = "
                + "\(decimal(steps.size))",
        ]
    }

    private func text(_ delta: BoxDelta) -> String {
        [delta.dx, delta.dy, delta.dw, delta.dh].map(significant).joined(separator: ", ")
    }

    /// Four digits, whatever the size, so that a product can be checked.
    private func significant(_ value: Float) -> String {
        wording(number: Double(value)).replacing("-", with: "−")
    }
}

extension BoxCoder {
    /// What the network's numbers are multiplied or divided by.
    fileprivate var scale: String {
        func list(_ delta: BoxDelta) -> String {
            [delta.dx, delta.dy, delta.dw, delta.dh].map { wording(number: Double($0)) }.joined(
                separator: ", ")
        }
        return switch scaling {
        case .weights(let weights): "divided by " + list(weights)
        case .standardDeviations(let deviations): "times " + list(deviations)
        }
    }
}
