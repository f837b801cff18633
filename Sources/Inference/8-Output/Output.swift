import Execution
import Geometry
import Kernels
import Tensors

/// One detected object, in coordinates of the original image.
public struct Instance: Sendable {
    /// The object's bounding box, in pixels.
    public var box: Box
    /// The probability of the class.
    public var score: Float
    /// The class index, from 1; 0 is background and never appears.
    public var label: Int
    /// The object's pixels; nil if the model has no mask head.
    public var mask: InstanceMask?
    /// The object's keypoints; nil if the model has no keypoint head.
    public var keypoints: [Keypoint]?
    /// The index of the detection that this instance was made from.
    public var detection: Int
}

/// The prediction for one image, in coordinates of the resized image.
public struct Prediction: Sendable {
    /// Boxes, scores and classes.
    package var detections: Detections
    /// Mask probabilities, `[detections, side, side]`; nil without a mask head.
    package var masks: Tensor?
    /// The keypoints of each detection; nil without a keypoint head.
    package var keypoints: [[Keypoint]]?

    /// A prediction of the given parts.
    package init(detections: Detections, masks: Tensor?, keypoints: [[Keypoint]]?) {
        self.detections = detections
        self.masks = masks
        self.keypoints = keypoints
    }
}

/// Maps detections back to the original image: scales boxes and keypoints, and pastes masks.
///
/// - Parameters:
///   - detections: in coordinates of the resized image.
///   - masks: probabilities, `[detections, side, side]`, or nil.
///   - keypoints: in coordinates of the resized image, or nil.
///   - resized: size of the resized image, without padding.
///   - original: size of the original image.
///   - settings: the mask threshold.
///   - conventions: whether boxes are clipped again, and how masks are pasted.
package func makeInstances(
    _ detections: Detections, masks: Tensor? = nil, keypoints: [[Keypoint]]?, resized: PixelSize,
    original: PixelSize, settings: Settings.Masks, conventions: Conventions.Output
) -> [Instance] {
    let horizontal = Float(original.width) / Float(resized.width)
    let vertical = Float(original.height) / Float(resized.height)
    var instances: [Instance] = []
    for (index, detected) in detections.boxes.enumerated() {
        var box = detected.scaled(x: horizontal, y: vertical)
        if conventions.roundsBoxes { box = box.rounded }
        if conventions.clipsBoxes {
            box = box.clipped(to: original)
            guard box.width > 0 && box.height > 0 else { continue }
        }
        let points = keypoints.map { keypoints in
            keypoints[index].map {
                Keypoint(x: $0.x * horizontal, y: $0.y * vertical, score: $0.score)
            }
        }
        instances.append(
            Instance(
                box: box, score: detections.scores[index], label: detections.classes[index], mask: nil,
                keypoints: points, detection: index))
    }
    if let masks {
        let pasted = paste(
            masks, onto: instances, imageSize: original, threshold: settings.threshold,
            conventions: conventions, by: { $0.mask() })
        for (index, mask) in pasted.enumerated() { instances[index].mask = mask }
    }
    return instances
}

/// Pastes the mask of each instance's detection into the original image.
func paste(
    _ masks: Tensor, onto instances: [Instance], imageSize: PixelSize, threshold: Float,
    conventions: Conventions.Output, by step: @Sendable (MaskPasting) -> InstanceMask
) -> [InstanceMask] {
    let side = masks.shape[1]
    let boxes = instances.map { ($0.box, $0.detection) }
    return parallelMap(boxes.count) { index in
        masks.withUnsafeElements { masks in
            let (box, detection) = boxes[index]
            let start = detection * side * side
            return step(
                MaskPasting(
                    probabilities: UnsafeBufferPointer(rebasing: masks[start..<start + side * side]),
                    side: side, box: box, imageSize: imageSize, threshold: threshold, conventions: conventions
                ))
        }
    }
}

extension [Instance] {
    /// Sets each instance's keypoints from its row of `[instances, keypoints, 3]`: x, y, score.
    mutating func setKeypoints(_ numbers: Tensor) {
        let values = numbers.array
        let count = numbers.shape[1]
        for index in indices {
            self[index].keypoints = (0..<count).map { keypoint in
                let start = 3 * (index * count + keypoint)
                return Keypoint(x: values[start], y: values[start + 1], score: values[start + 2])
            }
        }
    }
}

extension Box {
    /// The box with every edge rounded to the nearest integer, ties to even.
    package var rounded: Box {
        Box(
            x1: x1.rounded(.toNearestOrEven), y1: y1.rounded(.toNearestOrEven),
            x2: x2.rounded(.toNearestOrEven), y2: y2.rounded(.toNearestOrEven))
    }
}
