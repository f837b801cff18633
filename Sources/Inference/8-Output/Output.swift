import Execution
import Geometry
import Kernels
import Tensors

/// One object found in a picture, in the frame of the picture as decoded.
public struct Instance: Sendable {
    /// Around the object, in pixels.
    public var box: Box
    /// The probability of the class.
    public var score: Float
    /// The class, from 1; 0 would be background.
    public var label: Int
    /// The object's pixels, if the model predicts masks.
    public var mask: InstanceMask?
    /// The object's keypoints, if the model predicts them.
    public var keypoints: [Keypoint]?
    /// The detection that this instance came from.
    public var detection: Int
}

/// Takes detections back to the picture's own frame.
///
/// - Parameters:
///   - detections: in the resized frame.
///   - masks: probabilities, `[detections, side, side]`, or nil.
///   - keypoints: in the resized frame, or nil.
///   - resized: the resized picture, without padding.
///   - original: the picture as decoded.
///   - settings: which pixels belong to a mask.
///   - conventions: whether boxes are clipped once more, and how masks are pasted.
public func makeInstances(
    _ detections: Detections, masks: Tensor?, keypoints: [[Keypoint]]?, resized: PixelSize,
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
        paste(
            masks, onto: &instances, imageSize: original, threshold: settings.threshold,
            conventions: conventions)
    }
    return instances
}

/// Pastes the mask of each instance's detection.
private func paste(
    _ masks: Tensor, onto instances: inout [Instance], imageSize: PixelSize, threshold: Float,
    conventions: Conventions.Output
) {
    let side = masks.shape[1]
    let boxes = instances.map { ($0.box, $0.detection) }
    let pasted = parallelMap(boxes.count) { index in
        masks.withUnsafeElements { masks in
            let (box, detection) = boxes[index]
            let start = detection * side * side
            return pasteMask(
                UnsafeBufferPointer(rebasing: masks[start..<start + side * side]), side: side, box: box,
                imageSize: imageSize, threshold: threshold, conventions: conventions)
        }
    }
    for (index, mask) in pasted.enumerated() { instances[index].mask = mask }
}

extension Box {
    /// Every edge at the nearest whole number, ties to even.
    package var rounded: Box {
        Box(
            x1: x1.rounded(.toNearestOrEven), y1: y1.rounded(.toNearestOrEven),
            x2: x2.rounded(.toNearestOrEven), y2: y2.rounded(.toNearestOrEven))
    }
}
