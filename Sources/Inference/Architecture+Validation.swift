/// Why a configuration cannot be built or run.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// One line that names the member and the fault.
    public let description: String

    /// An error with a one-line description.
    public init(description: String) { self.description = description }
}

extension Architecture {
    /// Checks that a network can be built. A configuration may come from a file, so every size is bounded before any
    /// memory is allocated for it.
    /// - Throws: ``ConfigurationError`` naming the first invalid member.
    public func validate() throws {
        try backbone.validate()
        let levels: Int
        switch features {
        case .pyramid(let pyramid):
            try check(pyramid.channels, in: 1...8192, "features.pyramid.channels")
            try check(pyramid.norm, of: [pyramid.channels], "features.pyramid.norm")
            levels = 5
        case .c4, .c5: levels = 1
        }
        try proposals.validate(levels: levels)
        try check(classes, in: 1...10_000, "classes")
        try boxes.validate()
        guard backbone.lastStageDilation == 1 || features == .c5 else {
            throw ConfigurationError(
                description:
                    "backbone.lastStageDilation: only a network whose heads read from c5 can have it dilated")
        }
        if case .residualStage = boxes.head, features != .c4 {
            throw ConfigurationError(description: "boxes.head: the fifth stage is free only in a C4 model")
        }
        try masks?.validate()
        if let keypoints {
            try check(keypoints.convolutions, in: 0...64, "keypoints.convolutions")
            try check(keypoints.channels, in: 1...8192, "keypoints.channels")
            try check(keypoints.norm, of: [keypoints.channels], "keypoints.norm")
            try check(keypoints.count, in: 1...1000, "keypoints.count")
            try check(keypoints.poolSize, in: 1...128, "keypoints.poolSize")
        }
    }
}

extension Architecture.Backbone {
    fileprivate func validate() throws {
        try check(stem, in: 1...8192, "backbone.stem")
        for (name, lengths, range) in [
            ("blocks", blocks, 1...256), ("widths", widths, 1...65536), ("outputs", outputs, 1...65536),
        ] {
            guard lengths.count == 4 else {
                throw ConfigurationError(description: "backbone.\(name) must have four numbers, c2 to c5")
            }
            for length in lengths { try check(length, in: range, "backbone.\(name)") }
        }
        try check(groups, in: 1...65536, "backbone.groups")
        guard widths.allSatisfy({ $0 % groups == 0 }) else {
            throw ConfigurationError(description: "backbone.groups must divide every width")
        }
        try check(lastStageDilation, in: 1...16, "backbone.lastStageDilation")
        if block == .basic {
            guard groups == 1, lastStageDilation == 1, widths == outputs else {
                throw ConfigurationError(
                    description:
                        "backbone.block: basic blocks have neither groups nor dilation, and no inner width")
            }
        }
        try check(norm, of: [stem] + widths + outputs, "backbone.norm")
    }
}

extension Architecture.Proposals {
    fileprivate func validate(levels: Int) throws {
        try check(convolutions, in: 0...64, "proposals.convolutions")
        try check(channels, in: 1...8192, "proposals.channels")
        guard anchorSizes.count == levels, let sizes = anchorSizes.first?.count, (1...64).contains(sizes),
            anchorSizes.allSatisfy({ $0.count == sizes }), (1...64).contains(aspectRatios.count)
        else {
            throw ConfigurationError(
                description: "proposals.anchorSizes must have \(levels) lists of equal length, one a level")
        }
        guard (anchorSizes.joined() + aspectRatios).allSatisfy({ $0 > 0 && $0 <= 65536 }) else {
            throw ConfigurationError(
                description: "proposals: anchor sizes and aspect ratios must be positive and below 65536")
        }
    }
}

extension Architecture.Boxes {
    fileprivate func validate() throws {
        switch head {
        case .twoLayers(let hidden): try check(hidden, in: 1...65536, "boxes.head.hidden")
        case .convolutions(let count, let channels, let norm, let hidden):
            try check(count, in: 0...64, "boxes.head.count")
            try check(channels, in: 1...8192, "boxes.head.channels")
            try check(hidden, in: 1...65536, "boxes.head.hidden")
            try check(norm, of: [channels], "boxes.head.norm")
        case .residualStage: break
        }
        try check(poolSize, in: 1...128, "boxes.poolSize")
    }
}

extension Architecture.Masks {
    fileprivate func validate() throws {
        switch head {
        case .fullyConvolutional(let convolutions, let channels, let norm):
            try check(convolutions, in: 0...64, "masks.head.convolutions")
            try check(channels, in: 1...8192, "masks.head.channels")
            try check(norm, of: [channels], "masks.head.norm")
        case .fullyConnected(let hidden, let side):
            try check(hidden.count, in: 0...16, "masks.head.hidden")
            for width in hidden { try check(width, in: 1...65536, "masks.head.hidden") }
            try check(side, in: 1...512, "masks.head.side")
        }
        try check(poolSize, in: 1...128, "masks.poolSize")
    }
}

func check(_ value: Int, in range: ClosedRange<Int>, _ name: String) throws {
    guard range.contains(value) else {
        throw ConfigurationError(
            description: "\(name) is \(value), not from \(range.lowerBound) to \(range.upperBound)")
    }
}

func check(_ value: Double, in range: ClosedRange<Double>, _ name: String) throws {
    guard range.contains(value) else {
        throw ConfigurationError(description: "\(name) is \(value), not from 0 to 1")
    }
}

private func check(_ norm: Normalization, of channels: [Int], _ name: String) throws {
    switch norm {
    case .bias: break
    case .frozenBatch(let epsilon):
        guard epsilon >= 0 && epsilon.isFinite else {
            throw ConfigurationError(description: "\(name): epsilon must be 0 or more")
        }
    case .group(let groups, _):
        guard groups > 0, let odd = channels.first(where: { $0 % groups != 0 }) else {
            guard groups > 0 else { throw ConfigurationError(description: "\(name): no groups") }
            return
        }
        throw ConfigurationError(description: "\(name): \(groups) groups do not divide \(odd) channels")
    }
}
