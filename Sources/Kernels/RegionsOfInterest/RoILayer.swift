import Execution
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
        let maps = maps.map { Maps($0) }
        precondition(
            maps.allSatisfy { $0.channels == maps[0].channels }, "maps of different numbers of channels")
        let output = MutableMaps(
            MapSizes(
                count: regions.count, height: outputSize, width: outputSize, channels: maps[0].channels))
        parallel(regions.count) { index in
            let (map, box, scale) = (regions[index].map, regions[index].box, scales[regions[index].map])
            switch self {
            case .pool(let layer): layer.pool(maps[map], box, scale: scale, into: output, index)
            case .warp(let layer): layer.pool(maps[map], box, scale: scale, into: output, index)
            case .align(let layer): layer.pool(maps[map], box, scale: scale, into: output, index)
            case .crop(let layer): layer.pool(maps[map], box, scale: scale, into: output, index)
            }
        }
        return output.tensor
    }
}

/// A box to pool, and which of several maps to pool it from.
public struct RegionOfInterest: Hashable, Sendable {
    /// In pixels of the network's input.
    package var box: Box
    /// An index into the maps.
    package var map: Int

    /// A region of a map.
    package init(box: Box, map: Int = 0) {
        self.box = box
        self.map = map
    }
}
