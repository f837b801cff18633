import ArgumentParser
import Geometry
import Kernels
import Inference
import Tensors

/// Where each RoI layer looks, measured with a map whose values are places.
struct CalculateRuler: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ruler",
        abstract: "Where each RoI layer looks, read off a map whose values are places.",
        discussion: """
            Each cell of the map holds the x of its own centre, in pixels. What a layer pools from such a ruler \
            is where it has looked; the middle of each bin is where it should have. (A maximum is taken of the \
            ruler and of its negative, and the mean of the two ends counts.)

            Example:  maskrcnn calculate ruler --box 0,0,665,665 --stride 32
            """)

    @Option(parsing: .unconditional, help: ArgumentHelp("The box, in pixels.", valueName: "x1,y1,x2,y2"))
    var box: CornersArgument?

    @Option(help: ArgumentHelp("Pixels a cell of the map.", valueName: "number"))
    var stride = 32

    @Option(help: ArgumentHelp("Bins along each axis.", valueName: "number"))
    var bins = 7

    func validate() throws {
        guard 1...64 ~= stride else { throw ValidationError("--stride \(stride): must be from 1 to 64") }
        guard 1...32 ~= bins else { throw ValidationError("--bins \(bins): must be from 1 to 32") }
        if let box = box?.box, !(box.x1 >= 0 && box.y1 >= 0 && box.x2 <= 4096 && box.y2 <= 4096) {
            throw ValidationError("--box \(corners(box)): must lie within 4096 pixels")
        }
        if let box = box?.box, !(box.width > 0 && box.height > 0) {
            throw ValidationError("--box \(corners(box)): must have x2 above x1 and y2 above y1")
        }
    }

    func run() throws {
        let box = box?.box ?? Box(x1: 0, y1: 0, x2: 665, y2: 665)
        // A margin to the right and below, so that no layer meets the border of the map.
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
