import Inference
import Kernels
import Tensors

/// The cost of one residual block, with and without its bottleneck.
package struct BottleneckCalculation {
    private let channels: Int
    private let width: Int
    private let groups: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(channels: Int, width: Int, groups: Int, print: @escaping (String) -> Void) {
        self.channels = channels
        self.width = width
        self.groups = groups
        self.print = print
    }

    package func run() throws {
        var source = RandomParameters(seed: 0)
        /// The number of weights of a layer, constructed as in the network.
        func weights(_ inputs: Int, _ outputs: Int, kernel: Int, groups: Int = 1) throws -> Int {
            let layer = try ConvolutionLayer(
                "layer", inputs: inputs, outputs: outputs,
                window: ConvolutionWindow(kernel: kernel, groups: groups), from: &source)
            return layer.convolution.weight.count
        }
        let first = try weights(channels, width, kernel: 1)
        let second = try weights(width, width, kernel: 3, groups: groups)
        let third = try weights(width, channels, kernel: 1)
        let plain = try weights(channels, channels, kernel: 3)
        var sheet = Worksheet()
        sheet.heading(
            "a block of \(channels) channels, \(width) inside, in \(groups) group\(groups == 1 ? "" : "s")")
        sheet.step("conv1, 1×1", "\(channels) · \(width) = \(first)")
        sheet.step("conv2, 3×3", "9 · \(width / groups) · \(width) = \(second)")
        sheet.step("conv3, 1×1", "\(width) · \(channels) = \(third)")
        sheet.step("together", "\(first + second + third)")
        sheet.step("two plain 3×3", "2 · 9 · \(channels) · \(channels) = \(2 * plain)")
        print(sheet.text)
    }
}
