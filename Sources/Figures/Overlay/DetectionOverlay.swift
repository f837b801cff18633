import Drawing
import Geometry
import Tensors

/// Figure 20, the final picture: what was detected, drawn over the picture itself.
///
/// From bottom to top: the picture; the masks, large ones first, each with an outline; boxes; skeletons; labels
/// with class and score. Lines and letters grow with the picture so that it reads well when it is shown 640
/// pixels wide. Where there is no room for a label beside the better ones, it is left out (``LabelLayout``).
public struct DetectionOverlay {
    /// What is drawn, and how.
    public struct Options: Sendable {
        /// Whether boxes are drawn.
        public var showsBoxes = true
        /// Whether masks are drawn.
        public var showsMasks = true
        /// Whether labels are drawn.
        public var showsLabels = true
        /// Keypoints with a smaller score are left out. For annotations, 1 leaves out the ones without a place,
        /// and 2 also the hidden ones.
        public var minimumKeypointScore = -Float.infinity
        /// How large lines and letters are, as a multiple of what suits the picture's size.
        public var scale = 1.0
        /// The colours of classes.
        public var palette = Palette.okabeIto
        /// The letters of labels, where the overlay is a figure of its own.
        public var typeface = Typeface.standard

        /// Boxes, masks, labels and all keypoints.
        public init() {}
    }

    private let image: Image
    private let instances: [DrawnInstance]
    private let options: Options
    private let colors: [Color]
    /// The size of one pixel of a picture that is 640 pixels wide.
    private let unit: Double

    /// The final picture of `image` with `instances`, whose order does not matter.
    public init(image: Image, instances: [DrawnInstance], options: Options = Options()) {
        self.image = image
        // Best first. NaN, which would not sort, comes last, and equal scores stay in order.
        let ranks = instances.map { $0.score.isNaN ? -.infinity : $0.score }
        let order = instances.indices.sorted { (ranks[$1], $0) < (ranks[$0], $1) }
        let sorted = order.map { instances[$0] }
        self.instances = sorted
        self.options = options
        let scale = options.scale.isFinite ? min(max(options.scale, 0.1), 10) : 1
        unit = Self.unit(of: image) * scale
        let margin = 4 * unit
        let areas = sorted.map { $0.rectangle?.inset(by: -margin) }
        colors = options.palette.colors(ofInstancesWithClasses: sorted.map(\.classIndex)) { first, second in
            guard let first = areas[first], let second = areas[second] else { return false }
            return first.intersection(second).area > 0
        }
    }

    /// The picture's place in the drawing. Not the canvas's bounds: the drawing may be a part of another.
    private var bounds: Rectangle {
        Rectangle(x: 0, y: 0, width: Double(image.width), height: Double(image.height))
    }

    /// The size of one pixel of a picture that is 640 pixels wide, in pixels of this one.
    private static func unit(of image: Image) -> Double {
        // A very wide picture is shown with few rows: half of 640 columns are what letters are made for.
        max(min(Double(image.width) / 640, Double(image.height) / 320), 0.75)
    }

    /// The size of labels in pixels of a picture, at a scale of 1.
    static func labelSize(in image: Image) -> Double { 12.5 * unit(of: image) }

    /// The drawing, with one point to a pixel of the picture.
    public var figure: Figure {
        let painted = options.showsMasks ? paintedImage() : image
        return Figure(
            width: Double(image.width), height: Double(image.height), typeface: options.typeface
        ) { canvas in
            canvas.draw(painted, in: bounds, filter: .bilinear)
            if options.showsBoxes { drawBoxes(on: canvas) }
            drawKeypoints(on: canvas)
            if options.showsLabels { drawLabels(on: canvas) }
        }
    }

