import Figures
import Formats
import Geometry
import MaskRCNN
import Scenes
import Tensors
import Training

/// The objects of a picture, for figures of what training does with objects: the true ones where they are known,
/// and where they are not, what the model found.
struct PictureObjects {
    /// Their boxes, in the frame of the resized picture, with classes and names.
    let objects: [MatchingFigure.Object]
    /// Boxes of crowds.
    let crowds: [Box]
    /// A few words for captions: "the objects of the drawn scene".
    let words: String

    /// - Throws: ``NothingToDraw`` when nothing is known to be in the picture.
    init(_ run: PictureRun, size: PixelSize) throws {
        let scale = (
            x: Float(size.width) / Float(run.image.width), y: Float(size.height) / Float(run.image.height)
        )
        if let scene = Self.shippedScene(run.image) {
            let all = scene.objects.map { object in
                (object, object.box.scaled(x: scale.x, y: scale.y))
            }
            objects = all.filter { !$0.0.isCrowd && $0.0.box.area > 0 }.map { object, box in
                MatchingFigure.Object(box: box, name: object.category.name, label: object.category.id)
            }
            crowds = all.filter(\.0.isCrowd).map(\.1)
            words = "the objects of the drawn scene"
        } else {
            objects = run.instances.filter { $0.score >= 0.5 && $0.box.area > 0 }.map { instance in
                MatchingFigure.Object(
                    box: instance.box.scaled(x: scale.x, y: scale.y),
                    name: run.model.classes.name(of: instance.label), label: instance.label)
            }
            crowds = []
            words = "the detections with a probability of 0.5 or more, taken for objects"
        }
        if objects.isEmpty {
            throw NothingToDraw(
                "there are no objects: nothing was found in the picture with a probability of 0.5 or more")
        }
    }

    /// The scene that ships with the project, if a picture shows it. Its objects are not kept with the picture
    /// but drawn anew, so it is made sure that both are of the same scene: all but a few pixels are alike.
    private static func shippedScene(_ image: Image) -> Scene? {
        guard (try? Image(contentsOf: ShippedScene.path)) == image else { return nil }
        let scene = SceneGenerator(seed: ShippedScene.seed).scene(ShippedScene.index)
        guard scene.picture.pixels.count == image.pixels.count else { return nil }
        let unlike = zip(scene.picture.pixels, image.pixels).count { abs(Int($0) - Int($1)) > 16 }
        return unlike * 50 < image.pixels.count ? scene : nil
    }
}

extension Gallery {
    /// The picture in the frame of the network's boxes.
    func ground(size: PixelSize) -> Ground { Ground(run.image, size: size) }

    /// The trace of the run, if something was detected.
    /// - Throws: ``NothingToDraw`` if not.
    func traceWithDetections() throws -> SelectionTrace {
        let trace = try SelectionTrace(run)
        guard !trace.detections.boxes.isEmpty else { throw NothingToDraw("nothing was detected") }
        return trace
    }

    /// The detection to tell a story with: of the likely ones, the one that suppressed most.
    func tellingDetection(_ trace: SelectionTrace) throws -> Provenance {
        let likely = trace.detections.scores.count { $0 >= 0.5 }
        let stories = try (0..<max(min(likely, 20), 1)).map {
            try Provenance(run, detection: $0, trace: trace)
        }
        func size(_ story: Provenance) -> Int {
            min(story.suppressedCandidates.count, 20) + min(story.suppressedClassBoxes.count, 20)
        }
        // The first of equals: `max` would take the last.
        return stories.dropFirst().reduce(stories[0]) { size($1) > size($0) ? $1 : $0 }
    }
}

/// The pyramid index in a level's name: 4 of `p4` and `c4`.
func pyramidIndex(_ level: String) -> Int { Int(level.dropFirst()) ?? 2 }

extension HeatMap {
    /// The mean over channels of the absolute values of a feature map: where it says much.
    init(meanMagnitudeOf map: Tensor) {
        let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
        let values = map.withUnsafeElements { elements in
            (0..<height * width).map { cell in
                elements[cell * channels..<(cell + 1) * channels].reduce(0) { $0 + abs($1) }
                    / Float(channels)
            }
        }
        self.init(values: values, width: width, height: height, isSigned: false)
    }
}
