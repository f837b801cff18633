import Execution
import Kernels
import Tensors

/// One tile of a Winograd convolution, step by step, with the results of the other two algorithms.
package struct WinogradCalculation {
    private let kernel: [Float]?
    private let input: [Float]?
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(kernel: [Float]?, input: [Float]?, print: @escaping (String) -> Void) {
        self.kernel = kernel
        self.input = input
        self.print = print
    }

    package func run() {
        let tile = WinogradTile(
            input: input ?? (0..<36).map { Float($0 * $0 % 11) },
            kernel: kernel ?? [1, 0, -1, 2, 0, -2, 1, 0, -1])
        show("d, the input:", tile.input, digits: 3)
        show("g, the kernel:", tile.kernel, digits: 3)
        show("V = Bᵀ d B:", tile.transformedInput, digits: 3)
        show("U = G g Gᵀ:", tile.transformedKernel, digits: 3)
        show("M = U ⊙ V, 36 multiplications:", tile.product, digits: 3)
        show("Aᵀ M A, the output:", tile.output, digits: 3)
        for algorithm in [ConvolutionAlgorithm.direct, .matrixProduct] {
            let convolution = Convolution(
                weight: Tensor(shape: [1, 1, 3, 3], elements: tile.kernel),
                window: ConvolutionWindow(kernel: 3, padding: 0), algorithm: algorithm)
            let output = convolution(Tensor(shape: [6, 6, 1], elements: tile.input)).array
            show("\(algorithm.rawValue), 144 multiplications:", output, digits: 3)
            let difference = zip(output, tile.output).map { abs($0 - $1) }.max() ?? 0
            print(
                "largest difference from Winograd's: \(difference < 1e-4 ? "below 0.0001" : "\(difference)")")
        }
    }

    /// Prints the matrices of the three transforms.
    package func showMatrices() {
        func columns(_ count: Int, _ transform: ([Float]) -> [Float]) -> [Float] {
            let columns = (0..<count).map { column in transform((0..<count).map { $0 == column ? 1 : 0 }) }
            return columns[0].indices.flatMap { row in columns.map { $0[row] } }
        }
        show("Bᵀ:", columns(6, WinogradTile.inputAxis), digits: 4, width: 6)
        show("G:", columns(3, WinogradTile.kernelAxis), digits: 4, width: 3)
        show("Aᵀ:", columns(6, WinogradTile.outputAxis), digits: 4, width: 6)
    }

    private func show(_ title: String, _ values: [Float], digits: Int, width: Int? = nil) {
        print(title)
        let width = width ?? Int(Double(values.count).squareRoot())
        let cells = values.map { $0.digits(digits) }
        let column = cells.map(\.count).max() ?? 0
        for start in stride(from: 0, to: cells.count, by: width) {
            print(
                cells[start..<start + width]
                    .map { "  " + String(repeating: " ", count: column - $0.count) + $0 }.joined())
        }
    }
}
