import Geometry

/// Rounds the region to whole positions of the map, then samples it bilinearly (Dai et al., MNC, arXiv
/// 1512.04412): RoIPool's first quantisation with RoIAlign's sampling.
///
/// It performs like RoIPool, not like RoIAlign (Mask R-CNN, table 2c): what counts is alignment, not
/// interpolation.
public struct RoIWarp: Hashable, Sendable {
    /// How the rounded region is sampled.
    package var sampling: RoIAlign

    /// A layer of the given size; `samplesPerAxis` and `reduction` as for ``RoIAlign``.
    package init(outputSize: Int, samplesPerAxis: Int? = 2, reduction: RoIAlign.Reduction = .average) {
        sampling = RoIAlign(
            outputSize: outputSize, samplesPerAxis: samplesPerAxis, subtractsHalfPixel: false,
            reduction: reduction)
    }

    /// The region with its corners rounded, in map positions.
    package func quantized(_ box: Box, scale: Float) -> Box {
        func whole(_ value: Float) -> Float { (value * scale).rounded(.toNearestOrAwayFromZero) }
        return Box(x1: whole(box.x1), y1: whole(box.y1), x2: whole(box.x2), y2: whole(box.y2))
    }

    func pool(_ map: Maps, _ box: Box, scale: Float, into output: MutableMaps, _ region: Int) {
        sampling.pool(map, quantized(box, scale: scale), scale: 1, into: output, region)
    }

    func pull(_ pullback: RoIPullback) {
        var quantized = pullback
        quantized.scale = 1
        quantized.regions = pullback.regions.map {
            PooledRegion(index: $0.index, box: self.quantized($0.box, scale: pullback.scale))
        }
        sampling.pull(quantized)
    }
}
