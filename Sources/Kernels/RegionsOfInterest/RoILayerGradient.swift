import Geometry
import Tensors

extension RoILayer {
    /// The pullback of pooling, by the maps; the regions' boxes get no gradient, as in Faster R-CNN.
    ///
    /// - Parameters:
    ///   - gradient: of the loss by the pooled regions: `[regions, outputSize, outputSize, channels]`.
    ///   - maps: what was pooled from. A mean needs only their shapes; a maximum gives its whole gradient to
    ///     its winner, the first in row-major order if there are several.
    ///   - regions: as they were pooled.
    ///   - scales: for each map, what a pixel of the input is in positions of the map.
    /// - Returns: one gradient for each map, of its shape.
    public func gradient(
        _ gradient: Tensor, maps: [Tensor], regions: [RegionOfInterest], scales: [Float]
    ) -> [Tensor] {
        precondition(maps.count == scales.count)
        let channels = maps[0].shape[2]
        precondition(maps.allSatisfy { $0.shape[2] == channels }, "maps of different numbers of channels")
        precondition(gradient.shape == [regions.count, outputSize, outputSize, channels])
        return zip(maps, scales).enumerated().map { index, level in
            let (map, scale) = level
            let members = regions.indices.filter { regions[$0].map == index }
                .map { PooledRegion(index: $0, box: regions[$0].box) }
            return Tensor(shape: map.shape) { output in
                map.withUnsafeElements { elements in
                    gradient.withUnsafeElements { gradient in
                        let pullback = RoIPullback(
                            gradient: gradient.baseAddress!, regions: members,
                            map: MapView(
                                start: elements.baseAddress!, height: map.shape[0], width: map.shape[1],
                                channels: channels),
                            scale: scale, output: output.baseAddress!)
                        switch self {
                        case .pool(let layer): layer.pull(pullback)
                        case .warp(let layer): layer.pull(pullback)
                        case .align(let layer): layer.pull(pullback)
                        case .crop(let layer): layer.pull(pullback)
                        }
                    }
                }
            }
        }
    }
}

/// A region among those of all maps.
struct PooledRegion {
    /// Where its gradient stands.
    let index: Int
    let box: Box
}

/// What pulls the gradients of some regions back to the map that they were pooled from.
struct RoIPullback: @unchecked Sendable {
    /// Of the regions of all maps.
    let gradient: UnsafePointer<Float>
    /// Those of this map.
    var regions: [PooledRegion]
    let map: MapView
    /// Map positions a pixel.
    var scale: Float
    /// The gradient by the map, not yet written.
    let output: UnsafeMutablePointer<Float>
}
