import Geometry
import Tensors

extension RoILayer {
    /// The pullback of pooling, by the maps; the regions' boxes get no gradient, as in Faster R-CNN.
    ///
    /// - Parameters:
    ///   - gradient: by the pooled regions: `[regions, outputSize, outputSize, channels]`.
    ///   - maps: what was pooled from. A mean needs only their shapes; a maximum gives its whole gradient to
    ///     its winner, the first in row-major order if there are several.
    ///   - regions: as they were pooled.
    ///   - scales: for each map, what a pixel of the input is in positions of the map.
    /// - Returns: one gradient for each map, of its shape.
    public func gradient(
        _ gradient: Tensor, maps: [Tensor], regions: [RegionOfInterest], scales: [Float]
    ) -> [Tensor] {
        precondition(maps.count == scales.count)
        let maps = maps.map { Maps($0) }
        precondition(
            maps.allSatisfy { $0.channels == maps[0].channels }, "maps of different numbers of channels")
        precondition(gradient.shape == [regions.count, outputSize, outputSize, maps[0].channels])
        return maps.indices.map { index in
            let pullback = RoIPullback(
                gradient: Maps(gradient),
                regions: regions.indices.filter { regions[$0].map == index }
                    .map { PooledRegion(index: $0, box: regions[$0].box) },
                map: maps[index], scale: scales[index], output: MutableMaps(maps[index].sizes))
            switch self {
            case .pool(let layer): layer.pull(pullback)
            case .warp(let layer): layer.pull(pullback)
            case .align(let layer): layer.pull(pullback)
            case .crop(let layer): layer.pull(pullback)
            }
            return pullback.output.tensor
        }
    }
}

/// A region among those of all maps.
struct PooledRegion {
    /// Which of the gradient's regions it is.
    let index: Int
    let box: Box
}

/// What pulls the gradients of some regions back to the map that they were pooled from.
struct RoIPullback: Sendable {
    /// Of the regions of all maps: `[region, row, column]` of the pooled squares.
    let gradient: Maps
    /// Those of this map.
    var regions: [PooledRegion]
    let map: Maps
    /// Map positions a pixel.
    var scale: Float
    /// The gradient by the map, not yet written.
    let output: MutableMaps
}
