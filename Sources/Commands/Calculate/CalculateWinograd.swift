import ArgumentParser
import Explanations

struct CalculateWinograd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "winograd",
        abstract: "One tile of a 3×3 convolution: direct, as a matrix product, and by Winograd's transforms.",
        discussion: """
            Without numbers, a picture of the places' own numbers and a kernel that finds vertical edges.

            Example:  maskrcnn calculate winograd --kernel 0,0,0,0,1,0,0,0,0
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The kernel: 9 numbers, row by row.", valueName: "numbers"))
    var kernel: NumbersArgument?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The input: 36 numbers, row by row.", valueName: "numbers"))
    var input: NumbersArgument?

    @Flag(help: "Print the three transforms as matrices, and nothing else.")
    var matrices = false

    func validate() throws {
        if let kernel, kernel.values.count != 9 {
            throw ValidationError("--kernel: 9 numbers are needed, not \(kernel.values.count)")
        }
        if let input, input.values.count != 36 {
            throw ValidationError("--input: 36 numbers are needed, not \(input.values.count)")
        }
    }

    func run() {
        let calculation = WinogradCalculation(
            kernel: kernel?.values, input: input?.values, print: { print($0) })
        if matrices { calculation.showMatrices() } else { calculation.run() }
    }
}
