import Inference

/// What a training step needs to know besides the network: how examples become targets, and what the loss is.
public struct TrainingSettings: Hashable, Sendable {
    /// Anchors to objects.
    package var anchorMatcher = BoxMatcher.anchors
    /// Which anchors have a loss.
    package var anchorSampler = BalancedSampler.anchors
    /// Proposals during training: more than at test time.
    package var proposals = ProposalLimits(preNMSTopN: 2000, postNMSTopN: 2000)
    /// Proposals to objects.
    package var proposalMatcher = BoxMatcher.proposals
    /// Which proposals have a loss.
    package var proposalSampler = BalancedSampler.proposals
    /// How many of the sampled objects have a mask loss; nil for all, as in the paper.
    package var maskCount: Int?
    /// How many of the sampled objects have a keypoint loss; nil for all, as in the paper.
    package var keypointCount: Int?
    /// The loss of the region proposal network's deltas.
    package var proposalBoxLoss = BoxLoss.smoothL1(beta: 1 / 9)
    /// The loss of the box head's deltas.
    package var boxLoss = BoxLoss.smoothL1(beta: 1 / 9)
    /// Whether mask targets are 0 or 1, or shares of cells.
    package var masksAreBinary = false
    /// What each part of the loss counts; 1 for those left out.
    package var weights: [LossKind: Float] = [:]

    /// The paper's settings where it has them, torchvision's elsewhere.
    package init() {}
}

/// How many proposals there are while training.
public struct ProposalLimits: Hashable, Codable, Sendable {
    /// Anchors taken before suppression, as at test time.
    package var preNMSTopN: Int
    /// Proposals kept after suppression.
    package var postNMSTopN: Int

    /// Limits.
    package init(preNMSTopN: Int, postNMSTopN: Int) {
        self.preNMSTopN = preNMSTopN
        self.postNMSTopN = postNMSTopN
    }

    /// The settings at test time with these limits.
    func applied(to settings: Settings.Proposals) -> Settings.Proposals {
        Settings.Proposals(
            preNMSTopN: preNMSTopN, postNMSTopN: postNMSTopN, nmsThreshold: settings.nmsThreshold)
    }
}
