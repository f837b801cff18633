import Kernels

// The names and shapes of a checkpoint's parameters determine its architecture, except for a few values: which
// convolution has the stride, batch norm's epsilon, and group norm's number of groups. These come from the profile
// unless they are given. Checkpoints that this project writes record all of them.

/// Why no architecture can be inferred from a set of parameters.
package struct InferenceError: Error, Equatable, CustomStringConvertible {
    /// One line that names the parameter and the fault.
    package let description: String
}

extension Architecture {
    /// Infers the architecture from the shapes of its parameters.
    ///
    /// - Parameters:
    ///   - shapes: every parameter's shape, in PyTorch's axis order, by this project's name for it.
    ///   - assumptions: the values that shapes do not determine.
    /// - Throws: ``InferenceError`` naming the first parameter that is missing or has an impossible shape.
    public init(inferredFrom shapes: [String: [Int]], assuming assumptions: ArchitectureAssumptions) throws {
        let reader = ShapeReader(
            shapes: shapes, epsilon: assumptions.batchNormEpsilon, groups: assumptions.groupNormGroups)
        guard reader.has("rpn.objectness.weight") || !reader.has("box.logits.weight") else {
            throw InferenceError(
                description:
                    "has no region proposal network: Fast R-CNN, whose proposals come from elsewhere, is not run here"
            )
        }
        guard reader.has("box.logits.weight") || !reader.has("rpn.objectness.weight") else {
            throw InferenceError(
                description: "has a region proposal network and no box head ('box.logits.weight')")
        }
        let isC4 = reader.has("box.c5.0.conv2.weight")
        let isPyramid = reader.has("fpn.lateral.p2.weight")
        guard !(isC4 && isPyramid) else {
            throw reader.fault("box.c5.0.conv2.weight", "does not go with a feature pyramid")
        }
        backbone = try reader.backbone(isC4: isC4)
        backbone.stridePlacement =
            backbone.groups > 1 ? assumptions.groupedStridePlacement : assumptions.stridePlacement
        if !isC4, !isPyramid, backbone.block == .bottleneck {
            backbone.lastStageDilation = assumptions.lastStageDilation
        }
        let channels: Int
        if isPyramid {
            let weight = try reader.shape("fpn.p2.weight", rank: 4)
            channels = weight[0]
            features = .pyramid(Pyramid(channels: channels, norm: reader.norm(of: "fpn.p2")))
        } else {
            features = isC4 ? .c4 : .c5
            channels = backbone.outputs[isC4 ? 2 : 3]
        }
        proposals = try reader.proposals(isPyramid: isPyramid)
        let logits = try reader.shape("box.logits.weight", rank: 2)
        guard logits[0] >= 2 else { throw reader.fault("box.logits.weight", "has no class but background") }
        classes = logits[0] - 1
        boxes = try reader.boxes(isC4: isC4, channels: channels)
        boxes.isClassAgnostic = try reader.shape("box.deltas.weight", rank: 2)[0] == 4
        masks = try reader.masks(poolSize: 14)
        keypoints = try reader.keypoints()
        try checkGroupNorms()
    }

    /// Group norm needs a number of groups that divides its channels, which a wrong assumption may not.
    private func checkGroupNorms() throws {
        func check(_ norm: Normalization, _ channels: [Int], _ part: String) throws {
            guard case .group(let groups, _) = norm else { return }
            guard let odd = channels.first(where: { groups <= 0 || $0 % groups != 0 }) else { return }
            throw InferenceError(
                description:
                    "the \(part) has group norms of \(odd) channels, which \(groups) groups do not divide")
        }
        try check(backbone.norm, [backbone.stem] + backbone.widths + backbone.outputs, "backbone")
        if case .pyramid(let pyramid) = features { try check(pyramid.norm, [pyramid.channels], "pyramid") }
        if case .convolutions(_, let channels, let norm, _) = boxes.head {
            try check(norm, [channels], "box head")
        }
        if case .fullyConvolutional(_, let channels, let norm) = masks?.head {
            try check(norm, [channels], "mask head")
        }
        if let keypoints { try check(keypoints.norm, [keypoints.channels], "keypoint head") }
    }
}

/// Infers the parts of an architecture from shapes.
private struct ShapeReader {
    let shapes: [String: [Int]]
    let epsilon: Float
    let groups: Int

    func has(_ name: String) -> Bool { shapes[name] != nil }

    func fault(_ name: String, _ fault: String) -> InferenceError {
        InferenceError(description: "parameter '\(name)' \(fault)")
    }

    func shape(_ name: String, rank: Int) throws -> [Int] {
        guard let shape = shapes[name] else {
            throw InferenceError(description: "no parameter '\(name)': not a Mask R-CNN that is known here")
        }
        // No real layer comes near the upper limit; below it, products of two dimensions cannot overflow.
        guard shape.count == rank && shape.allSatisfy({ (1...1 << 30).contains($0) }) else {
            throw fault(name, "has shape \(shape), expected \(rank) positive lengths")
        }
        return shape
    }

    /// How many parameters `name(first)`, `name(first + 1)`, … exist consecutively.
    func count(from first: Int, _ name: (Int) -> String) -> Int {
        var index = first
        while has(name(index)) { index += 1 }
        return index - first
    }

    /// Refuses a head whose last layer is missing: to run without the head would be to run another network.
    private func refuse(part: String, without last: String) throws {
        guard let name = shapes.keys.filter({ $0.hasPrefix("\(part).") }).min() else { return }
        throw InferenceError(
            description: "has a \(part) head, such as '\(name)', without its last layer '\(last)'")
    }

