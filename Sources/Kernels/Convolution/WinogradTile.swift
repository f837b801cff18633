import Tensors

/// One tile of Winograd's F(4×4, 3×3) in one channel, with every intermediate number: what a page works through and
/// a figure draws. ``Convolution`` runs the same transforms on eight channels at a time.
package struct WinogradTile: Sendable {
    /// d: 6×6 inputs.
    package let input: [Float]
    /// g: the 3×3 kernel.
    package let kernel: [Float]
    /// V = Bᵀ d B, 6×6.
    package let transformedInput: [Float]
    /// U = G g Gᵀ, 6×6.
    package let transformedKernel: [Float]
    /// M = U ⊙ V, 6×6: the only 36 multiplications of an input by a weight.
    package let product: [Float]
    /// Aᵀ M A: 4×4 outputs.
    package let output: [Float]

    /// Works through a tile.
    /// - Parameters:
    ///   - input: 36 numbers, row by row.
    ///   - kernel: 9 numbers, row by row.
    package init(input: [Float], kernel: [Float]) {
        precondition(input.count == tileArea && kernel.count == 9)
        self.input = input
        self.kernel = kernel
        transformedInput = Self.alongBothAxes(input, side: inputTileSide, Self.inputAxis)
        transformedKernel = Self.alongBothAxes(kernel, side: 3, Self.kernelAxis)
        product = zip(transformedKernel, transformedInput).map { $0 * $1 }
        output = Self.alongBothAxes(product, side: inputTileSide, Self.outputAxis)
    }

    /// Bᵀ x: 6 → 6 numbers along one axis.
    package static func inputAxis(_ x: [Float]) -> [Float] { inputTransform(Six(x)).array }

    /// G x: 3 → 6 numbers along one axis.
    package static func kernelAxis(_ x: [Float]) -> [Float] { kernelTransform((x[0], x[1], x[2])).array }

    /// Aᵀ x: 6 → 4 numbers along one axis.
    package static func outputAxis(_ x: [Float]) -> [Float] {
        let y = outputTransform(Six(x))
        return [y.0, y.1, y.2, y.3]
    }

    /// Transforms the columns of a square, and then the rows of what that gives.
    private static func alongBothAxes(_ square: [Float], side: Int, _ axis: ([Float]) -> [Float]) -> [Float] {
        let columns = (0..<side).map { x in axis((0..<side).map { y in square[y * side + x] }) }
        return columns[0].indices.flatMap { y in axis(columns.map { $0[y] }) }
    }
}

extension Six<Float> {
    fileprivate init(_ x: [Float]) {
        precondition(x.count == inputTileSide)
        self.init(x[0], x[1], x[2], x[3], x[4], x[5])
    }

    fileprivate var array: [Float] { [a, b, c, d, e, f] }
}
