import Figures
import Geometry
import Kernels
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 14: the example detection's box, pooled as finely as the mask head does (or as the box head, where
    /// there is none) by all three layers. Without a detection, the best proposal's.
    func roiLayers() throws -> Figure {
        let detections = run.boxes(.detectionBoxes)
        let example = run.example
        let found = example.flatMap {
            detections.indices.contains($0.detection) ? detections[$0.detection] : nil
        }
        guard let box = found ?? run.boxes(.proposalBoxes).first, let maps = run.pooledMaps else {
            throw NothingToDraw("the network proposes no region in this picture")
        }
        let level = maps.level(of: box) - maps.firstLevel
        let comparison = LayerComparison(
            box: box, map: maps.maps[level], scale: maps.scales[level],
            align: run.model.profile.pooling.align(
                outputSize: run.model.configuration.masks?.poolSize ?? run.model.boxPoolSize))
        let subject = example.map { run.wording($0) } ?? "the first proposal"
        return RoILayersFigure(
            comparison.place(in: run, level: level), pooled: comparison.pooled(isSigned: run.pooledIsSigned),
            differences: comparison.differences,
            subject: "\(subject.first.map { $0.uppercased() } ?? "")\(subject.dropFirst()), pooled to "
                + "\(comparison.side) × \(comparison.side)", background: background
        ).figure
    }
}

/// One region through all layers.
private struct LayerComparison {
    let box: Box
    let map: Tensor
    let scale: Float
    let side: Int
    /// The channel in which RoIAlign's result reaches furthest from 0.
    let channel: Int
    private let pool: Tensor, warp: Tensor, align: Tensor, largest: Tensor

    init(box: Box, map: Tensor, scale: Float, align layer: RoIAlign) {
        self.box = box
        self.map = map
        self.scale = scale
        side = layer.outputSize
        var (mean, maximum) = (layer, layer)
        (mean.reduction, maximum.reduction) = (.average, .maximum)
        let layers: [RoILayer] = [
            .pool(RoIPool(outputSize: side)),
            .warp(RoIWarp(outputSize: side, samplesPerAxis: layer.samplesPerAxis)), .align(mean),
            .align(maximum),
        ]
        let results = layers.map { $0([map], regions: [RegionOfInterest(box: box)], scales: [scale]) }
        (pool, warp, align, largest) = (results[0], results[1], results[2], results[3])
        let channels = map.shape[2]
        channel = align.withUnsafeElements { values in
            let place = values.indices.max { abs(values[$0]) < abs(values[$1]) } ?? 0
            return place % channels
        }
    }

    func place(in run: PictureRun, level: Int) -> RoILayersFigure.Place {
        let size = PixelSize(height: map.shape[0], width: map.shape[1])
        let layer = RoIPool(outputSize: side)
        let columns = layer.quantized(from: box.x1, to: box.x2, scale: scale, length: size.width).region
        let rows = layer.quantized(from: box.y1, to: box.y2, scale: scale, length: size.height).region
        let rounded = Box(
            x1: Float(columns.lowerBound), y1: Float(rows.lowerBound), x2: Float(columns.upperBound),
            y2: Float(rows.upperBound))
        return RoILayersFigure.Place(
            picture: run.image, box: run.inPicture(box),
            quantized: run.inPicture(rounded.scaled(x: 1 / scale, y: 1 / scale)),
            map: HeatMap(map, channel: channel, isSigned: run.pooledIsSigned),
            mapName:
                "\(run.pooledName(level: level)) of stride \(figures(Double(1 / scale))), channel \(channel)",
            cells: box.scaled(x: scale, y: scale))
    }

    func pooled(isSigned: Bool) -> [RoILayersFigure.Pooled] {
        func pooled(_ title: String, _ note: String, _ tensor: Tensor) -> RoILayersFigure.Pooled {
            RoILayersFigure.Pooled(title: title, note: note, map: heatMap(tensor, isSigned: isSigned))
        }
        return [
            pooled("RoIPool", "rounds corners and bins; maxima", pool),
            pooled("RoIWarp", "rounds the corners; means of bilinear samples", warp),
            pooled("RoIAlign", "rounds nothing; means of bilinear samples", align),
        ]
    }

    var differences: [RoILayersFigure.Pooled] {
        func difference(_ title: String, _ first: Tensor, _ second: Tensor) -> RoILayersFigure.Pooled {
            let (differences, relative) = zip(first.array, second.array).reduce(
                into: ([Float](), (0.0, 0.0))
            ) { result, pair in
                let delta = pair.0 - pair.1
                result.0.append(delta)
                result.1.0 += Double(delta * delta)
                result.1.1 += Double(pair.1 * pair.1)
            }
            let share = relative.1 > 0 ? (relative.0 / relative.1).squareRoot() : 0
            return RoILayersFigure.Pooled(
                title: title, note: "relative difference \(figures(100 * share, decimals: 1)) %",
                map: heatMap(Tensor(shape: first.shape, elements: differences), isSigned: true))
        }
        return [
            difference("RoIPool − RoIAlign", pool, largest),
            difference("RoIWarp − RoIAlign", warp, align),
            difference("RoIAlign: max − mean", largest, align),
        ]
    }

    private func heatMap(_ pooled: Tensor, isSigned: Bool) -> HeatMap {
        HeatMap(pooled.reshaped(to: Array(pooled.shape.dropFirst())), channel: channel, isSigned: isSigned)
    }
}
