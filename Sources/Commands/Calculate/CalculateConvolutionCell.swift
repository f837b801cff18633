import Explanations
import ArgumentParser
import Inference
import Tensors

/// One output of one convolution, as the sum that it is.
struct CalculateConvolutionCell: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convolution-cell",
        abstract: "One output of one convolution, as a sum over the window and the channels.",
        discussion: """
            Layers: backbone.stem, fpn.lateral.p2 … p5, fpn.p2 … p5, rpn.hidden.p2 … p6.

            Example:  maskrcnn calculate convolution-cell backbone.stem --row 30 --column 40 --channel 3
            """)

    @Argument(help: ArgumentHelp("The layer.", valueName: "name"))
    var layer = "backbone.stem"

    @Option(help: ArgumentHelp("The output's row, from 0.", valueName: "number")) var row = 0
    @Option(help: ArgumentHelp("Its column, from 0.", valueName: "number")) var column = 0
    @Option(help: ArgumentHelp("Its channel, from 0.", valueName: "number")) var channel = 0

    @OptionGroup var pipeline: PipelineOptions

    func run() throws {
        try pipeline.withRun { run in
            guard let (input, layer, relu) = parts(run) else {
                throw ValidationError(
                    "'\(self.layer)': is no such layer; 'calculate convolution-cell --help' lists them")
            }
            let convolution = layer.convolution
            let output = convolution(input)
            let row = try checked(row, below: output.shape[0], "row")
            let column = try checked(column, below: output.shape[1], "column")
            let channel = try checked(channel, below: output.shape[2], "channel")
            let window = convolution.window
            var sheet = Worksheet()
            sheet.heading(
                "\(self.layer): \(window.kernel)×\(window.kernel) window, stride \(window.stride), padding "
                    + "\(window.padding); \(convolution.inputs) → \(convolution.outputs) channels")
            let (top, left) = (
                row * window.stride - window.padding, column * window.stride - window.padding
            )
            sheet.step(
                "reads",
                window.kernel == 1
                    ? "row \(top), column \(left)"
                    : "rows \(top) to \(top + window.kernel - 1), columns \(left) to \(left + window.kernel - 1)"
            )
            sheet.heading("weight · input at each place of the window, summed over the channels")
            var total = 0.0
            for dy in 0..<window.kernel {
                let sums = (0..<window.kernel).map { dx -> Double in
                    let (y, x) = (top + dy, left + dx)
                    guard 0..<input.shape[0] ~= y, 0..<input.shape[1] ~= x else { return 0 }
                    return (0..<convolution.inputs).reduce(0) {
                        $0 + Double(convolution.weight[channel, $1, dy, dx]) * Double(input[y, x, $1])
                    }
                }
                total += sums.reduce(0, +)
                sheet.step("", sums.map { Explanations.column(Float($0), 4, width: 9) }.joined())
            }
            sheet.heading("together")
            sheet.step("sum of these", short(total))
            if let shift = convolution.shift {
                if let scale = convolution.scale {
                    sheet.step("times scale", short(total * Double(scale[channel])))
                }
                sheet.step("plus \(convolution.scale == nil ? "bias" : "shift")", short(shift[channel]))
            }
            sheet.step("the kernel's", short(output[row, column, channel]))
            if layer.groupNorm != nil {
                let normed = input.convolved(by: layer, adding: nil, relu: false)
                sheet.step("after group norm", short(normed[row, column, channel]))
            }
            if relu {
                let rectified = input.convolved(by: layer, adding: nil, relu: true)
                sheet.step("after ReLU", short(rectified[row, column, channel]))
            }
            print(sheet.text)
        }
    }

    /// The input, the layer, and whether ReLU follows.
    private func parts(_ run: PictureRun) -> (Tensor, ConvolutionLayer, Bool)? {
        let network = run.model.network
        if layer == "backbone.stem" {
            return run.tensor(.inputTensor).map { ($0, network.backbone.stem, true) }
        }
        guard let name = layer.split(separator: ".").last, let level = LevelArgument(argument: String(name))
        else {
            return nil
        }
        switch layer {
        case "fpn.lateral.\(level.name)" where level.index < 6:
            guard let pyramid = network.pyramid else { return nil }
            return run.tensor(.backbone(level.index)).map { ($0, pyramid.laterals[level.index - 2], false) }
        case "fpn.\(level.name)" where level.index < 6:
            guard let pyramid = network.pyramid else { return nil }
            return run.tensor(.merged(level.index)).map { ($0, pyramid.outputs[level.index - 2], false) }
        case "rpn.hidden.\(level.name)":
            return run.tensor(.pyramid(level.index)).map { ($0, network.rpn.hidden[0], true) }
        default: return nil
        }
    }
}
