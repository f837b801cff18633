import COCO
import Drawing
import Explanations
import Geometry
import Inference
import Tensors

/// The objects of a picture, for figures of what training does with objects: the true ones where they are known,
/// and where they are not, what the model found.
struct PictureObjects {
    /// One of them.
    struct Known {
        let name: String
        /// Its class, from 1.
        let label: Int
        /// In pixels of the picture as decoded.
        let box: Box
        let mask: InstanceMask?
    }

    /// Single objects with an area.
    let objects: [Known]
    /// Boxes of crowds, in pixels of the picture as decoded.
    let crowds: [Box]
    /// Whether they are the true ones, as annotated.
    let areTrue: Bool
    private let pictureSize: PixelSize

    /// A few words for captions: "the objects of the drawn scene".
    var words: String {
        areTrue
            ? "the objects of the drawn scene"
            : "the detections with a probability of 0.5 or more, taken for objects"
    }

    /// - Throws: ``NothingToDraw`` when nothing is known to be in the picture; `COCOError` for an outline that
    ///   cannot be drawn.
    init(_ run: PictureRun) throws {
        pictureSize = PixelSize(height: run.image.height, width: run.image.width)
        if let annotations = run.annotations {
            var objects: [Known] = []
            var crowds: [Box] = []
            for annotation in annotations.annotations {
                let frame = annotation.box
                let box = Box(
                    x1: Float(frame.x), y1: Float(frame.y), x2: Float(frame.x + frame.width),
                    y2: Float(frame.y + frame.height))
                guard !annotation.isCrowd else {
                    crowds.append(box)
                    continue
                }
                guard box.area > 0,
                    let label = annotations.categories.firstIndex(where: { $0.id == annotation.categoryID })
                else { continue }
                objects.append(
                    Known(
                        name: annotations.categories[label].name, label: label + 1, box: box,
                        mask: try annotation.segmentation?.rasterized(in: pictureSize).mask))
            }
            (self.objects, self.crowds, areTrue) = (objects, crowds, true)
        } else {
            objects = run.instances.filter { $0.score >= 0.5 && $0.box.area > 0 }.map {
                Known(
                    name: run.model.classes.name(of: $0.label), label: $0.label, box: $0.box, mask: $0.mask)
            }
            crowds = []
            areTrue = false
        }
        if objects.isEmpty {
            throw NothingToDraw(
                "there are no objects: nothing was found in the picture with a probability of 0.5 or more")
        }
    }

    /// A box of the picture in the frame of the resized one.
    func resized(_ box: Box, to size: PixelSize) -> Box {
        box.scaled(
            x: Float(size.width) / Float(pictureSize.width), y: Float(size.height) / Float(pictureSize.height)
        )
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