    func norm(of layer: String) -> Normalization {
        if has("\(layer).norm.running_mean") { return .frozenBatch(epsilon: epsilon) }
        return has("\(layer).norm.weight") ? .group(groups: groups) : .bias
    }

    func backbone(isC4: Bool) throws -> Architecture.Backbone {
        let stem = try shape("backbone.stem.weight", rank: 4)
        var backbone = Architecture.Backbone(
            stem: stem[0], blocks: [], widths: [], outputs: [], norm: norm(of: "backbone.stem"))
        guard stem[2] == 7 else {
            throw fault(
                "backbone.stem.weight",
                "is \(stem[2])×\(stem[3]), where a ResNet has 7×7: RegNet and others are not built here")
        }
        // Of the first block's convolutions, the first is 1×1 in a bottleneck and 3×3 in a basic block.
        let isBasic = try shape("backbone.c2.0.conv1.weight", rank: 4)[2] == 3
        backbone.block = isBasic ? .basic : .bottleneck
        for index in 2...5 {
            let stage = isC4 && index == 5 ? "box.c5" : "backbone.c\(index)"
            let inner = try shape("\(stage).0.conv2.weight", rank: 4)
            let last = isBasic ? inner : try shape("\(stage).0.conv3.weight", rank: 4)
            guard inner[0] % inner[1] == 0 else {
                throw fault("\(stage).0.conv2.weight", "has shape \(inner), which no number of groups gives")
            }
            let groups = inner[0] / inner[1]
            guard index == 2 || groups == backbone.groups else {
                throw fault(
                    "\(stage).0.conv2.weight", "has \(groups) groups, those before \(backbone.groups)")
            }
            backbone.blocks.append(count(from: 0) { "\(stage).\($0).conv2.weight" })
            backbone.widths.append(inner[0])
            backbone.outputs.append(last[0])
            backbone.groups = groups
        }
        return backbone
    }

    func proposals(isPyramid: Bool) throws -> Architecture.Proposals {
        let hidden = try shape("rpn.hidden.1.weight", rank: 4)
        _ = try shape("rpn.objectness.weight", rank: 4)
        var proposals = isPyramid ? Architecture.Proposals() : .c4()
        proposals.channels = hidden[0]
        proposals.convolutions = count(from: 1) { "rpn.hidden.\($0).weight" }
        return proposals
    }

    func boxes(isC4: Bool, channels: Int) throws -> Architecture.Boxes {
        guard !isC4 else { return Architecture.Boxes(head: .residualStage) }
        let hidden = try shape("box.hidden.1.weight", rank: 2)
        let convolutions = count(from: 1) { "box.convolution.\($0).weight" }
        let inputs = convolutions > 0 ? try shape("box.convolution.1.weight", rank: 4)[0] : channels
        let side = Int(Double(hidden[1] / inputs).squareRoot().rounded())
        guard side > 0 && side * side * inputs == hidden[1] else {
            throw fault("box.hidden.1.weight", "has \(hidden[1]) inputs, not a square of \(inputs) channels")
        }
        guard convolutions > 0 else {
            return Architecture.Boxes(head: .twoLayers(hidden: hidden[0]), poolSize: side)
        }
        return Architecture.Boxes(
            head: .convolutions(
                count: convolutions, channels: inputs, norm: norm(of: "box.convolution.1"), hidden: hidden[0]),
            poolSize: side)
    }

    func masks(poolSize: Int) throws -> Architecture.Masks? {
        guard has("mask.logits.weight") else {
            try refuse(part: "mask", without: "mask.logits.weight")
            return nil
        }
        if has("mask.upsampled.weight") {
            let outputs = try shape("mask.logits.weight", rank: 4)[0]
            let upsampled = try shape("mask.upsampled.weight", rank: 4)
            return Architecture.Masks(
                head: .fullyConvolutional(
                    convolutions: count(from: 1) { "mask.hidden.\($0).weight" }, channels: upsampled[1],
                    norm: norm(of: "mask.hidden.1")),
                poolSize: poolSize, isClassAgnostic: outputs == 1)
        }
        let outputs = try shape("mask.logits.weight", rank: 2)[0]
        let layers = count(from: 1) { "mask.hidden.\($0).weight" }
        let classRows = try shape("box.logits.weight", rank: 2)[0]
        // One row per class and pixel, or per pixel only.
        for (rows, isAgnostic) in [(classRows, false), (1, true)] where outputs % rows == 0 {
            let side = Int(Double(outputs / rows).squareRoot().rounded())
            guard side * side * rows == outputs else { continue }
            return Architecture.Masks(
                head: .fullyConnected(
                    hidden: try (0..<layers).map { try shape("mask.hidden.\($0 + 1).weight", rank: 2)[0] },
                    side: side),
                poolSize: poolSize, isClassAgnostic: isAgnostic)
        }
        throw fault("mask.logits.weight", "has \(outputs) rows, which no square mask gives")
    }

    func keypoints() throws -> Architecture.Keypoints? {
        guard has("keypoint.heatmaps.weight") else {
            try refuse(part: "keypoint", without: "keypoint.heatmaps.weight")
            return nil
        }
        let heatmaps = try shape("keypoint.heatmaps.weight", rank: 4)
        return Architecture.Keypoints(
            convolutions: count(from: 1) { "keypoint.hidden.\($0).weight" }, channels: heatmaps[0],
            norm: norm(of: "keypoint.hidden.1"), count: heatmaps[1])
    }
}
