import Drawing
import Explanations
import Geometry
import Inference
import Tensors

extension Gallery {
    /// Figure 21: of the detections whose class has keypoints, the largest that is likelier than not.
    func keypoints() throws -> Sheet {
        guard run.model.network.keypoints != nil else {
            throw NothingToDraw("the model has no keypoint head")
        }
        let candidates = selection.detection == nil ? run.instances : [try example()].compactMap { $0 }
        let people = candidates.filter {
            run.model.classes.hasKeypoints($0.label) && !($0.keypoints ?? []).isEmpty
        }
        let likely = people.filter { $0.score >= 0.5 }.max { $0.box.area < $1.box.area }
        guard let person = likely ?? people.first, let keypoints = person.keypoints,
            let heatmaps = run.tensor(.keypointHeatmaps), person.detection < heatmaps.shape[0]
        else {
            throw NothingToDraw(
                selection.detection.map { "detection \($0) has no keypoints" }
                    ?? "nothing that has keypoints was found in this picture")
        }
        let (height, width, count) = (heatmaps.shape[1], heatmaps.shape[2], heatmaps.shape[3])
        let own = heatmaps.withUnsafeElements { all in
            Tensor(
                shape: [height, width, count],
                elements: Array(
                    all[
                        person.detection * height * width * count..<(person.detection + 1) * height * width
                            * count]))
        }
        let names = count == PersonKeypoint.allCases.count ? PersonKeypoint.allCases.map(\.words) : []
        let detected = run.boxes(.detectionBoxes)
        let box = detected.indices.contains(person.detection) ? detected[person.detection] : person.box
        return KeypointsFigure(
            picture: run.image,
            person: DrawnInstance(
                box: person.box, classIndex: person.label,
                className: run.model.classes.name(of: person.label),
                score: Double(person.score), keypoints: keypoints),
            maps: keypoints.indices.map { index in
                KeypointsFigure.Map(
                    name: names.indices.contains(index) ? names[index] : "keypoint \(index + 1)",
                    logits: HeatMap(own, channel: index, isSigned: true), place: keypoints[index])
            },
            enlarged: keypointMapSize(of: box),
            scoreName: run.model.conventions.output.keypointScore == .logit ? "logit" : "probability",
            subject: "For \(run.wording(person))", theme: theme
        ).sheet
    }
}

extension PersonKeypoint {
    /// `left shoulder`.
    var words: String { name.split(separator: "_").joined(separator: " ") }
}

// MARK: - Drawing

