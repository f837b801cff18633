import Inference

/// The settings of a training step besides the network: how targets are made from examples, and how the loss is
/// computed.
public struct TrainingSettings: Hashable, Sendable {
    /// How anchors are matched to objects.
    package var anchorMatcher = BoxMatcher.anchors
    /// How anchors are sampled for the loss.
    package var anchorSampler = BalancedSampler.anchors
    /// The number of proposals during training, more than at inference.
    package var proposals = ProposalLimits(preNMSTopN: 2000, postNMSTopN: 2000)
    /// How proposals are matched to objects.
    package var proposalMatcher = BoxMatcher.proposals
    /// How proposals are sampled for the loss.
    package var proposalSampler = BalancedSampler.proposals
    /// The largest number of matched proposals per image with a mask loss; nil for all, as in the paper.
    package var maskCount: Int?
    /// The largest number of matched proposals per image with a keypoint loss; nil for all, as in the paper.
    package var keypointCount: Int?
    /// The loss of the region proposal network's deltas.
    package var proposalBoxLoss = BoxLoss.smoothL1(beta: 1 / 9)
    /// The loss of the box head's deltas.
    package var boxLoss = BoxLoss.smoothL1(beta: 1 / 9)
    /// Whether mask targets are binary instead of the covered fraction of each cell.
    package var masksAreBinary = false
    /// The weight of each term of the loss; 1 for those that are missing.
    package var weights: [LossKind: Float] = [:]

    /// The paper's settings where it gives them, otherwise torchvision's.
    package init() {}
}

/// The number of proposals during training.
public struct ProposalLimits: Hashable, Codable, Sendable {
    /// Anchors kept before suppression, counted as in `Settings.Proposals.preNMSTopN`.
    package var preNMSTopN: Int
    /// Proposals kept after suppression, over all levels.
    package var postNMSTopN: Int

    /// Limits of the given values.
    package init(preNMSTopN: Int, postNMSTopN: Int) {
        self.preNMSTopN = preNMSTopN
        self.postNMSTopN = postNMSTopN
    }

    /// The inference settings with these limits.
    func applied(to settings: Settings.Proposals) -> Settings.Proposals {
        Settings.Proposals(
            preNMSTopN: preNMSTopN, postNMSTopN: postNMSTopN, nmsThreshold: settings.nmsThreshold)
    }
}
