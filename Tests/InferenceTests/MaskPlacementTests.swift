import Geometry
import Inference
import Testing

/// Which pixels a pasted mask looks at, by hand.
@Suite struct MaskPlacementTests {
    private let size = PixelSize(height: 100, width: 100)

    @Test func pixelCentresReadTheExactBox() {
        // Pixel 12: (12.5 − 10.5) / 4 · 2 + ½ = 1.5, halfway between the two columns of the map.
        let placement = MaskPlacement(
            box: Box(x1: 10.5, y1: 20.5, x2: 14.5, y2: 24.5), side: 2, imageSize: size,
            pasting: .pixelCentres)
        #expect(placement.region == PixelRegion(x: 9, y: 19, width: 7, height: 7))
        #expect(placement.columns.count == 7 && placement.rows.count == 7)
        let tap = placement.columns[3]
        #expect(tap.first == 1 && tap.second == 2 && tap.weight == 0.5)
    }

    @Test func wholePixelsReadTheTruncatedBox() {
        // Half side 4.45 · 30 / 28 = 4.768 around 15.25: from 10.48 to 20.02, pixels 10 … 20.
        let placement = MaskPlacement(
            box: Box(x1: 10.8, y1: 20.8, x2: 19.7, y2: 29.7), side: 28, imageSize: size,
            pasting: .wholePixels)
        #expect(placement.region == PixelRegion(x: 10, y: 20, width: 11, height: 11))
        // (0 + ½) · 30 / 11 − ½ = 0.8636.
        #expect(placement.columns[0].first == 0 && placement.columns[0].second == 1)
        #expect(abs(placement.columns[0].weight - 0.863_636) < 1e-5)
    }
}

/// Exchanging one RoI layer for another.
@Suite struct PoolingLayerKindTests {
    @Test func samplesAreKept() {
        let layer = PoolingLayer.align(samplesPerAxis: nil, subtractsHalfPixel: false)
        #expect(
            layer.replaced(by: .alignMaximum)
                == .align(samplesPerAxis: nil, subtractsHalfPixel: false, .maximum))
        #expect(layer.replaced(by: .warp) == .warp(samplesPerAxis: nil))
        #expect(layer.replaced(by: .pool) == .pool(.nearest))
        #expect(layer.replaced(by: .align) == layer)
    }
}
