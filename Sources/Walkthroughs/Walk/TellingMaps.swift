import Drawing
import Explanations
import Figures
import Foundation
import Geometry
import Inference
import Kernels
import Tensors

extension Chapter {
    /// The chapter's most telling tensors as small pictures; none where the model or the picture has nothing.
    func maps(of run: PictureRun, background: Background) -> [HeatMapForTerminal] {
        let maker = MapMaker(run: run, background: background)
        return switch name {
        case "input": maker.input
        case "backbone":
            (2...5).compactMap { maker.liveliest(of: .backbone($0), isSigned: false) }
        case "pyramid":
            (2...5).compactMap { maker.liveliest(of: .pyramid($0), isSigned: true) }
        case "rpn": run.model.levelNames.compactMap(maker.objectness)
        case "proposals": maker.proposals
        case "roi-layers": maker.pooled
        case "box-head": maker.probabilities
        case "mask-head": maker.masks
        case "pasting": maker.result
        case "keypoints": maker.keypoints
        default: []
        }
    }
}

private struct MapMaker {
    let run: PictureRun
    let background: Background

    private func map(
        _ values: [Float], _ width: Int, _ height: Int, isSigned: Bool = false, end: Float? = nil,
        _ caption: String
    ) -> HeatMapForTerminal {
        HeatMapForTerminal(
            values, width: width, height: height, isSigned: isSigned, end: end, background: background,
            caption: caption)
    }

    var input: [HeatMapForTerminal] {
        let picture = HeatMapForTerminal(run.image, caption: "input.image")
        guard let tensor = run.tensor(.inputTensor) else { return [picture] }
        return [picture] + [channel(1, of: tensor, isSigned: true, "input.tensor, green")]
    }

    /// The channel of a feature map that varies most: many others are nearly flat.
    func liveliest(of stage: Stage, isSigned: Bool) -> HeatMapForTerminal? {
        guard let tensor = run.tensor(stage), let index = liveliestChannel(of: tensor) else { return nil }
        return channel(index, of: tensor, isSigned: isSigned, "\(stage.name), channel \(index)")
    }

    private func channel(_ index: Int, of map: Tensor, isSigned: Bool, _ caption: String)
        -> HeatMapForTerminal
    {
        self.map(
            HeatMap(map, channel: index, isSigned: isSigned).values, map.shape[1], map.shape[0],
            isSigned: isSigned, caption)
    }

    /// Near its edges a map tells of the padding around it rather than of the picture: they do not count.
    private func liveliestChannel(of map: Tensor) -> Int? {
        let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
        guard map.count > 0 else { return nil }
        var sums = [Double](repeating: 0, count: channels)
        var squares = sums
        var positions = 0.0
        map.withUnsafeElements { elements in
            for y in height / 5..<height - height / 5 {
                for x in width / 5..<width - width / 5 {
                    positions += 1
                    for channel in 0..<channels {
                        let value = Double(elements[(y * width + x) * channels + channel])
                        sums[channel] += value
                        squares[channel] += value * value
                    }
                }
            }
        }
        let variances = (0..<channels).map { squares[$0] / positions - pow(sums[$0] / positions, 2) }
        return variances.indices.max { variances[$0] < variances[$1] }
    }

    /// The probability of the likeliest anchor of each cell.
    func objectness(_ level: String) -> HeatMapForTerminal? {
        guard let logits = run.tensor(.objectness(level)), logits.count > 0 else { return nil }
        let (height, width, anchors) = (logits.shape[0], logits.shape[1], logits.shape[2])
        let values = logits.withUnsafeElements { elements in
            (0..<height * width).map { cell in
                1
                    / (1
                        + exp(
                            -(0..<anchors).reduce(-Float.infinity) { max($0, elements[cell * anchors + $1]) }))
            }
        }
        return map(values, width, height, end: 1, "objectness \(level), 0 to 1")
    }

