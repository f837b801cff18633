import Drawing
import Explanations
import Geometry
import Inference
import Tensors

extension Gallery {
    /// Figure 19: the example detection's mask on its way into the picture; beside it the largest, a middling and
    /// the smallest of the others.
    func pasting() throws -> Sheet {
        let maps = try MaskMaps(run)
        guard let example = try example(), let probabilities = run.tensor(.maskProbabilities),
            let subject = subject(example, probabilities, side: maps.side)
        else { throw NothingToDraw("nothing was found in this picture, so there is no mask") }
        let others = run.instances.filter { $0.score >= 0.5 && $0.detection != example.detection }
            .sorted { $0.box.area > $1.box.area }
        let chosen =
            others.count > 3 ? [others[0], others[others.count / 2], others[others.count - 1]] : others
        return PastingFigure(
            picture: run.image, subject: subject,
            others: chosen.compactMap { self.subject($0, probabilities, side: maps.side) },
            threshold: Double(run.model.settings.masks.threshold), theme: theme
        ).sheet
    }

    private func subject(_ instance: Instance, _ probabilities: Tensor, side: Int) -> PastingFigure.Subject? {
        guard let mask = instance.mask, instance.detection < probabilities.shape[0] else { return nil }
        let area = side * side
        return probabilities.withUnsafeElements { all in
            let own = UnsafeBufferPointer(
                rebasing: all[instance.detection * area..<(instance.detection + 1) * area])
            let enlarged = enlargedMask(
                own, side: side, box: instance.box, imageSize: mask.imageSize,
                conventions: run.model.conventions.output)
            guard !enlarged.region.isEmpty else { return nil }
            return PastingFigure.Subject(
                name: run.model.classes.name(of: instance.label), classIndex: instance.label,
                box: instance.box,
                probabilities: HeatMap(
                    values: Array(own), width: side, height: side, isSigned: false, limit: 1),
                enlarged: HeatMap(
                    values: enlarged.values, width: enlarged.region.width, height: enlarged.region.height,
                    isSigned: false, limit: 1),
                region: enlarged.region, mask: mask)
        }
    }
}

// MARK: - Drawing

