import Inference
import Tensors

/// One output of one convolution, term by term.
package struct ConvolutionCellCalculation {
    private let layer: String
    private let row: Int
    private let column: Int
    private let channel: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(layer: String, row: Int, column: Int, channel: Int, print: @escaping (String) -> Void) {
        self.layer = layer
        self.row = row
        self.column = column
        self.channel = channel
        self.print = print
    }

    package func run(on run: PictureRun) throws {
        guard let (input, layer, relu) = parts(run) else {
            throw CalculationError(
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

    /// The layer's input, the layer, and whether ReLU follows.
    private func parts(_ run: PictureRun) -> (Tensor, ConvolutionLayer, Bool)? {
        let network = run.model.network
        if layer == "backbone.stem" {
            return run.tensor(.inputTensor).map { ($0, network.backbone.stem, true) }
        }
        guard let name = layer.split(separator: ".").last, name.count == 2, name.first == "p",
            let level = Int(name.dropFirst()), 2...6 ~= level
        else { return nil }
        switch layer {
        case "fpn.lateral.p\(level)" where level < 6:
            guard let pyramid = network.pyramid else { return nil }
            return run.tensor(.backbone(level)).map { ($0, pyramid.laterals[level - 2], false) }
        case "fpn.p\(level)" where level < 6:
            guard let pyramid = network.pyramid else { return nil }
            return run.tensor(.merged(level)).map { ($0, pyramid.outputs[level - 2], false) }
        case "rpn.hidden.p\(level)":
            return run.tensor(.pyramid(level)).map { ($0, network.rpn.hidden[0], true) }
        default: return nil
        }
    }
}