    /// The picture with the masks mixed into it.
    private func paintedImage() -> Image {
        var painted = image
        let masked = instances.indices.filter { instances[$0].mask != nil }
        let largestFirst = masked.sorted { area(of: $0) > area(of: $1) }
        for index in largestFirst {
            guard let mask = instances[index].mask else { continue }
            painted.paint(
                mask, MaskStyle(color: colors[index], fill: 0.42, outline: 0.95, outlineWidth: 1.5 * unit))
        }
        return painted
    }

    private func area(of index: Int) -> Int {
        instances[index].mask.map { $0.region.width * $0.region.height } ?? 0
    }

    private func drawBoxes(on canvas: Canvas) {
        let lineWidth = 2 * unit
        let casing = Color.black.withOpacity(0.4)
        // Worst first, so that the best one is whole; the whole line stays in the picture.
        let frame = bounds.inset(by: lineWidth / 2)
        for index in instances.indices.reversed() {
            guard let box = instances[index].rectangle, box.intersection(bounds).isDrawn else {
                continue
            }
            let (x1, y1) = (max(box.x, frame.x), max(box.y, frame.y))
            let visible = Rectangle(
                x: min(x1, frame.maxX), y: min(y1, frame.maxY), width: max(min(box.maxX, frame.maxX) - x1, 0),
                height: max(min(box.maxY, frame.maxY) - y1, 0))
            // A dark casing sets the line off from light pictures, the colour from dark ones.
            canvas.stroke(visible, Stroke(casing, width: lineWidth + 1.2 * unit))
            canvas.stroke(visible, Stroke(colors[index], width: lineWidth))
        }
    }

    private func drawKeypoints(on canvas: Canvas) {
        for index in instances.indices.reversed() {
            let points = instances[index].keypoints.map(point)
            let unit = keypointUnit(of: instances[index])
            // Only a person has that many; of another kind of object it is not known what belongs together.
            let isPerson = points.count == PersonKeypoint.allCases.count
            let limbs = (isPerson ? PersonKeypoint.skeleton : []).compactMap { start, end -> [Point]? in
                guard let start = points[start.rawValue], let end = points[end.rawValue] else { return nil }
                return [start, end]
            }
            for limb in limbs {
                canvas.polyline(limb, Stroke(.black.withOpacity(0.55), width: 3.5 * unit, isRound: true))
            }
            let light = Palette.shade(colors[index], by: 0.25)
            for limb in limbs { canvas.polyline(limb, Stroke(light, width: 2 * unit, isRound: true)) }
            for point in points.compactMap({ $0 }) {
                canvas.fill(circleAt: point, radius: 3.2 * unit, .black.withOpacity(0.7))
                canvas.fill(circleAt: point, radius: 2.3 * unit, .white)
            }
        }
    }

    /// ``unit``, but less for an object so small that its keypoints would hide it.
    private func keypointUnit(of instance: DrawnInstance) -> Double {
        guard let box = instance.rectangle else { return unit }
        return min(unit, max(max(box.width, box.height) / 80, 0.25 * unit))
    }

    /// Where a keypoint is drawn, if it is.
    private func point(_ keypoint: Keypoint) -> Point? {
        guard keypoint.x.isFinite, keypoint.y.isFinite, !(keypoint.score < options.minimumKeypointScore)
        else { return nil }
        return Point(x: Double(keypoint.x), y: Double(keypoint.y))
    }
}