/// Figure 19: from m × m probabilities to pixels of the picture, and why every region gets m × m of them.
package struct PastingFigure: SheetFigure {
    /// A detection and its mask.
    package struct Subject {
        /// Its class.
        package var name: String
        /// The class's index, which chooses the colour.
        package var classIndex: Int
        /// Its box, in pixels of the picture.
        package var box: Box
        /// The mask head's probabilities, m × m.
        package var probabilities: HeatMap
        /// The same at each pixel of ``region``.
        package var enlarged: HeatMap
        /// The pixels that the mask was enlarged to.
        package var region: PixelRegion
        /// The result.
        package var mask: InstanceMask

        /// A detection.
        package init(
            name: String, classIndex: Int, box: Box, probabilities: HeatMap, enlarged: HeatMap,
            region: PixelRegion, mask: InstanceMask
        ) {
            self.name = name
            self.classIndex = classIndex
            self.box = box
            self.probabilities = probabilities
            self.enlarged = enlarged
            self.region = region
            self.mask = mask
        }

        fileprivate var size: String {
            "\(figures(Double(box.width), decimals: 0)) × \(figures(Double(box.height), decimals: 0))"
        }
    }

    private let picture: Image
    private let subject: Subject
    private let others: [Subject]
    private let threshold: Double
    private let theme: Theme

    /// The figure of a detection.
    /// - Parameters:
    ///   - others: detections of other sizes.
    ///   - threshold: a pixel belongs to the mask from this probability on.
    package init(
        picture: Image, subject: Subject, others: [Subject], threshold: Double, theme: Theme
    ) {
        self.picture = picture
        self.subject = subject
        self.others = others
        self.threshold = threshold
        self.theme = theme
    }

    private var side: Int { subject.probabilities.width }

    /// The drawing.
    package var sheet: Sheet {
        var blocks: [Sheet.Block] = [
            .grid([headPanel, enlargedPanel, cutPanel, pastedPanel], columns: 4, theme: theme),
            .colorBar(
                ColorBar(.sequential, end: 1, unit: "probability", theme: theme),
                width: Sheet.contentWidth),
        ]
        if !others.isEmpty {
            blocks.append(
                .text(
                    "Why \(side) × \(side), and not the region's own size?", isBold: true,
                    theme: theme))
            blocks.append(
                .text(
                    "One small network with one input size then serves every region, all of them in one batch, "
                        + "and whatever their size they cost the same. The mask lives in the box's own "
                        + "coordinates, 0 to 1 along both axes; only pasting knows about pixels.",
                    theme: theme))
            blocks.append(
                .grid(
                    others.flatMap { [regionPanel($0), mapPanel($0)] }, columns: 6, tallest: 120,
                    theme: theme))
        }
        return Sheet(
            title: "Pasting a mask",
            subtitle: "The mask head's \(side) × \(side) numbers for a box of \(subject.size) pixels "
                + "(\(subject.name)) become pixels of the picture.",
            blocks: blocks,
            caption:
                "Outside the \(side) × \(side) values there is a border of zeros, so that a mask fades out "
                + "at the edge of its box. Interpolation between the values is bilinear. It comes before the "
                + "cut: a mask cut first and enlarged afterwards would have steps as large as its cells.",
            theme: theme
        )
    }

    private var headPanel: Panel {
        Panel("1  The head's output", note: "\(side) × \(side) probabilities") { canvas, room in
            var map = subject.probabilities
            map.limit = 1
            map.draw(on: canvas, in: room, theme: theme)
        }
    }

    private var regionAspect: Double {
        Double(max(subject.region.height, 1)) / Double(max(subject.region.width, 1))
    }

    private var enlargedPanel: Panel {
        Panel(
            "2  Resized to the box",
            note: "\(subject.region.width) × \(subject.region.height) pixels, \(cellSize) a value",
            aspect: regionAspect
        ) { canvas, room in
            var map = subject.enlarged
            map.limit = 1
            map.draw(on: canvas, in: room, theme: theme)
        }
    }

    /// How many pixels one value becomes.
    private var cellSize: String {
        let width = Double(subject.box.width) / Double(side),
            height = Double(subject.box.height) / Double(side)
        return "\(figures(width)) × \(figures(height))"
    }

    private var cutPanel: Panel {
        let set = subject.mask.area
        return Panel(
            "3  Cut at \(threshold == 0.5 ? "½" : figures(threshold))",
            note: "\(set) pixels are the object's",
            aspect: regionAspect
        ) { canvas, room in
            HeatMap(
                values: subject.enlarged.values.map { Double($0) >= threshold ? 1 : 0 },
                width: subject.enlarged.width, height: subject.enlarged.height, isSigned: false, limit: 1
            ).draw(on: canvas, in: room, theme: theme)
        }
    }

    private var pastedPanel: Panel {
        let (window, image) = pasted(subject, margin: 0.25)
        return Panel("4  Pasted", note: "where the box lies in the picture", aspect: window.aspect) {
            canvas, room in
            draw(image, window, subject.box, on: canvas, in: room)
        }
    }

    private func regionPanel(_ other: Subject) -> Panel {
        let (window, image) = pasted(other, margin: 0.1)
        return Panel(other.name, note: "\(other.size) pixels", aspect: window.aspect) {
            canvas, room in
            draw(image, window, other.box, on: canvas, in: room)
        }
    }

    private func mapPanel(_ other: Subject) -> Panel {
        Panel("", note: "\(side) × \(side)") { canvas, room in
            var map = other.probabilities
            map.limit = 1
            map.draw(on: canvas, in: room, theme: theme)
        }
    }

    private func pasted(_ subject: Subject, margin: Float) -> (PictureWindow, Image) {
        var image = picture
        let style = MaskStyle(
            color: theme.palette.color(ofClass: subject.classIndex), fill: 0.6, outline: 1,
            outlineWidth: max(1, Double(subject.box.width) / 90))
        image.paint(subject.mask, style)
        return (PictureWindow(image, around: subject.box, margin: margin), image)
    }

    private func draw(
        _ image: Image, _ window: PictureWindow, _ box: Box, on canvas: Canvas, in room: Rectangle
    ) {
        window.draw(on: canvas, in: room, theme: theme)
        canvas.clipped(to: room) {
            let edges = window.place(box, in: room)
            canvas.stroke(edges, Stroke(.black.withOpacity(0.4), width: 2.5))
            canvas.stroke(edges, Stroke(.white, width: 1.25))
        }
    }
}
