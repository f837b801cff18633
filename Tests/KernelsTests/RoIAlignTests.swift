import Testing

import Geometry
import Kernels
import Tensors

@Suite("RoIAlign", .eachImplementation)
struct RoIAlignTests {
    @Test("equals torchvision")
    func golden() throws {
        let cases = try fixture("regions", as: RegionFixture.self)
        #expect(cases.regions.count == 16 && cases.align.count == 6)
        for item in cases.align {
            let layer = RoIAlign(
                outputSize: cases.outputSize, samplesPerAxis: item.samplesPerAxis,
                subtractsHalfPixel: item.subtractsHalfPixel)
            // The same arithmetic but for the order of the sums, of up to 12 × 12 samples below 1.
            cases.expectEach(
                .align(layer), near: item.output, absolute: 16 * unitRoundoff,
                "aligned \(item.subtractsHalfPixel), samples \(item.samplesPerAxis ?? 0)")
        }
    }

    /// Boxes in pixels of a 56 × 44 image; the map has a quarter of that.
    private static let boxes = [
        Box(x1: 5.3, y1: 7.1, x2: 40.9, y2: 33.3), Box(x1: 0, y1: 0, x2: 56, y2: 44),
        Box(x1: -21, y1: -13, x2: 30, y2: 21), Box(x1: 33, y1: 20, x2: 81, y2: 77),
        Box(x1: 12.1, y1: 20.4, x2: 13.3, y2: 21.2), Box(x1: 3, y1: 20, x2: 51, y2: 21.3),
        Box(x1: 90, y1: 90, x2: 99, y2: 99),
    ]
    private let mapShape = [11, 14, 9]

    /// All samples of a bin by the definition, in Double: every map position weighs
    /// max(0, 1 − distance) along each axis; a sample more than one position outside is 0.
    private func samples(_ map: Tensor, _ layer: RoIAlign, _ box: Box, row: Int, column: Int, channel: Int)
        -> [Double]
    {
        let shift = layer.subtractsHalfPixel ? 0.5 : 0.0
        func axis(_ low: Float, _ high: Float, _ bin: Int) -> [Double] {
            let start = Double(low) / 4 - shift
            let length = max((Double(high) - Double(low)) / 4, layer.subtractsHalfPixel ? 0 : 1)
            let binLength = length / Double(layer.outputSize)
            let count = layer.samplesPerAxis ?? Int(binLength.rounded(.up))
            return (0..<count).map {
                start + binLength * (Double(bin) + (Double($0) + 0.5) / Double(count))
            }
        }
        func weights(_ coordinate: Double, _ length: Int) -> [Double] {
            guard coordinate >= -1 && coordinate <= Double(length) else {
                return Array(repeating: 0, count: length)
            }
            let held = min(max(coordinate, 0), Double(length - 1))
            return (0..<length).map { max(0, 1 - abs(held - Double($0))) }
        }
        return axis(box.y1, box.y2, row).flatMap { y in
            axis(box.x1, box.x2, column).map { x in
                var value = 0.0
                for (i, vertical) in weights(y, mapShape[0]).enumerated() where vertical > 0 {
                    for (j, horizontal) in weights(x, mapShape[1]).enumerated() where horizontal > 0 {
                        value += vertical * horizontal * Double(map[i, j, channel])
                    }
                }
                return value
            }
        }
    }

    @Test(
        "mean and maximum equal the definition", arguments: RoIAlign.Reduction.allCases, [1, 2, 3, nil])
    func oracle(reduction: RoIAlign.Reduction, samplesPerAxis: Int?) {
        // Negative throughout, so that a maximum shows whether samples outside the map count as 0.
        let map = pattern(mapShape, seed: 1).mapped { $0 - 1.5 }
        for subtracts in [false, true] {
            let layer = RoIAlign(
                outputSize: 3, samplesPerAxis: samplesPerAxis, subtractsHalfPixel: subtracts,
                reduction: reduction)
            for box in Self.boxes {
                var expected: [Double] = []
                for row in 0..<3 {
                    for column in 0..<3 {
                        for channel in 0..<mapShape[2] {
                            let values = samples(map, layer, box, row: row, column: column, channel: channel)
                            let mean = values.reduce(0, +) / Double(max(values.count, 1))
                            expected.append(reduction == .average ? mean : values.max() ?? 0)
                        }
                    }
                }
                // Coordinates up to 22 with a few roundings each, times slopes below 2 along each axis.
                expect(
                    RoILayer.align(layer)(map, box, scale: 0.25), hasShape: [3, 3, mapShape[2]],
                    near: expected, absolute: 22 * 4 * 4 * unitRoundoff, "\(box), aligned \(subtracts)")
            }
        }
    }

