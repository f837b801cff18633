import Geometry
import Kernels

/// How RoIPool, RoIWarp and RoIAlign read one region of a map, number by number. Printed as text, and drawn by figures
/// 12 and 13.
///
/// The numbers come from the layers themselves, which use them for pooling.
package struct RoICalculation: Sendable {
    /// The region, in pixels of the network's input.
    package var box: Box
    /// The map's stride in pixels.
    package var stride: Float
    /// Bins along each axis.
    package var bins: Int
    /// Rows and columns of the map.
    package var mapSize: PixelSize
    /// RoIAlign's sample points along each axis of a bin; nil for the bin's length in cells, rounded up.
    package var samplesPerAxis: Int?
    /// Whether RoIAlign places the value of a cell at its centre.
    package var subtractsHalfPixel: Bool

    /// A calculation for a box.
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

    /// The example with which RoIPool is usually explained: a box of 665 pixels in an image of 800, a map of stride 32,
    /// and 7 bins. 665 / 32 = 20.78 becomes 20, and 20 / 7 = 2.86 becomes 2.
    package static let workedExample = RoICalculation(
        box: Box(x1: 0, y1: 0, x2: 665, y2: 665), stride: 32, bins: 7,
        mapSize: PixelSize(height: 25, width: 25))

    package var scale: Float { 1 / stride }

    /// The box in cells of the map, without rounding.
    package var exact: Box { box.scaled(x: scale, y: scale) }

    package var align: RoIAlign {
        RoIAlign(outputSize: bins, samplesPerAxis: samplesPerAxis, subtractsHalfPixel: subtractsHalfPixel)
    }

    package var warp: RoIWarp { RoIWarp(outputSize: bins, samplesPerAxis: samplesPerAxis) }

    /// Both axes of a region after RoIPool's quantisation.
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

    /// The length of every bin, in cells, if everything is truncated.
    package func wholeBin(_ axis: RoIPool.Quantized) -> Int {
        // The largest, since the map's border may have truncated some bins.
        max(axis.bins.map(\.count).max() ?? 1, 1)
    }
}
