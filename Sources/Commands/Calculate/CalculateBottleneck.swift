import Drawing
import ArgumentParser
import Kernels
import Inference
import Tensors

/// What one residual block costs, and what the same would cost without its bottleneck.
struct CalculateBottleneck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bottleneck",
        abstract: "The weights of one residual block, counted: ResNet's or, with groups, ResNeXt's.",
        discussion: """
            Each weight is multiplied once at each position of the map (stride 1): the count is also the number \
            of multiplications a position.

            Example:  maskrcnn calculate bottleneck --channels 256 --width 64
            ResNeXt:  maskrcnn calculate bottleneck --channels 256 --width 128 --groups 32
            """)

    @Option(help: ArgumentHelp("Channels of the block's input and output.", valueName: "number"))
    var channels = 256
    @Option(help: ArgumentHelp("Channels inside the block.", valueName: "number"))
    var width = 64
    @Option(help: ArgumentHelp("Groups of the 3×3 convolution.", valueName: "number"))
    var groups = 1

    func validate() throws {
        for (name, value) in [("channels", channels), ("width", width), ("groups", groups)]
        where !(1...4096 ~= value) {
            throw ValidationError("--\(name) \(value): must be from 1 to 4096")
        }
        guard width % groups == 0 else {
            throw ValidationError("--groups \(groups): must divide the width, \(width)")
        }
    }

    func run() throws {
        var source = RandomParameters(seed: 0)
        /// The numbers in the weight of a layer of the network, made as the network makes it.
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
