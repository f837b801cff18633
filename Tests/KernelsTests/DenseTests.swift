import Testing

import Execution
import Kernels
import Tensors

@Suite("Dense layer", .eachImplementation)
struct DenseTests {
    struct Golden: Decodable {
        struct Layer: Decodable {
            var input: [Int]
            var outputs: Int
            var output: [Double]
        }
        var dense: Layer
    }

    /// PyTorch flattens a map channel by channel.
    @Test("equals PyTorch on flattened maps")
    func golden() throws {
        let item = try fixture("layers", as: Golden.self).dense
        let shape = item.input
        let inputs = shape[1] * shape[2] * shape[3]
        let layer = Dense(
            weight: pattern([item.outputs, inputs], seed: 2), bias: pattern(item.outputs, seed: 3),
            flattening: MapSize(height: shape[1], width: shape[2], channels: shape[3]))
        let input = pattern(shape, seed: 1)
        let expected = layer(input)
        expect(
            expected, hasShape: [shape[0], item.outputs], near: item.output,
            absolute: 26 * 25 * unitRoundoff)  // 24 products and a bias, all below 1
        expect(layer(input.reshaped(to: [shape[0], inputs])), equals: expected, "already flat")
    }

    /// On both sides of the pieces that the output is computed in.
    @Test("equals the definition", arguments: [1, 5, 512, 515], [(1, 1), (9, 7), (8, 256), (3, 259)])
    func oracle(rows: Int, size: (inputs: Int, outputs: Int)) {
        let (inputs, outputs) = size
        let weight = pattern([outputs, inputs], seed: 2)
        let bias = pattern(outputs, seed: 3)
        let input = pattern([rows, inputs], seed: 1)
        let (w, x) = (weight.array, input.array)
        for relu in [false, true] {
            for bias in [bias, nil] {
                let expected = (0..<rows * outputs).map { index -> Double in
                    let (row, output) = index.quotientAndRemainder(dividingBy: outputs)
                    var sum = Double(bias?[output] ?? 0)
                    for i in 0..<inputs {
                        sum += Double(w[output * inputs + i]) * Double(x[row * inputs + i])
                    }
                    return relu && sum < 0 ? 0 : sum
                }
                let terms = Double(inputs + 1)
                expect(
                    Dense(weight: weight, bias: bias)(input, relu: relu),
                    hasShape: [rows, outputs], near: expected,
                    absolute: (terms + 1) * terms * unitRoundoff, "relu \(relu)")
            }
        }
    }

    @Test("maps of one position need no reordering; others are reordered once")
    func reordering() {
        let weight = pattern([4, 60], seed: 2)
        let input = pattern([3, 60], seed: 1)
        let flat = Dense(weight: weight, bias: nil)(input)
        let position = MapSize(height: 1, width: 1, channels: 60)
        expect(Dense(weight: weight, bias: nil, flattening: position)(input), equals: flat)

        let size = MapSize(height: 3, width: 2, channels: 10)
        let lender = Lender(weight)
        let layer = Dense(weight: weight.lent(by: lender), bias: nil, flattening: size)
        // The direct kernel reads the weight as it is.
        guard ExecutionContext.current.kernels == .optimized else { return }
        layer.prepare()
        lender.elements.update(repeating: 7)
        expect(layer(input), equals: Dense(weight: weight, bias: nil, flattening: size)(input))
    }

    @Test("no rows; NaN")
    func inputs() {
        let layer = Dense(weight: pattern([9, 3], seed: 2), bias: pattern(9, seed: 3))
        #expect(layer(Tensor(shape: [0, 3])).shape == [0, 9])
        var input = pattern([4, 3], seed: 1)
        input[2, 1] = .nan
        let output = layer(input, relu: true)
        for row in 0..<4 {
            for column in 0..<9 { #expect(output[row, column].isNaN == (row == 2)) }
        }
    }
}
