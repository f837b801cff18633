import Geometry
import Tensors

/// How a rectangle of a feature map, of any size, becomes a small square of fixed size: the layer that
/// Mask R-CNN is about (section 3, "RoIAlign").
public enum RoILayer: Hashable, Sendable {
    /// Rounds twice, then takes maxima (Fast R-CNN).
    case pool(RoIPool)
    /// Rounds the region, then samples bilinearly (MNC).
    case warp(RoIWarp)
    /// Rounds nowhere (Mask R-CNN).
    case align(RoIAlign)
    /// One sample a bin, the outermost on the region's edges (Matterport).
    case crop(CropAndResize)

    /// The side of the pooled square, in bins.
    public var outputSize: Int {
        switch self {
        case .pool(let layer): layer.outputSize
        case .warp(let layer): layer.sampling.outputSize
        case .align(let layer): layer.outputSize
        case .crop(let layer): layer.outputSize
        }
    }

    /// Pools each region from its map.
    ///
    /// - Parameters:
    ///   - maps: feature maps `[height, width, channels]`, all of the same number of channels.
    ///   - regions: boxes in pixels of the network's input, each with the map to pool from.
    ///   - scales: for each map, what a pixel of the input is in positions of the map: 1/4, 1/8, …
    /// - Returns: `[regions, outputSize, outputSize, channels]`.
    public func callAsFunction(_ maps: [Tensor], regions: [RegionOfInterest], scales: [Float]) -> Tensor {
        precondition(maps.count == scales.count)
        let channels = maps[0].shape[2]
        precondition(maps.allSatisfy { $0.shape[2] == channels }, "maps of different numbers of channels")
        let size = outputSize
        return Tensor(shape: [regions.count, size, size, channels]) { output in
            guard let output = output.baseAddress.map({ Shared($0) }) else { return }
            parallel(regions.count) { index in
                let region = regions[index]
                maps[region.map].withUnsafeElements { elements in
                    let map = MapView(
                        start: elements.baseAddress!, height: maps[region.map].shape[0],
                        width: maps[region.map].shape[1], channels: channels)
                    let result = output.pointer + index * size * size * channels
                    switch self {
                    case .pool(let layer):
                        layer.pool(map, region.box, scale: scales[region.map], into: result)
                    case .warp(let layer):
                        layer.pool(map, region.box, scale: scales[region.map], into: result)
                    case .align(let layer):
                        layer.pool(map, region.box, scale: scales[region.map], into: result)
                    case .crop(let layer):
                        layer.pool(map, region.box, scale: scales[region.map], into: result)
                    }
                }
            }
        }
    }
}

/// A box to pool, and which of several maps to pool it from.
public struct RegionOfInterest: Hashable, Sendable {
    /// In pixels of the network's input.
    public var box: Box
    /// An index into the maps.
    public var map: Int

    /// A region of a map.
    public init(box: Box, map: Int = 0) {
        self.box = box
        self.map = map
    }
}

/// A map in memory, inside a kernel.
struct MapView: @unchecked Sendable {
    let start: UnsafePointer<Float>
    let height: Int
    let width: Int
    let channels: Int
}
