import Inference

extension TrainingConfiguration {
    /// Checks every member, since a configuration may come from a file: invalid values would fail late or silently, or
    /// crash the process.
    /// - Throws: ``TrainingError`` naming the first invalid member.
    package func validate() throws {
        func require(_ condition: Bool, _ fault: String) throws {
            if !condition { throw TrainingError(fault) }
        }
        do {
            try network.validate()
        } catch let error as ConfigurationError {
            throw TrainingError("network.\(error)")
        }
        try require(
            network.standardizesWeights != true,
            "network: weights that are standardised before group norms cannot be trained here")
        do {
            try testing.validate()
        } catch let error as ConfigurationError {
            throw TrainingError("testing.\(error)")
        }
        // Their indices are shuffled in memory, so their number is bounded.
        try require(
            scenes.map { (1...10_000_000).contains($0.count) } ?? true,
            "scenes.count must be from 1 to 10000000")
        try require(
            !input.shorterSides.isEmpty && input.shorterSides.allSatisfy { (32...4096).contains($0) },
            "input.shorterSides must be from 32 to 4096")
        try require((32...8192).contains(input.longestSide), "input.longestSide must be from 32 to 8192")
        try require((0...1).contains(flipProbability), "flipProbability must be from 0 to 1")
        try require((1...1024).contains(batchSize), "batchSize must be from 1 to 1024")
        try require(
            (1...batchSize).contains(accumulationSteps), "accumulationSteps must be from 1 to batchSize")
        try require(steps > 0, "steps must be positive")
        try require(learningRate.base > 0 && learningRate.base.isFinite, "learningRate.base must be positive")
        try require(learningRate.warmUpSteps >= 0, "learningRate.warmUpSteps must not be negative")
        try require(
            (0...1).contains(learningRate.warmUpStart), "learningRate.warmUpStart must be from 0 to 1")
        try require(
            learningRate.dropFactor > 0 && learningRate.dropFactor.isFinite,
            "learningRate.dropFactor must be positive")
        switch updateRule {
        case .sgd(let momentum):
            try require(
                (0..<1).contains(momentum), "updateRule.sgd.momentum must be 0 or more and less than 1")
        case .adamW(let beta1, let beta2):
            try require(
                (0..<1).contains(beta1) && (0..<1).contains(beta2),
                "updateRule.adamW: both betas must be 0 or more and less than 1")
        }
        try require(weightDecay >= 0 && weightDecay.isFinite, "weightDecay must be 0 or more")
        try require(
            largestGradientNorm.map { $0 > 0 } ?? true, "largestGradientNorm must be positive or null")
        for (name, sampling) in [("anchorSampling", anchorSampling), ("proposalSampling", proposalSampling)] {
            try require((1...65536).contains(sampling.count), "\(name).count must be from 1 to 65536")
            try require((0...1).contains(sampling.objectShare), "\(name).objectShare must be from 0 to 1")
        }
        for (name, count) in [("maskCount", maskCount), ("keypointCount", keypointCount)] {
            try require(count.map { $0 > 0 } ?? true, "\(name) must be positive or null")
        }
        try require(
            proposals.preNMSTopN >= 0 && proposals.postNMSTopN >= 0, "proposals: must not be negative")
        for (name, matching) in [("anchorMatching", anchorMatching), ("proposalMatching", proposalMatching)] {
            try require(
                matching.objectOverlap > 0 && matching.backgroundOverlap >= 0
                    && matching.backgroundOverlap <= matching.objectOverlap && matching.objectOverlap <= 1,
                "\(name): 0 ≤ backgroundOverlap ≤ objectOverlap ≤ 1 must hold")
        }
        if case .smoothL1(let beta) = boxLoss, !(beta >= 0 && beta.isFinite) {
            throw TrainingError("boxLoss.smoothL1 must be 0 or more")
        }
        if case .smoothL1(let beta) = proposalBoxLoss, !(beta >= 0 && beta.isFinite) {
            throw TrainingError("proposalBoxLoss.smoothL1 must be 0 or more")
        }
        let weights = [
            lossWeights.objectness, lossWeights.proposalBoxes, lossWeights.classes, lossWeights.boxes,
            lossWeights.masks, lossWeights.keypoints,
        ]
        try require(weights.allSatisfy { $0 >= 0 && $0.isFinite }, "lossWeights must be 0 or more")
    }

    /// Checks that the data has as many classes as the network.
    /// - Throws: ``TrainingError`` with both numbers.
    public func check(classes: ClassTable) throws {
        guard classes.names.count == network.classes else {
            throw TrainingError(
                "network.classes is \(network.classes), but the pictures have \(classes.names.count) classes")
        }
    }
}
