import Testing

import Geometry
import Kernels
import Tensors

/// What all layers that pool regions have in common.
@Suite("RoI layers")
struct RoILayerTests {
    private static let layers: [RoILayer] =
        RoIAlign.Reduction.allCases.flatMap { reduction in
            [2, nil].flatMap { samples in
                [
                    .align(RoIAlign(outputSize: 2, samplesPerAxis: samples, reduction: reduction)),
                    .align(
                        RoIAlign(
                            outputSize: 2, samplesPerAxis: samples, subtractsHalfPixel: true,
                            reduction: reduction)),
                    .warp(RoIWarp(outputSize: 2, samplesPerAxis: samples, reduction: reduction)),
                ]
            }
        } + RoIPool.Quantization.allCases.map { .pool(RoIPool(outputSize: 2, quantization: $0)) }
        + [.crop(CropAndResize(outputSize: 2))]

    @Test("each region from its map, at that map's scale", .eachImplementation, arguments: layers)
    func levels(layer: RoILayer) {
        let maps = [pattern([12, 16, 9], seed: 1), pattern([6, 8, 9], seed: 2).borrowed]
        let scales: [Float] = [0.25, 0.125]
        let boxes = [
            Box(x1: 3, y1: 5, x2: 40, y2: 30), Box(x1: 20, y1: 1, x2: 61, y2: 44),
            Box(x1: 0, y1: 0, x2: 64, y2: 48),
        ]
        let regions = boxes.enumerated().flatMap { index, box in
            [RegionOfInterest(box: box, map: index % 2), RegionOfInterest(box: box, map: 1 - index % 2)]
        }
        let output = layer(maps, regions: regions, scales: scales)
        #expect(output.shape == [6, 2, 2, 9])
        let elements = output.array
        for (index, region) in regions.enumerated() {
            let alone = layer(maps[region.map], region.box, scale: scales[region.map])
            #expect(Array(elements[index * 36..<(index + 1) * 36]) == alone.array)
        }
        #expect(layer(maps, regions: [], scales: scales).shape == [0, 2, 2, 9])
    }

    /// Every combination of four edges, none of which a network ought to give.
    @Test("boxes that are no boxes give numbers, and soon", arguments: layers)
    func hostileBoxes(layer: RoILayer) {
        let edges: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, .greatestFiniteMagnitude, 20]
        let regions = edges.flatMap { x1 in
            edges.flatMap { y1 in
                edges.flatMap { x2 in
                    edges.map { RegionOfInterest(box: Box(x1: x1, y1: y1, x2: x2, y2: $0)) }
                }
            }
        }
        let output = layer([pattern([5, 6, 1], seed: 1)], regions: regions, scales: [0.25])
        #expect(output.shape == [7 * 7 * 7 * 7, 2, 2, 1])
        #expect(output.array.allSatisfy { $0.isFinite && abs($0) <= 1 })
    }

    /// One edge at a time, from pixels to beyond what a Float counts in ones.
    @Test("larger and larger boxes", arguments: layers)
    func largeBoxes(layer: RoILayer) {
        let map = pattern([5, 6, 9], seed: 1)
        for exponent in stride(from: 3, through: 126, by: 3) {
            let far = Float(sign: .plus, exponent: exponent, significand: 1)
            for box in [
                Box(x1: -far, y1: -far, x2: far, y2: far), Box(x1: 1, y1: -far, x2: 9, y2: far),
                Box(x1: far, y1: far, x2: -far, y2: -far), Box(x1: far, y1: 2, x2: far * 2, y2: 11),
            ] {
                let output = layer(map, box, scale: 0.25)
                #expect(output.array.allSatisfy { $0.isFinite && abs($0) <= 1 }, "\(box)")
            }
        }
    }

    @Test("samples of boxes that are no boxes")
    func hostileSamples() {
        let size = PixelSize(height: 5, width: 6)
        let nan = Box(x1: .nan, y1: .nan, x2: .nan, y2: .nan)
        let adaptive = RoIAlign(outputSize: 2, samplesPerAxis: nil)
        let fixed = RoIAlign(outputSize: 2)
        #expect(fixed.samples(of: nan, scale: 1, mapSize: size, row: 1, column: 1).count == 4)
        #expect(
            fixed.samples(of: nan, scale: 1, mapSize: size, row: 1, column: 1).allSatisfy { !$0.isInside })
        #expect(
            adaptive.samples(of: nan, scale: 1, mapSize: size, row: 1, column: 1).allSatisfy { !$0.isInside })
        let endless = Box(x1: -1e30, y1: 1, x2: 1e30, y2: 3)
        #expect(
            adaptive.samples(of: endless, scale: 1, mapSize: size, row: 1, column: 1).count <= 1024)
    }

    @Test("the size of the result")
    func outputSize() {
        #expect(RoILayer.align(RoIAlign(outputSize: 14)).outputSize == 14)
        #expect(RoILayer.warp(RoIWarp(outputSize: 7)).outputSize == 7)
        #expect(RoILayer.pool(RoIPool(outputSize: 3)).outputSize == 3)
    }
}
