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
}
