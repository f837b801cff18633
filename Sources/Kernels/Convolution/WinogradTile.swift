/// One tile of one channel on its way through F(4×4, 3×3), with every step kept: for whoever wants to see the
/// algorithm at work. The transforms are those that ``Convolution`` uses.
public struct WinogradTile: Sendable {
    /// d: 6×6 numbers of the input.
    public let input: [Float]
    /// g: the 3×3 kernel.
    public let kernel: [Float]
    /// V = Bᵀ d B, 6×6.
    public let transformedInput: [Float]
    /// U = G g Gᵀ, 6×6.
    public let transformedKernel: [Float]
    /// U ⊙ V, number by number: the only multiplications of input by weight, 36 for 16 outputs.
    public let product: [Float]
    /// Aᵀ (U ⊙ V) A: the 4×4 numbers that the 3×3 convolution gives.
    public let output: [Float]

    /// Convolves a tile, 36 numbers row after row, by a kernel of 9.
    public init(input: [Float], kernel: [Float]) {
        precondition(input.count == tilePlaces && kernel.count == 9)
        self.input = input
        self.kernel = kernel
        let side = inputTileSide
        transformedInput = alongBothAxes(input, from: side, to: side) { column in
            let six = inputTransform(
                Six(column[0], column[1], column[2], column[3], column[4], column[5]))
            return [six.a, six.b, six.c, six.d, six.e, six.f]
        }
        transformedKernel = alongBothAxes(kernel, from: 3, to: side) { column in
            let six = kernelTransform((column[0], column[1], column[2]))
            return [six.a, six.b, six.c, six.d, six.e, six.f]
        }
        product = zip(transformedInput, transformedKernel).map { $0 * $1 }
        output = alongBothAxes(product, from: side, to: outputTileSide) { column in
            let four = outputTransform(
                Six(column[0], column[1], column[2], column[3], column[4], column[5]))
            return [four.0, four.1, four.2, four.3]
        }
    }
}

/// Transforms each column of a square matrix, and then each row of the result.
private func alongBothAxes(_ matrix: [Float], from: Int, to: Int, _ transform: ([Float]) -> [Float])
    -> [Float]
{
    let columns = (0..<from).map { x in transform((0..<from).map { matrix[$0 * from + x] }) }
    return (0..<to).flatMap { y in transform(columns.map { $0[y] }) }
}
