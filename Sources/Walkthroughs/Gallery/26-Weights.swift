import Figures
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 26: the weights of every layer.
    func weights() throws -> Figure {
        let layers = run.model.network.layers
        let count = layers.reduce(0) { $0 + $1.weight.count }
        return WeightsFigure(
            layers: layers.map(histogram),
            subtitle:
                "\(layers.count) layers with \(figures(Double(count) / 1e6)) million weights, in data-flow "
                + "order.",
            background: background
        ).figure
    }

    private func histogram(of layer: NetworkLayer) -> WeightsFigure.Layer {
        let bins = 48
        let weight = layer.weight
        let gain = Double(layer.summands).squareRoot()
        var counts = [Int](repeating: 0, count: bins)
        var squares = [Double](repeating: 0, count: layer.outputs)
        var largest = 0.0
        weight.withUnsafeElements { elements in
            for (index, element) in elements.enumerated() {
                let output = layer.output(ofWeight: index)
                let value = Double(element * (layer.scale?[output] ?? 1)) * gain
                squares[output] += value * value
                largest = max(largest, abs(value))
                let share = (value / WeightsFigure.reach + 1) / 2
                counts[Int(min(max(share * Double(bins), 0), Double(bins - 1)))] += 1
            }
        }
        let mean = squares.reduce(0, +) / Double(max(weight.count, 1))
        // An output is dead when its weights' mean square is a millionth of a millionth of the layer's.
        let perOutput = Double(weight.count) / Double(max(layer.outputs, 1))
        let dead = squares.count { $0 / perOutput <= 1e-12 * mean }
        return WeightsFigure.Layer(
            name: layer.name, part: layer.step.part, counts: counts,
            size: mean.squareRoot(), largest: largest, deadOutputs: dead, outputs: layer.outputs)
    }
}
