import Testing

import Execution
import Kernels
import Tensors

/// What a convolution makes of numbers that are none, and of where its numbers lie.
@Suite("Convolution: special values and memory")
struct ConvolutionInputTests {
    private let size = 12
    private let outputs = 9

    private func layer(_ algorithm: ConvolutionAlgorithm) -> Convolution {
        Convolution(
            weight: pattern([outputs, 3, 3, 3], seed: 2), shift: pattern(outputs, seed: 4),
            window: ConvolutionWindow(kernel: 3), algorithm: algorithm)
    }

    /// The outputs of a map with `value` in row 5, column 5 of one channel.
    private func outputs(
        with value: Float, _ algorithm: ConvolutionAlgorithm, relu: Bool
    ) -> Tensor {
        var input = pattern([size, size, 3], seed: 1)
        input[5, 5, 1] = value
        return layer(algorithm)(input, relu: relu)
    }

    /// Direct and matrix product: exactly the outputs whose window sees the NaN. Winograd mixes the inputs of a
    /// tile, so there the NaN may fill the tile of the outputs 4 … 7, but must not go further, nor get lost.
    @Test("NaN reaches its outputs, through a ReLU as well", arguments: ConvolutionAlgorithm.allCases)
    func notANumber(algorithm: ConvolutionAlgorithm) {
        for relu in [false, true] {
            let output = outputs(with: .nan, algorithm, relu: relu)
            for y in 0..<size {
                for x in 0..<size {
                    let seesIt = (4...6).contains(y) && (4...6).contains(x)
                    let inTile = (4...7).contains(y) && (4...7).contains(x)
                    if !seesIt && inTile && algorithm == .winograd { continue }
                    for channel in 0..<outputs {
                        #expect(output[y, x, channel].isNaN == seesIt, "\(y) \(x) \(channel)")
                    }
                }
            }
        }
    }

    /// A sum with one infinite term is infinite. Winograd subtracts infinities from each other and may answer
    /// NaN instead, in the whole tile, but never a finite number.
    @Test("infinity stays infinite", arguments: ConvolutionAlgorithm.allCases)
    func infinity(algorithm: ConvolutionAlgorithm) {
        for value in [Float.infinity, -.infinity] {
            let output = outputs(with: value, algorithm, relu: false)
            for y in 0..<size {
                for x in 0..<size {
                    let seesIt = (4...6).contains(y) && (4...6).contains(x)
                    let inTile = (4...7).contains(y) && (4...7).contains(x)
                    for channel in 0..<outputs {
                        let found = output[y, x, channel]
                        if seesIt && algorithm == .winograd {
                            #expect(!found.isFinite, "\(y) \(x) \(channel)")
                        } else if seesIt {
                            let weight = layer(algorithm).weight[channel, 1, 6 - y, 6 - x]
                            #expect(found == value * weight, "\(y) \(x) \(channel)")
                        } else if !inTile || algorithm != .winograd {
                            #expect(found.isFinite, "\(y) \(x) \(channel)")
                        }
                    }
                }
            }
        }
    }

    @Test("NaN in the residual, the shift or the scale is not lost", arguments: ConvolutionAlgorithm.allCases)
    func notANumberInEpilogue(algorithm: ConvolutionAlgorithm) {
        let input = pattern([5, 4, 3], seed: 1)
        var residual = Tensor(shape: [5, 4, outputs], repeating: 1)
        residual[2, 3, 8] = .nan
        let plain = layer(algorithm)
        let output = plain(input, adding: residual, relu: true)
        #expect(output[2, 3, 8].isNaN)
        #expect(output.array.count { $0.isNaN } == 1)

        var shift = pattern(outputs, seed: 4)
        shift[2] = .nan
        var scale = pattern(outputs, seed: 3)
        scale[7] = .nan
        let broken = Convolution(
            weight: plain.weight, scale: scale, shift: shift, window: plain.window, algorithm: algorithm)
        let rows = broken(input, relu: true).reshaped(to: [20, outputs])
        for row in 0..<20 {
            for channel in 0..<outputs {
                #expect(rows[row, channel].isNaN == (channel == 2 || channel == 7))
            }
        }
    }

    @Test("borrowed memory, off every boundary", arguments: ConvolutionAlgorithm.allCases, [1, 3])
    func borrowed(algorithm: ConvolutionAlgorithm, kernel: Int) {
        let weight = pattern([outputs, 8, kernel, kernel], seed: 2)
        let input = pattern([2, 6, 7, 8], seed: 1)
        let residual = pattern([2, 6, 7, outputs], seed: 5)
        let window = ConvolutionWindow(kernel: kernel)
        let owned = Convolution(weight: weight, window: window, algorithm: algorithm)
        let borrowing = Convolution(weight: weight.borrowed, window: window, algorithm: algorithm)
        expect(
            borrowing(input.borrowed, adding: residual.borrowed), equals: owned(input, adding: residual))
    }

    /// The weights change under the layer after `prepare`: who has packed them does not notice.
    @Test("weights are packed once", arguments: [ConvolutionAlgorithm.matrixProduct, .winograd])
    func packedOnce(algorithm: ConvolutionAlgorithm) {
        let input = pattern([1, 6, 7, 4], seed: 1)
        let weight = pattern([5, 4, 3, 3], seed: 2)
        let lender = Lender(weight)
        let layer = Convolution(
            weight: weight.lent(by: lender), window: ConvolutionWindow(kernel: 3), algorithm: algorithm)
        let copy = layer
        layer.prepare()
        let first = layer(input)
        lender.elements.update(repeating: 7)
        expect(layer(input), equals: first, "second call")
        expect(copy(input), equals: first, "copy")
    }

    @Test("one convolution by one algorithm after the other")
    func algorithmsInTurn() {
        let item = ConvolutionCase(
            name: "", input: [1, 6, 7, 4], outputs: 5, kernel: 3, stride: 1, padding: 1, groups: 1)
        var layer = item.layer(.winograd)
        let input = pattern(item.input, seed: 1)
        for algorithm in ConvolutionAlgorithm.allCases + ConvolutionAlgorithm.allCases {
            layer.algorithm = algorithm
            expect(layer(input), equals: item.layer(algorithm)(input), "\(algorithm)")
        }
    }
}
