import Testing

import Geometry
import Kernels
import Tensors

/// What the RoI layers say of their own steps, for figures and for ports.
@Suite("Steps of RoI layers")
struct RoIStepsTests {
    @Test("both quantisations of the worked example")
    func quantized() {
        let cut = RoIPool(outputSize: 7, quantization: .truncating)
            .quantized(from: 0, to: 665, scale: 1 / 32, length: 25)
        #expect(cut.exactStart == 0 && cut.exactEnd == 20.78125)
        #expect(cut.region == 0..<20 && abs(cut.binLength - 20.0 / 7) < 1e-6)
        #expect(cut.bins.last == 12..<14)
        let rounded = RoIPool(outputSize: 7).quantized(from: 0, to: 665, scale: 1 / 32, length: 25)
        #expect(rounded.region == 0..<22 && abs(rounded.binLength - 22.0 / 7) < 1e-6)
    }

    /// The region is what the rounding leaves, whatever the map cuts off.
    @Test("the map's border cuts bins off, not the region")
    func beyondTheMap() {
        let layer = RoIPool(outputSize: 2, quantization: .truncating)
        let found = layer.quantized(from: -3, to: 9, scale: 1, length: 5)
        #expect(found.region == -3..<9 && found.binLength == 6 && found.bins == [0..<3, 3..<5])
    }

    /// 20.78125 / 7 = 2.96875 a bin; half a pixel moves all borders by ½.
    @Test("borders", arguments: [false, true])
    func borders(subtractsHalfPixel: Bool) {
        let layer = RoIAlign(outputSize: 7, subtractsHalfPixel: subtractsHalfPixel)
        let borders = layer.borders(of: Box(x1: 0, y1: 32, x2: 665, y2: 697), scale: 1 / 32)
        #expect(borders.rows.count == 8 && borders.columns.count == 8)
        let offset: Float = subtractsHalfPixel ? 0.5 : 0
        for index in 0...7 {
            #expect(abs(borders.columns[index] - (Float(index) * 2.96875 - offset)) < 1e-5)
            #expect(abs(borders.rows[index] - (1 + Float(index) * 2.96875 - offset)) < 1e-5)
        }
    }

    /// A bin by its own samples: the weighted sums of their neighbours, averaged, are what the layer pools.
    @Test("neighbours and weights make the pooled value", arguments: [nil, 1, 2, 3], [false, true])
    func neighbours(samplesPerAxis: Int?, subtractsHalfPixel: Bool) {
        let map = pattern([9, 12, 3], seed: 4)
        let layer = RoIAlign(
            outputSize: 3, samplesPerAxis: samplesPerAxis, subtractsHalfPixel: subtractsHalfPixel)
        let box = Box(x1: -9, y1: 5, x2: 41, y2: 30.5)
        let pooled = RoILayer.align(layer)(map, box, scale: 0.25)
        for row in 0..<3 {
            for column in 0..<3 {
                let samples = layer.samples(
                    of: box, scale: 0.25, mapSize: PixelSize(height: 9, width: 12), row: row, column: column)
                for sample in samples where sample.isInside {
                    #expect(abs(sample.neighbours.reduce(0) { $0 + $1.weight } - 1) < 1e-6)
                }
                for channel in 0..<3 {
                    let sum = samples.flatMap(\.neighbours).reduce(0) {
                        $0 + $1.weight * map[$1.row, $1.column, channel]
                    }
                    #expect(abs(sum / Float(samples.count) - pooled[row, column, channel]) < 1e-5)
                }
            }
        }
    }

    @Test("a sample outside the map has no neighbours")
    func outside() {
        let layer = RoIAlign(outputSize: 1, samplesPerAxis: 1)
        let sample = layer.samples(
            of: Box(x1: 100, y1: 100, x2: 104, y2: 104), scale: 1, mapSize: PixelSize(height: 5, width: 5),
            row: 0, column: 0)
        #expect(sample.count == 1 && !sample[0].isInside && sample[0].neighbours.isEmpty)
    }
}
