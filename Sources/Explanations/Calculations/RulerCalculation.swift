import Geometry
import Inference
import Kernels
import Tensors

/// The positions that each RoI layer reads, measured with a map whose values are coordinates.
package struct RulerCalculation {
    private let box: Box
    private let stride: Int
    private let bins: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(box: Box, stride: Int, bins: Int, print: @escaping (String) -> Void) {
        self.box = box
        self.stride = stride
        self.bins = bins
        self.print = print
    }

    package func run() throws {
        // A margin on the right and below, so that no layer reaches the border of the map.
        let cells = Int((max(box.x2, box.y2) / Float(stride)).rounded(.up)) + 4
        let ruler = Tensor(
            shape: [cells, cells, 1],
            elements: (0..<cells * cells).map { (Float($0 % cells) + 0.5) * Float(stride) })
        let negative = Tensor(shape: ruler.shape, elements: ruler.array.map { -$0 })
        let layers: [(name: String, layer: PoolingLayer)] = [
            ("cut down", .pool(.truncating)), ("nearest", .pool(.nearest)),
            ("RoIWarp", .warp(samplesPerAxis: 2)),
            ("no half", .align(samplesPerAxis: 2, subtractsHalfPixel: false)),
            ("RoIAlign", .align(samplesPerAxis: 2, subtractsHalfPixel: true)),
        ]
        let places = layers.map { layer in
            let pooled = [ruler, negative].map { map in
                layer.layer.layer(outputSize: bins)(
                    [map], regions: [RegionOfInterest(box: box)], scales: [1 / Float(stride)])
            }
            return (0..<bins).map { (pooled[0][0, bins / 2, $0, 0] - pooled[1][0, bins / 2, $0, 0]) / 2 }
        }
        print(
            "x from \(short(box.x1)) to \(short(box.x2)) on stride \(stride): where each bin looks, in pixels"
        )
        print("       middle    RoIPool:            RoIWarp   RoIAlign:")
        print("  bin  of bin   cut down   nearest             no half    whole")
        var worst = layers.map { _ in Float(0) }
        for bin in 0..<bins {
            let middle = box.x1 + (Float(bin) + 0.5) * box.width / Float(bins)
            for index in layers.indices { worst[index] = max(worst[index], abs(places[index][bin] - middle)) }
            print(
                column("\(bin)", width: 5) + column(middle, 1, width: 8)
                    + row(layers.indices.map { places[$0][bin] }))
        }
        print("  furthest off" + String(row(worst).dropFirst(1)))
    }

    private func row(_ numbers: [Float]) -> String {
        zip(numbers, [11, 10, 10, 10, 9]).map { column($0, 1, width: $1) }.joined()
    }
}