    /// What `samples` shows is what the layer computes.
    @Test("the public samples give the pooled values", arguments: RoIAlign.Reduction.allCases, [2, nil])
    func publicSamples(reduction: RoIAlign.Reduction, samplesPerAxis: Int?) {
        let map = pattern(mapShape, seed: 1)
        let size = PixelSize(height: mapShape[0], width: mapShape[1])
        for subtracts in [false, true] {
            let layer = RoIAlign(
                outputSize: 2, samplesPerAxis: samplesPerAxis, subtractsHalfPixel: subtracts,
                reduction: reduction)
            for box in Self.boxes {
                let pooled = RoILayer.align(layer)(map, box, scale: 0.25)
                for row in 0..<2 {
                    for column in 0..<2 {
                        let samples = layer.samples(
                            of: box, scale: 0.25, mapSize: size, row: row, column: column)
                        for sample in samples where sample.isInside {
                            #expect((0..<11).contains(sample.top) && (0..<11).contains(sample.bottom))
                            #expect((0..<14).contains(sample.left) && (0..<14).contains(sample.right))
                            #expect(
                                (0..<1).contains(sample.lowerWeight) && (0..<1).contains(sample.rightWeight))
                        }
                        for channel in 0..<mapShape[2] {
                            let values = samples.map { sample -> Double in
                                guard sample.isInside else { return 0 }
                                let (v, h) = (Double(sample.lowerWeight), Double(sample.rightWeight))
                                func at(_ y: Int, _ x: Int) -> Double { Double(map[y, x, channel]) }
                                return (1 - v) * (1 - h) * at(sample.top, sample.left)
                                    + (1 - v) * h * at(sample.top, sample.right)
                                    + v * (1 - h) * at(sample.bottom, sample.left)
                                    + v * h * at(sample.bottom, sample.right)
                            }
                            let mean = values.reduce(0, +) / Double(max(values.count, 1))
                            let expected = reduction == .average ? mean : values.max() ?? 0
                            #expect(abs(Double(pooled[row, column, channel]) - expected) < 16 * unitRoundoff)
                        }
                    }
                }
            }
        }
    }

    /// Worked by hand: a box of 8 × 4 pixels on stride 4 is 2 × 1 positions; 2 × 2 bins of 2 × 2 samples.
    @Test("the coordinates of samples, by hand")
    func coordinates() {
        let box = Box(x1: 4, y1: 8, x2: 12, y2: 12)
        let size = PixelSize(height: 11, width: 14)
        let plain = RoIAlign(outputSize: 2).samples(of: box, scale: 0.25, mapSize: size, row: 1, column: 0)
        #expect(plain.map(\.y) == [2.625, 2.625, 2.875, 2.875])
        #expect(plain.map(\.x) == [1.25, 1.75, 1.25, 1.75])
        #expect(plain.map(\.top) == [2, 2, 2, 2] && plain.map(\.bottom) == [3, 3, 3, 3])
        #expect(plain.map(\.left) == [1, 1, 1, 1] && plain.map(\.right) == [2, 2, 2, 2])
        #expect(plain.map(\.lowerWeight) == [0.625, 0.625, 0.875, 0.875])
        #expect(plain.map(\.rightWeight) == [0.25, 0.75, 0.25, 0.75])
        let aligned = RoIAlign(outputSize: 2, subtractsHalfPixel: true)
            .samples(of: box, scale: 0.25, mapSize: size, row: 1, column: 0)
        #expect(aligned.map(\.y) == [2.125, 2.125, 2.375, 2.375])
        #expect(aligned.map(\.x) == [0.75, 1.25, 0.75, 1.25])
    }

    /// On a map whose value is its own coordinate, an exact layer reads the coordinate back.
    @Test("a ramp is read without a shift when half a position is subtracted")
    func ramp() {
        // The value at index i is i + ½, the coordinate of its centre.
        func centre(_ index: Int) -> Float { Float(index % 14) + 0.5 }
        let map = Tensor(shape: [11, 14, 1], elements: (0..<154).map(centre))
        let box = Box(x1: 9, y1: 8, x2: 37, y2: 36)
        // From 9/4 to 37/4: seven positions, one a bin.
        let bins = (0..<7).map { 2.75 + Double($0) }
        for samples in [1, 2, 3, nil] {
            for (subtracts, shift) in [(true, 0.0), (false, 0.5)] {
                let layer = RoIAlign(outputSize: 7, samplesPerAxis: samples, subtractsHalfPixel: subtracts)
                expect(
                    RoILayer.align(layer)(map, box, scale: 0.25), hasShape: [7, 7, 1],
                    near: (0..<49).map { bins[$0 % 7] + shift }, absolute: 64 * unitRoundoff)
            }
        }
    }

    @Test(
        "NaN and infinity in the map reach the bins that sample them", arguments: RoIAlign.Reduction.allCases)
    func specialValues(reduction: RoIAlign.Reduction) {
        // Bins of two positions each; samples at ½ and 1½ weigh positions 0, 1 and 2 of the first bin.
        let box = Box(x1: 0, y1: 0, x2: 16, y2: 16)
        let layer = RoILayer.align(RoIAlign(outputSize: 2, reduction: reduction))
        for position in 0...2 {
            var map = pattern([8, 8, 9], seed: 1)
            map[position, 0, 4] = .nan
            map[position, 0, 8] = .nan
            let output = layer(map, box, scale: 0.25)
            for channel in 0..<9 {
                #expect(
                    output[0, 0, channel].isNaN == (channel == 4 || channel == 8), "\(position) \(channel)")
                #expect(!output[0, 1, channel].isNaN)
            }
        }
    }
}
