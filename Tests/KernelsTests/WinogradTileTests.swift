import Kernels
import Testing

/// One tile with every number in between.
@Suite struct WinogradTileTests {
    private let input = (0..<36).map { Float($0 * $0 % 11) }

    @Test func aKernelOfOneInTheMiddleCopies() {
        let tile = WinogradTile(input: input, kernel: [0, 0, 0, 0, 1, 0, 0, 0, 0])
        let middle = (1...4).flatMap { y in (1...4).map { x in input[6 * y + x] } }
        #expect(tile.output.count == middle.count)
        for (found, expected) in zip(tile.output, middle) { #expect(abs(found - expected) < 1e-4) }
    }

    @Test func theTransformsOfOnes() {
        // a = 5/8, b = 3/2: Bᵀ's first row is (a²b², 0, −(a² + b²), 0, 1, 0).
        let row: Float = 0.390625 * 2.25 - (0.390625 + 2.25) + 1
        let tile = WinogradTile(input: Array(repeating: 1, count: 36), kernel: Array(repeating: 1, count: 9))
        #expect(abs(tile.transformedInput[0] - row * row) < 1e-5)
        #expect(tile.transformedKernel.count == 36 && tile.product.count == 36)
        #expect(abs(tile.transformedKernel[0] - 1 / (0.390625 * 2.25 * 0.390625 * 2.25)) < 1e-5)
        for output in tile.output { #expect(abs(output - 9) < 1e-4) }
    }

    /// Against sums of products in Double.
    @Test func aTileIsAConvolution() {
        let input = (0..<36).map { Float(($0 * 37) % 23) / 7 - 1.5 }
        let kernel = (0..<9).map { Float(($0 * 5) % 9) / 3 - 1 }
        let tile = WinogradTile(input: input, kernel: kernel)
        #expect(tile.transformedInput.count == 36 && tile.transformedKernel.count == 36)
        #expect(tile.product.count == 36 && tile.output.count == 16)
        for y in 0..<4 {
            for x in 0..<4 {
                var sum = 0.0
                for dy in 0..<3 {
                    for dx in 0..<3 {
                        sum += Double(input[6 * (y + dy) + x + dx]) * Double(kernel[3 * dy + dx])
                    }
                }
                #expect(abs(Double(tile.output[4 * y + x]) - sum) < 2e-5, "(\(x), \(y))")
            }
        }
    }

    /// A kernel of a single 1 in its middle moves the tile: outputs are the inputs one further in. Rows and columns
    /// that were exchanged on the way would show.
    @Test func aKernelOfOneNumberMovesTheTile() {
        let input = (0..<36).map { Float($0 * $0) }
        var kernel = [Float](repeating: 0, count: 9)
        kernel[5] = 1  // Second row, third column.
        let tile = WinogradTile(input: input, kernel: kernel)
        for y in 0..<4 {
            for x in 0..<4 {
                #expect(abs(tile.output[4 * y + x] - input[6 * (y + 1) + x + 2]) < 0.01)
            }
        }
    }
}