extension DetectionOverlay {
    private func drawLabels(on canvas: Canvas) {
        let font = Font(size: 12.5 * unit)
        let padding = 3.5 * unit
        let letters = canvas.extents(of: "", font: font)
        let height = letters.ascent + letters.descent + unit
        // No more than the best few hundred are looked at: each label is compared with each of them.
        let smallBoxes = instances.prefix(500).compactMap(\.rectangle).filter {
            $0.area < 6 * height * height
        }
        var layout = LabelLayout(frame: bounds, smallBoxes: smallBoxes)
        var labels: [Label] = []
        for index in instances.indices {
            guard let box = instances[index].rectangle, box.intersection(bounds).isDrawn,
                let text = fittingLabel(
                    of: instances[index], font: font, width: bounds.width - 2 * padding, on: canvas)
            else { continue }
            let width = canvas.extents(of: text, font: font).width + 2 * padding
            // The plate lines up with the outer edge of the box's line.
            let edge = box.inset(by: -unit)
            guard let placement = layout.place(width: width, height: height, at: edge) else { continue }
            labels.append(Label(text: text, placement: placement, box: box, color: colors[index]))
        }
        for label in labels where !label.placement.isAttached {
            let (start, end) = (
                label.placement.plate.nearest(to: label.box), label.box.nearest(to: label.placement.plate)
            )
            canvas.line(
                from: start, to: end, Stroke(.black.withOpacity(0.45), width: 2.5 * unit, isRound: true))
            canvas.line(from: start, to: end, Stroke(label.color, width: 1.2 * unit, isRound: true))
        }
        for label in labels.reversed() {
            let plate = label.placement.plate
            canvas.fill(plate.inset(by: -0.75 * unit), .black.withOpacity(0.45), cornerRadius: 2.5 * unit)
            canvas.fill(plate, label.color, cornerRadius: 2 * unit)
            canvas.text(
                label.text, at: Point(x: plate.x + padding, y: plate.y + height / 2), font: font,
                color: label.color.ink, anchor: TextAnchor(.leading, .middle))
        }
    }

    private struct Label {
        let text: String
        let placement: LabelLayout.Placement
        let box: Rectangle
        let color: Color
    }

    /// The label, with as much of the class's name as fits; `nil` if not even the score does.
    private func fittingLabel(
        of instance: DrawnInstance, font: Font, width: Double, on canvas: Canvas
    ) -> String? {
        var name = Self.shortName(of: instance)
        let score = Self.text(ofScore: instance.score)
        var text = [name, score].filter { !$0.isEmpty }.joined(separator: " ")
        while canvas.extents(of: text, font: font).width > width {
            guard !name.isEmpty else { return nil }
            name.removeLast(name.hasSuffix("…") ? min(2, name.count) : 1)
            if !name.isEmpty { name += "…" }
            text = [name, score].filter { !$0.isEmpty }.joined(separator: " ")
        }
        return text.isEmpty ? nil : text
    }

    /// The class's name on one line, at most 32 letters long: names come from files.
    package static func shortName(of instance: DrawnInstance) -> String {
        // A letter may consist of any number of scalars; what piles up on it is cut off too.
        let scalars = instance.className.unicodeScalars.prefix(256)
        let words = String(String.UnicodeScalarView(scalars)).onOneLine.split(separator: " ")
        let name = words.joined(separator: " ")
        if name.isEmpty { return "class \(instance.classIndex)" }
        guard name.count > 32 || name.unicodeScalars.count > 64 else { return name }
        return String(String.UnicodeScalarView(String(name.prefix(31)).unicodeScalars.prefix(63))) + "…"
    }

    /// The score with two decimals; nothing for what is no number.
    package static func text(ofScore score: Double) -> String {
        guard score.isFinite, abs(score) < 1e6 else { return "" }
        let hundredths = Int((abs(score) * 100).rounded())
        let decimals = "\(hundredths % 100)"
        let sign = score < 0 && hundredths > 0 ? "−" : ""
        return "\(sign)\(hundredths / 100).\(decimals.count < 2 ? "0" : "")\(decimals)"
    }
}

extension Rectangle {
    /// Whether any of an intersection is there to be drawn: a line or a point is.
    fileprivate var isDrawn: Bool { width >= 0 && height >= 0 }

    /// The point of the rectangle that is nearest to the middle of another.
    fileprivate func nearest(to other: Rectangle) -> Point {
        Point(
            x: min(max(other.x + other.width / 2, x), maxX), y: min(max(other.y + other.height / 2, y), maxY))
    }
}