/// Figure 21: one heat map a keypoint, the place read off each, and the skeleton that they make.
package struct KeypointsFigure: SheetFigure {
    /// One keypoint's heat map and what was read off it.
    package struct Map {
        /// The keypoint: "left shoulder".
        package var name: String
        /// Logits over the box.
        package var logits: HeatMap
        /// The decoded place, in pixels of the picture.
        package var place: Keypoint

        /// A keypoint.
        package init(name: String, logits: HeatMap, place: Keypoint) {
            self.name = name
            self.logits = logits
            self.place = place
        }

        /// How far each logit stands above one that is so much below the largest.
        fileprivate func above(_ depth: Float) -> HeatMap {
            let floor = (logits.values.max() ?? 0) - depth
            return HeatMap(
                values: logits.values.map { max($0 - floor, 0) }, width: logits.width, height: logits.height,
                isSigned: false, limit: depth)
        }
    }

    /// Logits that are further below the largest than this have less than a 20,000th of its probability.
    private static let depth: Float = 10

    private let picture: Image
    private let person: DrawnInstance
    private let maps: [Map]
    private let enlarged: PixelSize
    private let scoreName: String
    private let subject: String
    private let theme: Theme

    /// The figure of a detection.
    /// - Parameters:
    ///   - person: the detection, with its keypoints, in pixels of the picture.
    ///   - maps: one a keypoint.
    ///   - enlarged: the size that heat maps are brought to before their maximum is looked for.
    ///   - scoreName: what a keypoint's score is: "logit" or "probability".
    ///   - subject: what detection it is.
    package init(
        picture: Image, person: DrawnInstance, maps: [Map], enlarged: PixelSize, scoreName: String,
        subject: String, theme: Theme
    ) {
        self.picture = picture
        self.person = person
        self.maps = maps
        self.enlarged = enlarged
        self.scoreName = scoreName
        self.subject = subject
        self.theme = theme
    }

    private var side: Int { maps.first?.logits.width ?? 0 }

    /// The map with the highest score, whose decoding is shown.
    private var best: Map? { maps.max { $0.place.score < $1.place.score } }

    /// The drawing.
    package var sheet: Sheet {
        Sheet(
            title: "Keypoints: one heat map each",
            subtitle:
                "\(subject). The keypoint head gives \(maps.count) maps of \(side) × \(side) logits over "
                + "the box; in each, one place is right.",
            blocks: [
                .grid(
                    [skeletonPanel] + (best.map { [boxPanel($0)] } ?? []), columns: 2, theme: theme),
                .grid(maps.map(panel), columns: 6, gap: 8, theme: theme),
                .colorBar(
                    ColorBar(
                        .sequential, end: Double(Self.depth),
                        unit: "logit, counted from 10 below the largest of the map", theme: theme),
                    width: Sheet.contentWidth),
            ],
            caption:
                "Circles: the decoded places, below each map in pixels of the picture. Training is a "
                + "softmax over all \(side * side) places of a map: what counts is how far the largest logit "
                + "stands above the others, and 10 are a factor of 22,000. The maps do not know of each "
                + "other: nothing makes them a body.",
            theme: theme
        )
    }

    private var skeletonPanel: Panel {
        var options = DetectionOverlay.Options()
        options.showsLabels = false
        options.showsMasks = false
        options.palette = theme.palette
        // The line of the box would hide keypoints at its edge.
        options.showsBoxes = false
        let overlay = DetectionOverlay(image: picture, instances: [person], options: options)
        let scale = 3.0
        let drawn = (try? overlay.figure.image(pixelsPerPoint: scale)) ?? picture
        let factor = Float(drawn.width) / Float(picture.width)
        let window = PictureWindow(drawn, around: person.box.scaled(x: factor, y: factor), margin: 0.06)
        return Panel(
            "The keypoints, joined",
            note: "Which points belong together is known of persons; the network does not predict it.",
            aspect: window.aspect
        ) { canvas, room in
            window.draw(on: canvas, in: room, theme: theme)
            canvas.clipped(to: room) {
                canvas.stroke(
                    window.place(person.box.scaled(x: factor, y: factor), in: room),
                    Stroke(.white.withOpacity(0.8), width: 1.25, dashes: [4, 3]))
            }
        }
    }

    /// One map over the box that it belongs to, in the box's own shape.
    private func boxPanel(_ map: Map) -> Panel {
        let box = person.box
        let cell = (Double(box.width) / Double(side), Double(box.height) / Double(side))
        return Panel(
            "Decoding the \(map.name)",
            note: "A cell is \(figures(cell.0)) × \(figures(cell.1)) pixels. The map is enlarged to the box, "
                + "\(enlarged.width) × \(enlarged.height), by bicubic interpolation; the keypoint is the "
                + "middle of the pixel with the largest value: x "
                + "\(figures(Double(map.place.x), decimals: 1)), y "
                + "\(figures(Double(map.place.y), decimals: 1)), \(scoreName) "
                + "\(figures(Double(map.place.score))).",
            aspect: Double(box.height / max(box.width, 1e-3))
        ) { canvas, room in
            let heat = map.above(Self.depth)
            let image = heat.colors(in: theme).image(
                of: heat.values, width: heat.width, height: heat.height, scale: Self.depth)
            canvas.draw(image, in: room, filter: .nearest)
            canvas.stroke(room, Stroke(theme.rule, width: 0.75))
            mark(map.place, on: canvas, in: room, radius: 6)
        }
    }

    private func panel(_ map: Map) -> Panel {
        Panel(
            map.name,
            note: "\(figures(Double(map.place.x), decimals: 1)), \(figures(Double(map.place.y), decimals: 1))"
        ) { canvas, room in
            map.above(Self.depth).draw(on: canvas, in: room, theme: theme)
            mark(map.place, on: canvas, in: room, radius: 4)
        }
    }

    /// A circle where a place of the picture lies in a drawing of the box.
    private func mark(_ place: Keypoint, on canvas: Canvas, in room: Rectangle, radius: Double) {
        let box = person.box
        guard box.width > 0, box.height > 0 else { return }
        let center = Point(
            x: room.x + Double((place.x - box.x1) / box.width) * room.width,
            y: room.y + Double((place.y - box.y1) / box.height) * room.height)
        canvas.stroke(circleAt: center, radius: radius, Stroke(.white, width: 3.5))
        canvas.stroke(circleAt: center, radius: radius, Stroke(.black, width: 1.5))
    }
}
