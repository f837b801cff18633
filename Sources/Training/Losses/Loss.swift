import Tensors

/// The parts of the loss (Mask R-CNN, section 3, and Faster R-CNN, section 3.1.2). Their sum is trained on.
public enum LossKind: String, CaseIterable, Codable, Sendable {
    /// Whether an anchor is an object: sigmoid cross-entropy over the sampled anchors.
    case objectness = "rpn.objectness"
    /// The deltas of anchors that are objects.
    case proposalBoxes = "rpn.deltas"
    /// The class of a proposal: softmax cross-entropy over the sampled proposals.
    case classes = "box.logits"
    /// The deltas of the true class, of proposals that are objects.
    case boxes = "box.deltas"
    /// The mask of the true class, of proposals that are objects.
    case masks = "mask.logits"
    /// The places of keypoints, of proposals that are objects with keypoints.
    case keypoints = "keypoint.heatmaps"
}

/// One part of the loss on one picture, before it is divided by what it is averaged over.
///
/// The average is taken over all pictures of a batch together, so sums and counts are kept apart until all
/// pictures are through.
package struct LossSum: Sendable {
    /// The sum over anchors, proposals, pixels or keypoints.
    package var sum: Double
    /// What the sum is to be divided by, added up over the batch.
    package var count: Double
    /// The gradients of `sum` by the network's outputs.
    package var seeds: [LossSeed]

    /// A part of the loss.
    package init(sum: Double, count: Double, seeds: [LossSeed]) {
        self.sum = sum
        self.count = count
        self.seeds = seeds
    }
}
