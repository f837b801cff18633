import Tensors

/// The terms of the loss (Mask R-CNN, section 3, and Faster R-CNN, section 3.1.2). Training minimises their weighted
/// sum.
public enum LossKind: String, CaseIterable, Codable, Sendable {
    /// Objectness of anchors: sigmoid cross-entropy over the sampled anchors.
    case objectness = "rpn.objectness"
    /// Deltas of the sampled anchors that are matched to objects.
    case proposalBoxes = "rpn.deltas"
    /// Classes of proposals: softmax cross-entropy over the sampled proposals.
    case classes = "box.logits"
    /// Deltas of the true class, for the sampled proposals that are matched to objects.
    case boxes = "box.deltas"
    /// Masks, for the sampled proposals that are matched to objects with masks.
    case masks = "mask.logits"
    /// Keypoint heat maps, for the sampled proposals that are matched to objects with keypoints.
    case keypoints = "keypoint.heatmaps"
}

/// One term of the loss on one image, as a sum and the count to divide it by.
///
/// The mean is taken over all images of a batch together, so sums and counts are kept separate until all images have
/// been processed.
package struct LossSum: Sendable {
    /// The sum over anchors, proposals, pixels or keypoints.
    package var sum: Double
    /// The divisor of the sum; counts are added up over the batch.
    package var count: Double
    /// The gradients of `sum` with respect to the network's outputs.
    package var seeds: [LossSeed]

    /// A term of the loss.
    package init(sum: Double, count: Double, seeds: [LossSeed]) {
        self.sum = sum
        self.count = count
        self.seeds = seeds
    }
}
