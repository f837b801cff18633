import Figures
import Kernels
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 28: the region proposal network's 3×3 convolution of the finest map, for one input channel and one
    /// output channel.
    func convolution() throws -> Figure {
        let level = run.model.levelNames[0]
        let stage: Stage = level.hasPrefix("p") ? Stage("fpn.\(level)") : Stage("backbone.\(level)")
        guard let map = run.tensor(stage), let layer = run.model.network.rpn.hidden.first else {
            throw NothingToDraw("the run recorded no map that a 3×3 convolution reads")
        }
        let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
        guard height >= 6 && width >= 10 else {
            throw NothingToDraw("a map of \(height)×\(width) is smaller than the tiles of this figure")
        }
        let channel = map.mostVaryingChannels(1)[0]
        let weight = layer.convolution.weight
        // The output channel that this input channel tells most.
        let kernels = (0..<weight.shape[0]).map { output in
            (0..<9).map { weight[output, channel, $0 / 3, $0 % 3] }
        }
        let strength = kernels.map { $0.reduce(0) { $0 + $1 * $1 } }
        let output = strength.indices.max { strength[$0] < strength[$1] } ?? 0
        let piece = liveliestPiece(of: map, channel: channel, width: 10, height: 6)
        let tile = WinogradTile(
            input: (0..<36).map { piece.values[$0 / 6 * piece.width + $0 % 6] }, kernel: kernels[output])
        return ConvolutionFigure(
            layer: layer.name, input: piece, kernel: kernels[output],
            tile: ConvolutionFigure.Tile(
                transformedInput: tile.transformedInput, transformedKernel: tile.transformedKernel,
                product: tile.product, output: tile.output),
            patchShape: (height * width, 9 * channels), outputs: layer.convolution.outputs,
            note: "what channel \(channel) of \(stage.name) adds to output channel \(output)",
            background: background
        ).figure
    }

    /// The piece of a channel in which neighbours differ most, away from the border if the map is large enough.
    private func liveliestPiece(of map: Tensor, channel: Int, width: Int, height: Int) -> HeatMap {
        let values = HeatMap(map, channel: channel, isSigned: true).values
        let columns = map.shape[1]
        func piece(_ x: Int, _ y: Int) -> [Float] {
            (y..<y + height).flatMap { row in values[row * columns + x..<row * columns + x + width] }
        }
        func starts(_ length: Int, _ side: Int) -> StrideThrough<Int> {
            let margin = length >= side + length / 4 ? length / 8 : 0
            return stride(from: margin, through: length - margin - side, by: 2)
        }
        var best = (x: 0, y: 0, liveliness: -Float.infinity)
        for y in starts(map.shape[0], height) {
            for x in starts(columns, width) {
                let numbers = piece(x, y)
                let liveliness = zip(numbers, numbers.dropFirst(width)).reduce(0) { $0 + abs($1.0 - $1.1) }
                if liveliness > best.liveliness { best = (x, y, liveliness) }
            }
        }
        return HeatMap(values: piece(best.x, best.y), width: width, height: height, isSigned: true)
    }
}
