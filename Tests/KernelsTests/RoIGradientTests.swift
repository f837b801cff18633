import Testing

import Geometry
import Kernels
import Tensors

@Suite("Gradients of RoI layers", .eachImplementation)
struct RoIGradientTests {
    private static let averages: [RoILayer] =
        [2, 3, nil].flatMap { samples in
            [false, true].flatMap { subtracts -> [RoILayer] in
                [
                    .align(RoIAlign(outputSize: 3, samplesPerAxis: samples, subtractsHalfPixel: subtracts)),
                    .warp(RoIWarp(outputSize: subtracts ? 2 : 3, samplesPerAxis: samples)),
                ]
            }
        } + [.crop(CropAndResize(outputSize: 3))]
    private static let maxima: [RoILayer] =
        [2, nil].flatMap { samples in
            [
                .align(RoIAlign(outputSize: 3, samplesPerAxis: samples, reduction: .maximum)),
                .align(
                    RoIAlign(
                        outputSize: 2, samplesPerAxis: samples, subtractsHalfPixel: true, reduction: .maximum)
                ),
                .warp(RoIWarp(outputSize: 3, samplesPerAxis: samples, reduction: .maximum)),
            ]
        } + RoIPool.Quantization.allCases.map { .pool(RoIPool(outputSize: 3, quantization: $0)) }

    /// Inside, across the borders, thin, tiny, without area, outside; in pixels of a 36 × 28 image.
    private static let boxes = [
        Box(x1: 5.25, y1: 7.125, x2: 30.75, y2: 23.5), Box(x1: 0, y1: 0, x2: 36, y2: 28),
        Box(x1: -21, y1: -13, x2: 18, y2: 11), Box(x1: 21, y1: 12, x2: 61, y2: 47),
        Box(x1: 12.125, y1: 20.5, x2: 13.25, y2: 21.25), Box(x1: 3, y1: 14, x2: 35, y2: 15.5),
        Box(x1: 9, y1: 9, x2: 9, y2: 9), Box(x1: 90, y1: 90, x2: 99, y2: 99),
    ]

    @Test("equal torchvision's, summed over boxes")
    func golden() throws {
        let cases = try fixture("gradients", as: GradientFixture.self).regions
        let regions = stride(from: 0, to: cases.boxes.count, by: 4).map {
            RegionOfInterest(
                box: Box(
                    x1: cases.boxes[$0], y1: cases.boxes[$0 + 1], x2: cases.boxes[$0 + 2],
                    y2: cases.boxes[$0 + 3]))
        }
        #expect(regions.count == 16 && cases.align.count == 6 && cases.pool.count == 2)
        let gradient = pattern([16, cases.outputSize, cases.outputSize, cases.map[2]], seed: 6)
        func check(_ layer: RoILayer, tied: Bool = false, near expected: [Double]) {
            let found = layer.gradient(
                gradient, maps: [pattern(cases.map, seed: 1, tied: tied)], regions: regions,
                scales: [cases.scale])
            #expect(found.count == 1)
            // Sixteen boxes and up to nine bins of each; small ones weigh a position several times.
            expect(
                found[0], hasShape: cases.map, near: expected, absolute: 64 * unitRoundoff,
                "\(layer), tied \(tied)")
        }
        for item in cases.align {
            let layer = RoIAlign(
                outputSize: cases.outputSize, samplesPerAxis: item.samplesPerAxis,
                subtractsHalfPixel: item.subtractsHalfPixel)
            check(.align(layer), near: item.mapGradient)
        }
        for item in cases.pool {
            check(.pool(RoIPool(outputSize: cases.outputSize)), tied: item.tied, near: item.mapGradient)
        }
    }

