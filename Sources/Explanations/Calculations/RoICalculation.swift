import Geometry
import Kernels

/// One region of interest worked through number by number: what RoIPool, RoIWarp and RoIAlign read of a map, as
/// text; figures 12 and 13 draw it.
///
/// The numbers are asked of the layers themselves, which pool with them.
package struct RoICalculation: Sendable {
    /// In pixels of the network's input.
    package var box: Box
    /// Pixels a cell of the map.
    package var stride: Float
    /// Bins along each axis.
    package var bins: Int
    /// Rows and columns of the map.
    package var mapSize: PixelSize
    /// RoIAlign's sample points along each axis of a bin; nil for as many as the bin is long.
    package var samplesPerAxis: Int?
    /// Whether RoIAlign takes the value of a cell to stand at its centre.
    package var subtractsHalfPixel: Bool

    /// The calculation for a box.
    package init(
        box: Box, stride: Float, bins: Int, mapSize: PixelSize, samplesPerAxis: Int? = 2,
        subtractsHalfPixel: Bool = true
    ) {
        self.box = box
        self.stride = stride
        self.bins = bins
        self.mapSize = mapSize
        self.samplesPerAxis = samplesPerAxis
        self.subtractsHalfPixel = subtractsHalfPixel
    }

    /// The example by which RoIPool is usually explained: a box of 665 pixels in a picture of 800, on a map of
    /// stride 32, to 7 bins. 665 / 32 = 20.78 becomes 20, and 20 / 7 = 2.86 becomes 2.
    package static let workedExample = RoICalculation(
        box: Box(x1: 0, y1: 0, x2: 665, y2: 665), stride: 32, bins: 7,
        mapSize: PixelSize(height: 25, width: 25))

    package var scale: Float { 1 / stride }

    /// The box in cells of the map, with nothing rounded.
    package var exact: Box { box.scaled(x: scale, y: scale) }

    package var align: RoIAlign {
        RoIAlign(outputSize: bins, samplesPerAxis: samplesPerAxis, subtractsHalfPixel: subtractsHalfPixel)
    }

    package var warp: RoIWarp { RoIWarp(outputSize: bins, samplesPerAxis: samplesPerAxis) }

    /// Both axes of a region as RoIPool reads it.
    package struct Pooled {
        package let columns: RoIPool.Quantized
        package let rows: RoIPool.Quantized

        package var region: PixelRegion {
            PixelRegion(
                x: columns.region.lowerBound, y: rows.region.lowerBound, width: columns.region.count,
                height: rows.region.count)
        }
    }

    package func pooled(by quantization: RoIPool.Quantization) -> Pooled {
        let layer = RoIPool(outputSize: bins, quantization: quantization)
        return Pooled(
            columns: layer.quantized(from: box.x1, to: box.x2, scale: scale, length: mapSize.width),
            rows: layer.quantized(from: box.y1, to: box.y2, scale: scale, length: mapSize.height))
    }

    /// The whole length that every bin has when everything is cut down.
    package func wholeBin(_ axis: RoIPool.Quantized) -> Int {
        // Of all bins, since the map's border may have cut some off.
        max(axis.bins.map(\.count).max() ?? 1, 1)
    }
}
