import Figures
import Geometry
import Kernels
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 13: the proposal that the example detection came from, as the box head pools it, and the bin of it
    /// in which the map's strongest channel is largest.
    func roiAlign() throws -> Figure {
        let proposals = run.boxes(.proposalBoxes)
        guard !proposals.isEmpty, let pooled = run.tensor(.boxPooled), let maps = run.pooledMaps else {
            throw NothingToDraw("the network proposes no region in this picture")
        }
        let detections = run.indices(.detectionProposals)
        let example = run.example
        let proposal =
            example.flatMap { detections.indices.contains($0.detection) ? detections[$0.detection] : nil }
            ?? 0
        let level = maps.level(of: proposals[proposal]) - maps.firstLevel
        let map = maps.maps[level]
        let strongest = PooledBin(pooled, region: proposal)
        let layer = run.model.profile.pooling.align(outputSize: pooled.shape[1])
        let calculation = RoICalculation(
            box: proposals[proposal], stride: 1 / maps.scales[level], bins: layer.outputSize,
            mapSize: PixelSize(height: map.shape[0], width: map.shape[1]),
            samplesPerAxis: layer.samplesPerAxis, subtractsHalfPixel: layer.subtractsHalfPixel)
        let name = run.pooledName(level: level)
        let isOwn = if case .align = run.model.profile.pooling.layer { true } else { false }
        let result =
            isOwn
            ? pooled
            : RoILayer.align(layer)(
                [map], regions: [RegionOfInterest(box: proposals[proposal])], scales: [maps.scales[level]])
        return RoIAlignFigure(
            calculation.drawing(of: layer, row: strongest.row, column: strongest.column),
            values: RoIAlignFigure.Values(
                map: HeatMap(map, channel: strongest.channel, isSigned: run.pooledIsSigned),
                name: "\(name), channel \(strongest.channel)",
                pooled: result[isOwn ? proposal : 0, strongest.row, strongest.column, strongest.channel],
                isOwn: isOwn, isAveraged: layer.reduction == .average),
            subject: example.map { "The proposal behind " + run.wording($0) } ?? "Proposal \(proposal)",
            background: background
        ).figure
    }
}

/// A bin of a pooled region, and a channel.
private struct PooledBin {
    private(set) var row = 0, column = 0, channel = 0

    /// Where a region's pooled tensor is largest, away from the border if there is such a place.
    init(_ pooled: Tensor, region: Int) {
        let (side, channels) = (pooled.shape[1], pooled.shape[3])
        let inner = side > 4 ? 1..<side - 1 : 0..<side
        var largest = -Float.infinity
        for row in inner {
            for column in inner {
                for channel in 0..<channels where pooled[region, row, column, channel] > largest {
                    largest = pooled[region, row, column, channel]
                    (self.row, self.column, self.channel) = (row, column, channel)
                }
            }
        }
    }
}

extension Profile.Pooling {
    /// RoIAlign as this profile has it, or as the paper has it where the profile pools in another way.
    func align(outputSize: Int) -> RoIAlign {
        if case .align(let align) = layer.layer(outputSize: outputSize) { return align }
        return RoIAlign(outputSize: outputSize, subtractsHalfPixel: true)
    }
}

extension PictureRun {
    /// The name of the map that regions of a level are pooled from.
    func pooledName(level: Int) -> String {
        switch model.configuration.features {
        case .pyramid: Stage.pyramid(level + 2).name
        case .c4: Stage.backbone(4).name
        case .c5: Stage.backbone(5).name
        }
    }

    /// Whether those maps have negative numbers: a pyramid's do, a backbone's end in a ReLU.
    var pooledIsSigned: Bool {
        if case .pyramid = model.configuration.features { true } else { false }
    }
}