    /// Where a layer samples one region: for each bin, each sample's weights of the map's positions; for a
    /// layer without samples, each position alone. By the definition: a position weighs max(0, 1 − distance)
    /// along each axis, and a sample more than one position outside weighs nothing.
    private func samples(_ layer: RoILayer, _ box: Box, height: Int, width: Int) -> [[[Int: Double]]] {
        func weights(_ coordinate: Double, _ length: Int) -> [Int: Double] {
            guard coordinate >= -1 && coordinate <= Double(length) else { return [:] }
            let held = min(max(coordinate, 0), Double(length - 1))
            let near = (0..<length).map { ($0, max(0, 1 - abs(held - Double($0)))) }
            return Dictionary(uniqueKeysWithValues: near.filter { $0.1 > 0 })
        }
        func products(_ y: [Int: Double], _ x: [Int: Double]) -> [Int: Double] {
            var result: [Int: Double] = [:]
            for (row, vertical) in y {
                for (column, horizontal) in x { result[row * width + column] = vertical * horizontal }
            }
            return result
        }
        func grid(_ rows: [[[Int: Double]]], _ columns: [[[Int: Double]]]) -> [[[Int: Double]]] {
            rows.flatMap { row in
                columns.map { column in row.flatMap { y in column.map { x in products(y, x) } } }
            }
        }
        switch layer {
        case .pool(let layer):
            func axis(_ low: Float, _ high: Float, _ length: Int) -> [[[Int: Double]]] {
                layer.bins(from: low, to: high, scale: 0.25, length: length).map { $0.map { [$0: 1] } }
            }
            return grid(axis(box.y1, box.y2, height), axis(box.x1, box.x2, width))
        case .warp(let layer):
            let rounded = layer.quantized(box, scale: 0.25)
            let inPixels = Box(x1: rounded.x1 * 4, y1: rounded.y1 * 4, x2: rounded.x2 * 4, y2: rounded.y2 * 4)
            return samples(.align(layer.sampling), inPixels, height: height, width: width)
        case .align(let layer):
            func axis(_ low: Float, _ high: Float, _ length: Int) -> [[[Int: Double]]] {
                let start = Double(low) / 4 - (layer.subtractsHalfPixel ? 0.5 : 0)
                let extent = max(Double(high - low) / 4, layer.subtractsHalfPixel ? 0 : 1)
                let bin = extent / Double(layer.outputSize)
                let count = layer.samplesPerAxis ?? Int(bin.rounded(.up))
                return (0..<layer.outputSize).map { index in
                    (0..<count).map {
                        weights(start + bin * (Double(index) + (Double($0) + 0.5) / Double(count)), length)
                    }
                }
            }
            return grid(axis(box.y1, box.y2, height), axis(box.x1, box.x2, width))
        case .crop(let layer):
            func axis(_ low: Float, _ high: Float, _ length: Int) -> [[[Int: Double]]] {
                (0..<layer.outputSize).map { index in
                    let coordinate =
                        (Double(low) + Double(high - low) * Double(index) / Double(layer.outputSize - 1)) / 4
                    return [
                        coordinate < 0 || coordinate > Double(length - 1) ? [:] : weights(coordinate, length)
                    ]
                }
            }
            return grid(axis(box.y1, box.y2, height), axis(box.x1, box.x2, width))
        }
    }

    private func takesMaxima(_ layer: RoILayer) -> Bool {
        switch layer {
        case .pool: true
        case .warp(let layer): layer.sampling.reduction == .maximum
        case .align(let layer): layer.reduction == .maximum
        case .crop: false
        }
    }

    @Test("equal central differences", arguments: averages + maxima)
    func differences(layer: RoILayer) {
        let (height, width, channels) = (7, 9, 9)
        let map = pattern([height, width, channels], seed: 1)
        let bins = Self.boxes.flatMap { samples(layer, $0, height: height, width: width) }
        let takesMaxima = takesMaxima(layer)
        func pooled(_ values: [Double]) -> [Double] {
            bins.flatMap { bin in
                (0..<channels).map { channel in
                    let values = bin.map { sample in
                        sample.reduce(0.0) { $0 + $1.value * values[$1.key * channels + channel] }
                    }
                    return takesMaxima
                        ? values.max() ?? 0 : values.reduce(0, +) / Double(max(values.count, 1))
                }
            }
        }
        let size = layer.outputSize
        let gradient = pattern([Self.boxes.count, size, size, channels], seed: 6)
        let expected = centralDifferences(of: pooled, at: map, gradient: gradient, step: 1e-6)
        let found = layer.gradient(
            gradient, maps: [map.borrowed], regions: Self.boxes.map { RegionOfInterest(box: $0) },
            scales: [0.25])
        #expect(found.count == 1)
        // Places below 16 are off by a few roundings, so weights by 1e-6 each; some dozen count.
        expect(
            found[0], hasShape: map.shape, near: expected, absolute: 2e-5, relative: 1e-5, "\(layer)")
    }

