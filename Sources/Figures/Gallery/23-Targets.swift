import Drawing
import Explanations
import Geometry
import Inference
import Tensors
import Training

extension Gallery {
    /// Figure 23: what a training step would sample from the proposals of this picture, with the paper's matcher
    /// and sampler.
    func targets() throws -> Sheet {
        let known = try PictureObjects(run)
        let settings = TrainingSettings()
        guard let size = run.resizedSize else { throw NothingToDraw("the network saw no picture") }
        let boxes = known.objects.map { known.resized($0.box, to: size) }
        // As in training: the true boxes join the proposals.
        let candidates = run.boxes(.proposalBoxes) + boxes
        let matches = settings.proposalMatcher(candidates, with: boxes)
        var generator = SeededGenerator(seed: 1)
        let sample = settings.proposalSampler(matches, using: &generator)
        let sampled = SampledRegions(sample, of: candidates, matches: matches, objects: boxes)
        let masks = maskTargets
        let regions = sampled.regions.map { region -> TargetsFigure.Region in
            let box = run.inPicture(region.box)
            let target = known.objects[region.object].mask.flatMap { mask in
                masks.map { targets in
                    HeatMap(
                        values: targets(mask, in: [box]).array, width: targets.side, height: targets.side,
                        isSigned: false, limit: 1)
                }
            }
            return TargetsFigure.Region(
                box: box, object: region.object, overlap: region.overlap, target: target)
        }
        return TargetsFigure(
            picture: run.image,
            objects: known.objects.map {
                TargetsFigure.Object(name: $0.name, classIndex: $0.label, box: $0.box, mask: $0.mask)
            }, regions: regions, shown: sampled.examples(6),
            backgrounds: sampled.backgrounds.map(run.inPicture),
            counts: TargetsFigure.Counts(
                candidates: candidates.count,
                matched: matches.count { if case .object = $0 { true } else { false } },
                limit: settings.proposalSampler.count, objectShare: settings.proposalSampler.objectShare,
                threshold: settings.proposalMatcher.objectOverlap),
            source: known.areTrue
                ? "The objects are those that were drawn into this scene."
                : "Nobody has labelled this picture: detections of 0.5 or more stand for its objects.",
            maximumBoxes: selection.maximumBoxes ?? .max, theme: theme
        ).sheet
    }

    /// As the trainer makes them for this model; nil for one without a mask head.
    private var maskTargets: MaskTargets? {
        guard let masks = run.model.architecture.masks, run.model.network.mask != nil else { return nil }
        let side = run.tensor(.maskLogits)?.shape[1] ?? 2 * masks.poolSize
        return MaskTargets(
            side: side,
            subtractsHalfPixel: run.model.conventions.pooling.align(outputSize: side).subtractsHalfPixel)
    }
}

/// A sample of candidates, sorted into objects and background.
private struct SampledRegions {
    private(set) var regions: [(box: Box, object: Int, overlap: Float)] = []
    private(set) var backgrounds: [Box] = []

    init(_ sample: [Int], of candidates: [Box], matches: [BoxMatch], objects: [Box]) {
        for index in sample {
            if case .object(let object) = matches[index] {
                regions.append(
                    (candidates[index], object, candidates[index].overlap(with: objects[object])))
            } else {
                backgrounds.append(candidates[index])
            }
        }
    }

    /// Regions to show: each object's in turn, the largest objects first, those that overlap least before the
    /// better ones, since there the target differs most from the object's own mask.
    func examples(_ count: Int) -> [Int] {
        var byObject = Dictionary(grouping: regions.indices) { regions[$0].object }.mapValues { members in
            members.sorted { (regions[$0].overlap, $0) < (regions[$1].overlap, $1) }
        }
        let order = byObject.keys.sorted { first, second in
            let areas = [first, second].map { byObject[$0]?.first.map { regions[$0].box.area } ?? 0 }
            return (areas[1], first) < (areas[0], second)
        }
        var chosen: [Int] = []
        while chosen.count < count {
            let before = chosen.count
            for object in order where chosen.count < count {
                guard let next = byObject[object]?.first else { continue }
                byObject[object]?.removeFirst()
                chosen.append(next)
            }
            if chosen.count == before { break }
        }
        return chosen
    }
}

