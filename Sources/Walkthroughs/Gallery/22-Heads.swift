import Figures
import MaskRCNN

extension Gallery {
    /// Figure 22: the heads of this model, and those that it would have on the other kind of features.
    func heads() throws -> Figure {
        let own = run.model.configuration
        let isC4 = own.boxes.head == .residualStage
        let other = isC4 ? own.onPyramid : own.onC4
        let kind =
            switch own.features {
            case .pyramid: "a feature pyramid"
            case .c4: "c4"
            case .c5: "c5"
            }
        return HeadsFigure(
            [
                HeadsFigure.Architecture(name: "This model: heads on \(kind)", heads: own.headShapes),
                HeadsFigure.Architecture(
                    name: isC4
                        ? "The same backbone with the paper's feature pyramid"
                        : "The same backbone with heads on c4: the fifth stage becomes the head",
                    heads: other.headShapes),
            ],
            subtitle: "After the paper's figure 4, with the sizes of this model.", background: background
        ).figure
    }
}

extension Configuration {
    /// The same backbone and classes with the heads of a C4 model.
    fileprivate var onC4: Configuration {
        var other = self
        other.features = .c4
        other.boxes.head = .residualStage
        other.boxes.poolSize = 7
        if var masks {
            var channels = Int(256)
            if case .fullyConvolutional(_, let own, _) = masks.head { channels = own }
            masks.head = .fullyConvolutional(convolutions: 0, channels: channels, norm: .bias)
            masks.poolSize = 14
            other.masks = masks
        }
        other.keypoints = nil
        return other
    }

    /// The same backbone and classes with the pyramid and the heads that the paper has.
    fileprivate var onPyramid: Configuration {
        var other = self
        other.features = .pyramid(Pyramid())
        other.boxes = Boxes()
        if let masks { other.masks = Masks(isClassAgnostic: masks.isClassAgnostic) }
        other.keypoints = nil
        return other
    }

    /// Channels of the maps that regions are pooled from.
    private var pooledChannels: Int {
        switch features {
        case .pyramid(let pyramid): pyramid.channels
        case .c4: backbone.outputs[2]
        case .c5: backbone.outputs[3]
        }
    }

    /// What each head does to one region.
    fileprivate var headShapes: [HeadsFigure.Head] {
        [boxHead] + [maskHead, keypointHead].compactMap { $0 }
    }

    private var boxHead: HeadsFigure.Head {
        var side = boxes.poolSize
        var steps: [HeadsFigure.Step]
        switch boxes.head {
        case .twoLayers(let hidden):
            steps = [
                HeadsFigure.Step("fully\nconnected", .vector(hidden)),
                HeadsFigure.Step("fully\nconnected", .vector(hidden)),
            ]
        case .convolutions(let count, let channels, _, let hidden):
            steps = [HeadsFigure.Step("fully\nconnected", .vector(hidden))]
            if count > 0 {
                steps.insert(
                    HeadsFigure.Step(
                        "3×3\nconvolution", count: count, .map(side: side, channels: channels)), at: 0)
            }
        case .residualStage:
            side *= 2
            steps = [
                HeadsFigure.Step("fifth\nstage", .map(side: side / 2, channels: backbone.outputs[3])),
                HeadsFigure.Step("average", .vector(backbone.outputs[3])),
            ]
        }
        return HeadsFigure.Head(
            name: "Box head", part: .boxes, start: .map(side: side, channels: pooledChannels), steps: steps,
            ends: [
                HeadsFigure.Step("", .vector(classes + 1), name: "class logits"),
                HeadsFigure.Step("", .table(rows: classes + 1, columns: 4), name: "box deltas"),
            ])
    }

    private var maskHead: HeadsFigure.Head? {
        guard let masks else { return nil }
        let channelsOut = masks.isClassAgnostic ? 1 : classes + 1
        var side = masks.poolSize
        let start = HeadsFigure.Shape.map(side: side, channels: pooledChannels)
        var steps: [HeadsFigure.Step] = []
        if boxes.head == .residualStage {
            side = (side + 1) / 2
            steps.append(
                HeadsFigure.Step("fifth\nstage", .map(side: side, channels: backbone.outputs[3])))
        }
        switch masks.head {
        case .fullyConvolutional(let count, let channels, _):
            if count > 0 {
                steps.append(
                    HeadsFigure.Step(
                        "3×3\nconvolution", count: count, .map(side: side, channels: channels)))
            }
            side *= 2
            steps.append(HeadsFigure.Step("2×2\ntransposed", .map(side: side, channels: channels)))
            steps.append(
                HeadsFigure.Step("1×1", .map(side: side, channels: channelsOut), name: "mask logits"))
        case .fullyConnected(let hidden, let outputSide):
            steps += hidden.map { HeadsFigure.Step("fully\nconnected", .vector($0)) }
            steps.append(
                HeadsFigure.Step(
                    "fully\nconnected", .map(side: outputSide, channels: channelsOut), name: "mask logits"))
        }
        return HeadsFigure.Head(name: "Mask head", part: .masks, start: start, steps: steps, ends: [])
    }

    private var keypointHead: HeadsFigure.Head? {
        guard let keypoints else { return nil }
        let side = keypoints.poolSize
        var steps = [
            HeadsFigure.Step("4×4\ntransposed", .map(side: 2 * side, channels: keypoints.count)),
            HeadsFigure.Step(
                "2×\nbilinear", .map(side: 4 * side, channels: keypoints.count), name: "heat maps"),
        ]
        if keypoints.convolutions > 0 {
            steps.insert(
                HeadsFigure.Step(
                    "3×3\nconvolution", count: keypoints.convolutions,
                    .map(side: side, channels: keypoints.channels)), at: 0)
        }
        return HeadsFigure.Head(
            name: "Keypoints", part: .keypoints, start: .map(side: side, channels: pooledChannels),
            steps: steps, ends: [])
    }
}
