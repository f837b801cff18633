import TestSupport
import Testing

import Geometry
import Kernels
import Tensors

/// What torchvision computes for boxes inside, outside, across and on the border of a small map.
struct RegionFixture: Decodable {
    struct Align: Decodable {
        var subtractsHalfPixel: Bool
        var samplesPerAxis: Int?
        var output: [Double]
    }
    var map: [Int]
    var outputSize: Int
    var scale: Float
    var names: [String]
    var boxes: [Float]
    var align: [Align]
    var pool: [Float]

    var regions: [RegionOfInterest] {
        TestSupport.boxes(boxes).map { RegionOfInterest(box: $0) }
    }

    /// The outputs of a layer, box by box, so that a failure names the box.
    func expectEach(
        _ layer: RoILayer, near expected: [Double], absolute: Double, _ what: String
    ) {
        let length = outputSize * outputSize * map[2]
        let maps = [pattern(map, seed: 1)]
        for (index, region) in regions.enumerated() {
            expect(
                layer(maps, regions: [region], scales: [scale]),
                hasShape: [1, outputSize, outputSize, map[2]],
                near: Array(expected[index * length..<(index + 1) * length]), absolute: absolute,
                "\(what), \(names[index])")
        }
    }
}

extension RoILayer {
    /// Pools one box from one map, for tests of a single box: `[outputSize, outputSize, channels]`.
    func callAsFunction(_ map: Tensor, _ box: Box, scale: Float) -> Tensor {
        self([map], regions: [RegionOfInterest(box: box)], scales: [scale])
            .reshaped(to: [outputSize, outputSize, map.shape[2]])
    }
}