    /// How many proposals cover each place.
    var proposals: [HeatMapForTerminal] {
        guard case .boxes(let boxes)? = run[.proposalBoxes], !boxes.isEmpty,
            case .indices(let size)? = run[.inputSize], size.count == 2
        else { return [] }
        let (width, height) = (80, max(80 * size[0] / max(size[1], 1), 1))
        let scale = Float(width) / Float(size[1])
        func counts(_ boxes: ArraySlice<Box>) -> [Float] {
            var counts = [Float](repeating: 0, count: width * height)
            for box in boxes where [box.x1, box.y1, box.x2, box.y2].allSatisfy(\.isFinite) {
                func cells(_ start: Float, _ end: Float, _ count: Int) -> Range<Int> {
                    let first = min(max(Int(start * scale), 0), count)
                    return first..<max(min(Int((end * scale).rounded(.up)), count), first)
                }
                for y in cells(box.y1, box.y2, height) {
                    for x in cells(box.x1, box.x2, width) { counts[y * width + x] += 1 }
                }
            }
            return counts
        }
        return [
            map(
                counts(boxes.prefix(20)), width, height, "how many of the best 20 proposals cover each place"),
            map(counts(boxes[...]), width, height, "of all \(boxes.count)"),
        ]
    }

    /// What the best detections' proposals pool.
    var pooled: [HeatMapForTerminal] {
        guard let pooled = run.tensor(.boxPooled), case .indices(let proposals)? = run[.detectionProposals],
            let first = proposals.first, pooled.shape[3] > 0
        else { return [] }
        let size = pooled.shape[1] * pooled.shape[2] * pooled.shape[3]
        let own = pooled.withUnsafeElements { Array($0[first * size..<(first + 1) * size]) }
        guard let index = liveliestChannel(of: Tensor(shape: Array(pooled.shape.dropFirst()), elements: own))
        else { return [] }
        return proposals.prefix(4).map {
            map(
                values(ofRegion: $0, channel: index, in: pooled), pooled.shape[2], pooled.shape[1],
                isSigned: true, "box.pooled \($0), channel \(index)")
        }
    }

    private func values(ofRegion region: Int, channel: Int, in tensor: Tensor) -> [Float] {
        let (area, channels) = (tensor.shape[1] * tensor.shape[2], tensor.shape[3])
        return tensor.withUnsafeElements { elements in
            (0..<area).map { elements[(region * area + $0) * channels + channel] }
        }
    }

    /// The first proposals' rows.
    var probabilities: [HeatMapForTerminal] {
        guard let tensor = run.tensor(.boxProbabilities), tensor.count > 0 else { return [] }
        let rows = min(tensor.shape[0], 16)
        let classes = tensor.shape[1]
        let values = tensor.withUnsafeElements { Array($0.prefix(rows * classes)) }
        return [
            map(
                values, classes, rows, end: 1,
                "box.probabilities: the best \(rows) proposals down, classes across, background first")
        ]
    }

    var masks: [HeatMapForTerminal] {
        guard let tensor = run.tensor(.maskProbabilities), tensor.count > 0,
            case .indices(let classes)? = run[.detectionClasses]
        else { return [] }
        let (height, width) = (tensor.shape[1], tensor.shape[2])
        return classes.prefix(4).enumerated().map { index, label in
            let values = tensor.withUnsafeElements {
                Array($0[index * height * width..<(index + 1) * height * width])
            }
            return map(values, width, height, end: 1, "mask \(index): \(run.model.classes.name(of: label))")
        }
    }

    var result: [HeatMapForTerminal] {
        guard !run.instances.isEmpty,
            let picture = try? drawDetections(run.instances, of: run.model, on: run.image)
        else { return [] }
        return [HeatMapForTerminal(picture, caption: "what was found")]
    }

    /// The maps of four keypoints of the best detection that has any.
    var keypoints: [HeatMapForTerminal] {
        guard let maps = run.tensor(.keypointHeatmaps), maps.count > 0,
            case .indices(let classes)? = run[.detectionClasses],
            let detection = classes.firstIndex(where: run.model.classes.hasKeypoints)
        else { return [] }
        let count = maps.shape[3]
        // Spread over the list: in COCO's order the nose, an ear, an elbow, a hip.
        return (0..<min(count, 4)).map { $0 * count / 4 }.map { keypoint in
            // A softmax over the whole map follows, to which only differences matter.
            let logits = values(ofRegion: detection, channel: keypoint, in: maps)
            let mean = logits.reduce(0, +) / Float(max(logits.count, 1))
            return map(
                logits.map { $0 - mean }, maps.shape[2], maps.shape[1], isSigned: true,
                "keypoint \(keypoint) of detection \(detection), logits less their mean")
        }
    }
}
