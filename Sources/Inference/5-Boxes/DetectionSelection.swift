import Geometry
import Kernels
import Tensors

// From proposals to detections (Mask R-CNN, section 3.1, "Inference"):
//
// 1. Softmax over the classes; background is dropped.
// 2. Every class of every proposal whose probability passes the score threshold becomes a box of its own, decoded from
//    this class's deltas and clipped to the image.
// 3. Drop boxes that are too small.
// 4. Non-maximum suppression within each class.
// 5. Keep the highest-scoring detections, over all classes.

/// The detections, highest score first, in coordinates of the resized image.
public struct Detections: Sendable {
    /// Refined boxes, clipped to the resized image.
    package var boxes: [Box]
    /// Probabilities of the detected classes.
    package var scores: [Float]
    /// Class indices, from 1; 0 is background.
    package var classes: [Int]
    /// Indices of the proposals that the detections come from.
    package var proposals: [Int]

    /// Detections that were selected elsewhere; empty by default.
    package init(boxes: [Box] = [], scores: [Float] = [], classes: [Int] = [], proposals: [Int] = []) {
        self.boxes = boxes
        self.scores = scores
        self.classes = classes
        self.proposals = proposals
    }
}

/// Steps 2 to 5: turns classified proposals into detections.
///
/// - Parameters:
///   - probabilities: `[proposals, classes + 1]`, background first.
///   - deltas: `[proposals, (classes + 1) · 4]`, or `[proposals, 4]` for all classes.
///   - proposals: the boxes that the deltas refine.
///   - size: size of the resized image, without padding: boxes are clipped to it.
///   - settings: the score and NMS thresholds, and the largest number of detections.
///   - conventions: how deltas turn into boxes, the smallest box, and suppression.
package func selectDetections(
    probabilities: Tensor, deltas: Tensor, proposals: [Box], size: PixelSize,
    settings: Settings.Boxes, conventions: Conventions.Detections
) -> Detections {
    let found = classBoxes(
        probabilities: probabilities, deltas: deltas, proposals: proposals, size: size,
        scoreThreshold: settings.scoreThreshold, conventions: conventions)
    let kept = suppressClassBoxes(
        found, nmsThreshold: settings.nmsThreshold, conventions: conventions
    ).kept.prefix(settings.detectionsPerImage)
    return Detections(
        boxes: kept.map { found.boxes[$0] }, scores: kept.map { found.scores[$0] },
        classes: kept.map { found.classes[$0] }, proposals: kept.map { found.proposals[$0] })
}

/// Steps 2 and 3: the refined boxes of all classes of all proposals whose probability passes the score threshold,
/// proposal by proposal. They are the input of suppression.
///
/// - Parameters:
///   - probabilities: `[proposals, classes + 1]`, background first.
///   - deltas: `[proposals, (classes + 1) · 4]`, or `[proposals, 4]` for all classes.
///   - proposals: the boxes that the deltas refine.
///   - size: size of the resized image, without padding: boxes are clipped to it.
///   - scoreThreshold: the probability that a class must exceed.
///   - conventions: how deltas turn into boxes, and the smallest box.
package func classBoxes(
    probabilities: Tensor, deltas: Tensor, proposals: [Box], size: PixelSize, scoreThreshold: Float,
    conventions: Conventions.Detections
) -> Detections {
    let classes = probabilities.shape[1]
    let columns = proposals.isEmpty ? 4 : deltas.count / proposals.count
    var found = Detections(boxes: [], scores: [], classes: [], proposals: [])
    probabilities.withUnsafeElements { probabilities in
        deltas.withUnsafeElements { deltas in
            for (proposal, reference) in proposals.enumerated() {
                let best =
                    conventions.keepsBestClassOnly
                    ? (0..<classes).max {
                        probabilities[proposal * classes + $0] < probabilities[proposal * classes + $1]
                    } : nil
                for label in 1..<classes {
                    let index = proposal * classes + label
                    guard best == nil || best == label,
                        conventions.accepts(probabilities[index], threshold: scoreThreshold)
                    else { continue }
                    let first = proposal * columns + firstDelta(ofClass: label, columns: columns)
                    let delta = BoxDelta(
                        dx: deltas[first], dy: deltas[first + 1], dw: deltas[first + 2],
                        dh: deltas[first + 3])
                    let box = conventions.coder.decode(delta, from: reference).clipped(to: size)
                    guard box.width >= conventions.minimumSide && box.height >= conventions.minimumSide else {
                        continue
                    }
                    found.boxes.append(box)
                    found.scores.append(probabilities[index])
                    found.classes.append(label)
                    found.proposals.append(proposal)
                }
            }
        }
    }
    return found
}

/// Where, in a proposal's row of deltas, those of a class begin: at 0 where all classes share one box.
package func firstDelta(ofClass label: Int, columns: Int) -> Int { columns == 4 ? 0 : 4 * label }

/// The change that the box head predicts for one proposal and class.
/// - Parameter deltas: `[proposals, (classes + 1) · 4]` or `[proposals, classes + 1, 4]`; class-agnostic, 4 numbers a
///   proposal.
package func refinement(_ deltas: Tensor, proposal: Int, label: Int) -> BoxDelta {
    let columns = deltas.count / deltas.shape[0]
    let first = proposal * columns + firstDelta(ofClass: label, columns: columns)
    return deltas.withUnsafeElements {
        BoxDelta(dx: $0[first], dy: $0[first + 1], dw: $0[first + 2], dh: $0[first + 3])
    }
}

/// Step 4: who is kept, best first, and who suppressed whom within each class. Detection i is the i-th kept one.
package func suppressClassBoxes(
    _ found: Detections, nmsThreshold: Double, conventions: Conventions.Detections
) -> NonMaximumSuppression.Outcome {
    conventions.suppression.at(threshold: nmsThreshold).outcome(
        boxes: found.boxes, scores: found.scores, classes: found.classes)
}

extension Conventions.Detections {
    /// Whether a class's probability passes the score threshold.
    fileprivate func accepts(_ probability: Float, threshold: Float) -> Bool {
        scoreThresholdIsIncluded ? probability >= threshold : probability > threshold
    }
}
