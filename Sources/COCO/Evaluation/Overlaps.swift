import Foundation
import Geometry

// How much the detections of a group overlap its objects. Boxes and masks: intersection over union or, for a
// crowd, intersection over the detection's own area, since one detection need not cover the crowd. Keypoints:
// see KeypointSimilarity.swift.

/// `[detections, objects]`: the overlap of each detection of a group with each object.
struct OverlapTable: Sendable {
    private let values: [Double]
    private let truthCount: Int

    init(detections: Int, truths: Int, _ overlap: (_ detection: Int, _ truth: Int) -> Double) {
        truthCount = truths
        var values: [Double] = []
        values.reserveCapacity(detections * truths)
        for detection in 0..<detections {
            for truth in 0..<truths { values.append(overlap(detection, truth)) }
        }
        self.values = values
    }

    subscript(detection: Int, truth: Int) -> Double { values[detection * truthCount + truth] }
}

extension AnnotationBox {
    /// Intersection over union, or over this box's own area if `other` is a crowd. 0 for boxes that only
    /// touch: COCO does not divide then.
    func overlap(with other: AnnotationBox, isCrowd: Bool) -> Double {
        let width = min(x + self.width, other.x + other.width) - max(x, other.x)
        let height = min(y + self.height, other.y + other.height) - max(y, other.y)
        guard width > 0, height > 0 else { return 0 }
        let shared = width * height
        return shared / (isCrowd ? area : area + other.area - shared)
    }
}

/// A mask with its area and bounds, which are needed for every pair.
struct MeasuredMask: Sendable {
    let runs: RunLengths
    let area: Int
    let bounds: PixelRegion

    init(_ runs: RunLengths) {
        self.runs = runs
        area = runs.area
        bounds = runs.bounds
    }

    /// Intersection over union, or over this mask's own area if `other` is a crowd; 0 when they share no
    /// pixel.
    func overlap(with other: MeasuredMask, isCrowd: Bool) -> Double {
        guard !bounds.intersection(with: other.bounds).isEmpty else { return 0 }
        let shared = runs.intersectionArea(with: other.runs)
        return shared == 0 ? 0 : Double(shared) / Double(isCrowd ? area : area + other.area - shared)
    }
}

extension Segmentation {
    /// The pixels that it covers in an image of the given size, exactly as COCO's tools rasterise it.
    /// - Throws: `RunLengthError` when the image is too large.
    public func rasterized(in size: PixelSize) throws -> RunLengths {
        switch self {
        case .runLengths(let mask): return mask
        case .polygons(let polygons):
            var union: RunLengths?
            for polygon in polygons {
                let part = try polygon.rasterized(in: size)
                union = union?.union(with: part) ?? part
            }
            return try union ?? RunLengths(size: size, counts: [UInt32(clamping: size.height * size.width)])
        }
    }
}
