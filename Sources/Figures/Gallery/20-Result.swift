import Drawing
import Explanations
import Inference
import Tensors

extension Gallery {
    /// Figure 20.
    func result() throws -> Sheet {
        guard !run.instances.isEmpty else { throw NothingToDraw("nothing was detected") }
        let label = try chosenLabel()
        var all = run.instances.filter { label == nil || $0.label == label }
        if selection.detection != nil, let chosen = try example() { all = [chosen] }
        guard !all.isEmpty else {
            throw NothingToDraw("no \(selection.className ?? "object") was detected")
        }
        let likely = all.filter { $0.score >= 0.5 }
        let drawn = (likely.isEmpty ? all : likely).sorted { $0.score > $1.score }
            .prefix(selection.maximumBoxes ?? .max)
        let architecture = run.model.architecture
        return ResultFigure(
            image: run.image, instances: drawn.map { DrawnInstance($0, of: run.model) },
            leftOut: all.count - drawn.count,
            parts: (architecture.masks == nil ? [] : ["a mask"])
                + (architecture.keypoints == nil ? [] : ["keypoints"]), theme: theme
        ).sheet
    }
}

// MARK: - Drawing

/// Figure 20 on a sheet: the final picture, as large as the sheet is wide.
package struct ResultFigure: SheetFigure {
    private let overlay: Figure
    private let caption: String
    private let subtitle: String
    private let theme: Theme

    /// - Parameters:
    ///   - instances: what is drawn.
    ///   - leftOut: how many less likely ones are not.
    ///   - parts: what each instance has besides its box: "mask", "keypoints".
    package init(
        image: Image, instances: [DrawnInstance], leftOut: Int, parts: [String], theme: Theme
    ) {
        let scale = Sheet.contentWidth / Double(image.width)
        var options = DetectionOverlay.Options()
        options.scale = Self.labelSize / DetectionOverlay.labelSize(in: image) / scale
        options.palette = theme.palette
        options.typeface = theme.typeface
        overlay = DetectionOverlay(image: image, instances: instances, options: options).figure
        let list = instances.map {
            "\(DetectionOverlay.shortName(of: $0)) \(DetectionOverlay.text(ofScore: $0.score))"
        }
        caption =
            "\(image.width)×\(image.height) pixels. Drawn: \(list.prefix(20).joined(separator: ", "))"
            + (list.count > 20 ? " and \(list.count - 20) more." : ".")
            + (leftOut > 0
                ? " \(leftOut) less probable detection\(leftOut == 1 ? " is" : "s are") not drawn." : "")
        subtitle =
            "What was found: " + (["a box, a class and its probability"] + parts).joined(separator: ", ")
            + ", each in the frame of the picture as decoded."
        self.theme = theme
    }

    /// The size of labels in points.
    private static let labelSize = 12.0

    /// The drawing.
    package var sheet: Sheet {
        let height = Sheet.contentWidth * overlay.height / overlay.width
        return Sheet(
            title: "The result", subtitle: subtitle,
            blocks: [
                Sheet.Block(height: height, role: .drawing("the picture")) { canvas, room in
                    overlay.draw(on: canvas, in: room)
                    canvas.stroke(room, Stroke(theme.rule, width: 0.75))
                }
            ], caption: caption, theme: theme
        )
    }
}