// MARK: - Drawing

/// Figure 23: the regions that a training step samples from one picture, and what the mask head should say of
/// them.
package struct TargetsFigure: SheetFigure {
    /// An object to be learnt.
    package struct Object: Sendable {
        /// Its class.
        package var name: String
        /// The class's index, which chooses the colour.
        package var classIndex: Int
        /// Its box, in pixels of the picture.
        package var box: Box
        /// Its pixels.
        package var mask: InstanceMask?

        /// An object.
        package init(name: String, classIndex: Int, box: Box, mask: InstanceMask?) {
            self.name = name
            self.classIndex = classIndex
            self.box = box
            self.mask = mask
        }
    }

    /// A sampled region that stands for an object.
    package struct Region {
        /// In pixels of the picture.
        package var box: Box
        /// Which object.
        package var object: Int
        /// Intersection over union of the two boxes.
        package var overlap: Float
        /// What the mask head should say, m × m; nil for an object without a mask.
        package var target: HeatMap?

        /// A region.
        package init(box: Box, object: Int, overlap: Float, target: HeatMap?) {
            self.box = box
            self.object = object
            self.overlap = overlap
            self.target = target
        }
    }

    private let picture: Image
    private let objects: [Object]
    private let regions: [Region]
    private let shown: [Int]
    private let backgrounds: [Box]
    private let counts: Counts
    private let source: String
    private let maximumBoxes: Int
    private let theme: Theme

    /// How many there were to choose from, and what the sampler was asked for.
    package struct Counts: Sendable {
        /// Candidates: proposals and the objects' own boxes.
        package var candidates: Int
        /// Of these, the ones that stand for an object.
        package var matched: Int
        /// The largest sample.
        package var limit: Int
        /// The largest share of objects in it.
        package var objectShare: Double
        /// From this overlap on, a candidate stands for an object.
        package var threshold: Float

        /// Counts.
        package init(candidates: Int, matched: Int, limit: Int, objectShare: Double, threshold: Float) {
            self.candidates = candidates
            self.matched = matched
            self.limit = limit
            self.objectShare = objectShare
            self.threshold = threshold
        }
    }

    /// The figure of a sample.
    /// - Parameters:
    ///   - objects: what is in the picture.
    ///   - regions: sampled as objects.
    ///   - shown: which of the regions are shown with their targets, up to six.
    ///   - backgrounds: sampled as background.
    ///   - source: a sentence on where the objects come from.
    ///   - maximumBoxes: how many regions a drawing shows at most.
    package init(
        picture: Image, objects: [Object], regions: [Region], shown: [Int], backgrounds: [Box],
        counts: Counts, source: String, maximumBoxes: Int = .max, theme: Theme
    ) {
        self.maximumBoxes = maximumBoxes
        self.picture = picture
        self.objects = objects
        self.regions = regions
        self.shown = shown
        self.backgrounds = backgrounds
        self.counts = counts
        self.source = source
        self.theme = theme
    }

    /// The drawing.
    package var sheet: Sheet {
        var blocks: [Sheet.Block] = [
            .grid([objectsPanel, backgroundsPanel], columns: 2, theme: theme)
        ]
        let examples = shown.prefix(6).map { regions[$0] }.filter { $0.target != nil }
        if !examples.isEmpty, let side = examples.first?.target?.width {
            blocks += [
                .text(
                    "What the mask head should say: the object's mask, cut out by the region, in \(side) × "
                        + "\(side) cells", isBold: true, theme: theme),
                .grid(examples.map(cropPanel), columns: 6, tallest: 110, theme: theme),
                .grid(examples.map(targetPanel), columns: 6, tallest: 110, theme: theme),
                .colorBar(
                    ColorBar(
                        .sequential, end: 1, unit: "share of the cell that the mask covers",
                        theme: theme), width: Sheet.contentWidth),
            ]
        }
        let share = figures(100 * counts.objectShare)
        return Sheet(
            title: "What one training step learns from",
            subtitle: "\(counts.candidates) candidates (proposals, and the objects' own boxes); "
                + "\(counts.matched) overlap an object by \(figures(Double(counts.threshold), decimals: 1)) or more. Up to "
                + "\(counts.limit) are sampled, at most \(share) % of them objects.",
            blocks: blocks,
            caption: source
                + " Every sampled region has a class loss, background too; box and mask losses are "
                + "for those that stand for an object, and of its K masks only the one of the true class has a "
                + "loss. The target is the mask within the region, not within the object's own box.",
            theme: theme
        )
    }

    private var objectsPanel: Panel {
        let window = PictureWindow(picture)
        return Panel(
            "\(regions.count) sampled as objects",
            note: "Thin: regions, in the colour of their object's class. Thick: the objects' own boxes.",
            aspect: window.aspect
        ) { canvas, room in
            window.draw(on: canvas, in: room, theme: theme)
            canvas.clipped(to: room) {
                for region in regions.prefix(maximumBoxes) {
                    canvas.stroke(
                        window.place(region.box, in: room), Stroke(color(region.object), width: 0.8))
                }
                for index in objects.indices {
                    let edges = window.place(objects[index].box, in: room)
                    canvas.stroke(edges, Stroke(.black.withOpacity(0.5), width: 3.2))
                    canvas.stroke(edges, Stroke(color(index), width: 2.2))
                }
            }
        }
    }

    private var backgroundsPanel: Panel {
        let window = PictureWindow(picture)
        return Panel(
            "\(backgrounds.count) sampled as background",
            note: "They overlap every object by less. Only the class is learnt from them.",
            aspect: window.aspect
        ) { canvas, room in
            window.draw(on: canvas, in: room, theme: theme)
            canvas.clipped(to: room) {
                for box in backgrounds.prefix(maximumBoxes) {
                    let edges = window.place(box, in: room)
                    canvas.stroke(edges, Stroke(.black.withOpacity(0.35), width: 1.6))
                    canvas.stroke(edges, Stroke(Color(hex: 0xf2f2f2).withOpacity(0.85), width: 0.8))
                }
            }
        }
    }

    private func color(_ object: Int) -> Color { theme.palette.color(ofClass: objects[object].classIndex) }

    private func cropPanel(_ region: Region) -> Panel {
        let object = objects[region.object]
        var image = picture
        if let mask = object.mask {
            image.paint(
                mask, MaskStyle(color: color(region.object), fill: 0.45, outline: 0.9, outlineWidth: 1))
        }
        let window = PictureWindow(image, around: region.box, margin: 0.12)
        return Panel(
            object.name, note: "IoU \(figures(Double(region.overlap), decimals: 2))",
            aspect: window.aspect
        ) { canvas, room in
            window.draw(on: canvas, in: room, theme: theme)
            canvas.clipped(to: room) {
                canvas.stroke(
                    window.place(object.box, in: room), Stroke(.white, width: 1.5, dashes: [3, 2]))
                let edges = window.place(region.box, in: room)
                canvas.stroke(edges, Stroke(.black.withOpacity(0.5), width: 3))
                canvas.stroke(edges, Stroke(color(region.object), width: 2))
            }
        }
    }

    private func targetPanel(_ region: Region) -> Panel {
        Panel("") { canvas, room in
            guard var map = region.target else { return }
            map.limit = 1
            map.draw(on: canvas, in: room, theme: theme)
        }
    }
}