    @Test("each region gives to its map, at that map's scale", arguments: averages + maxima)
    func levels(layer: RoILayer) {
        let maps = [
            pattern([7, 9, 20], seed: 1), pattern([4, 5, 20], seed: 2), pattern([2, 2, 20], seed: 3),
        ]
        let scales: [Float] = [0.25, 0.125, 0.0625]
        let regions = Self.boxes.enumerated().map { RegionOfInterest(box: $1, map: $0 % 2) }
        let size = layer.outputSize
        let gradient = pattern([regions.count, size, size, 20], seed: 6)
        let found = layer.gradient(gradient, maps: maps, regions: regions, scales: scales)
        #expect(found.map(\.shape) == maps.map(\.shape))
        expect(found[2], equals: Tensor(shape: [2, 2, 20]), "a map without regions")
        let length = size * size * 20
        for index in 0..<2 {
            let members = regions.indices.filter { $0 % 2 == index }
            let alone = layer.gradient(
                Tensor(
                    shape: [members.count, size, size, 20],
                    elements: members.flatMap { gradient.array[$0 * length..<($0 + 1) * length] }),
                maps: [maps[index]], regions: members.map { RegionOfInterest(box: regions[$0].box) },
                scales: [scales[index]])
            expect(found[index], equals: alone[0], "map \(index)")
        }
        let none = layer.gradient(
            Tensor(shape: [0, size, size, 20]), maps: maps, regions: [], scales: scales)
        for (index, map) in maps.enumerated() { expect(none[index], equals: Tensor(shape: map.shape)) }
    }

    @Test("adjoint identity on larger maps", arguments: averages + maxima)
    func adjoint(layer: RoILayer) {
        let maps = [pattern([61, 47, 20], seed: 1), pattern([31, 24, 20], seed: 2)]
        let numbers = pattern([40, 4], seed: 5)
        let regions = (0..<40).map { index in
            let (x, y) = (94 + 120 * numbers[index, 0], 122 + 150 * numbers[index, 1])
            return RegionOfInterest(
                box: Box(
                    x1: x, y1: y, x2: x + 60 + 60 * numbers[index, 2], y2: y + 60 + 60 * numbers[index, 3]),
                map: index % 2)
        }
        let scales: [Float] = [0.25, 0.125]
        let output = layer(maps, regions: regions, scales: scales)
        let gradient = pattern(output.shape, seed: 6)
        // The mean's pullback does not see the maps' numbers.
        let at = takesMaxima(layer) ? maps : maps.map { Tensor(shape: $0.shape) }
        expectAdjoint(
            output: output, gradient: gradient, inputs: maps,
            pulledBack: layer.gradient(gradient, maps: at, regions: regions, scales: scales), "\(layer)")
    }

    /// On a constant map all samples of a bin are equal: the first one's four positions get everything.
    @Test("the first of equal samples takes all")
    func ties() {
        let layer = RoILayer.align(RoIAlign(outputSize: 1, reduction: .maximum))
        // Samples at 1 and 3 along each axis, at whole positions.
        let found = layer.gradient(
            Tensor(shape: [1, 1, 1, 9], repeating: 2), maps: [Tensor(shape: [5, 5, 9], repeating: 1)],
            regions: [RegionOfInterest(box: Box(x1: 0, y1: 0, x2: 4, y2: 4))], scales: [1])
        let expected = (0..<225).map { $0 / 9 == 6 ? 2.0 : 0 }
        expect(found[0], hasShape: [5, 5, 9], near: expected)
    }

    @Test("boxes that are no boxes give numbers, and soon", arguments: averages + maxima)
    func hostileBoxes(layer: RoILayer) {
        let edges: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, 20]
        let regions = edges.flatMap { x1 in
            edges.flatMap { y1 in
                edges.flatMap { x2 in
                    edges.map { RegionOfInterest(box: Box(x1: x1, y1: y1, x2: x2, y2: $0)) }
                }
            }
        }
        let size = layer.outputSize
        let found = layer.gradient(
            Tensor(shape: [regions.count, size, size, 1], repeating: 1), maps: [pattern([5, 6, 1], seed: 1)],
            regions: regions, scales: [0.25])
        #expect(found[0].shape == [5, 6, 1] && found[0].array.allSatisfy(\.isFinite))
    }
}
