import Kernels
import Tensors

// ResNet and ResNeXt (He et al., arXiv 1512.03385; Xie et al., arXiv 1611.05431):
//
// 1. Stem: 7×7 convolution of stride 2, norm, ReLU, 3×3 max pool of stride 2. A quarter of the image's size.
// 2. Four stages of residual blocks, c2 … c5. The first block of c3, c4 and c5 halves the size.
// 3. A bottleneck, from ResNet-50 on: 1×1 to fewer channels, 3×3 (in groups for ResNeXt), 1×1 to four times as
//    many, plus the block's input. A basic block, in ResNet-18 and -34: two 3×3, plus the block's input. Where sizes
//    differ, a 1×1 shortcut brings the input to shape.
// 4. A dilated c5 (DC5) keeps the size of c4: instead of halving the map, its 3×3 convolutions skip positions, so
//    that their weights see as far as they did.

/// One residual block: convolutions and a shortcut.
package struct ResidualBlock: Sendable {
    /// Of a bottleneck 1×1 to the block's inner width, 3×3, and 1×1 to its output width; of a basic block two 3×3.
    package let convolutions: [ConvolutionLayer]
    /// 1×1 on the block's input, where that has another size or width than the output.
    package let shortcut: ConvolutionLayer?

    /// Every layer, the shortcut last.
    package var layers: [ConvolutionLayer] { convolutions + (shortcut.map { [$0] } ?? []) }

    /// Takes the block's parameters from `source`.
    /// - Parameters:
    ///   - name: `backbone.c2.0` and so on.
    ///   - stride: 2 where the block halves the map.
    ///   - dilation: of the 3×3 convolutions.
    init(
        _ name: String, inputs: Int, width: Int, outputs: Int, stride: Int, dilation: Int,
        _ configuration: Architecture.Backbone, from source: inout some ParameterSource
    ) throws {
        func layer(_ part: String, from inputs: Int, to outputs: Int, _ window: ConvolutionWindow) throws
            -> ConvolutionLayer
        {
            try ConvolutionLayer(
                "\(name).\(part)", inputs: inputs, outputs: outputs, window: window, norm: configuration.norm,
                from: &source)
        }
        switch configuration.block {
        case .basic:
            convolutions = [
                try layer("conv1", from: inputs, to: width, ConvolutionWindow(kernel: 3, stride: stride)),
                try layer("conv2", from: width, to: outputs, ConvolutionWindow(kernel: 3)),
            ]
        case .bottleneck:
            let in1x1 = configuration.stridePlacement == .conv1
            convolutions = [
                try layer(
                    "conv1", from: inputs, to: width, ConvolutionWindow(stride: in1x1 ? stride : 1)),
                try layer(
                    "conv2", from: width, to: width,
                    ConvolutionWindow(
                        kernel: 3, stride: in1x1 ? 1 : stride, groups: configuration.groups,
                        dilation: dilation)),
                try layer("conv3", from: width, to: outputs, ConvolutionWindow()),
            ]
        }
        shortcut =
            stride == 1 && inputs == outputs
            ? nil : try layer("shortcut", from: inputs, to: outputs, ConvolutionWindow(stride: stride))
    }

    /// ReLU(conv3(ReLU(conv2(ReLU(conv1(x))))) + x), of a basic block without conv3.
    package func callAsFunction<A: Activation>(_ input: A) -> A { callAsFunction(input, by: convolutions) }

    /// The same with other convolutions in place of the block's.
    package func callAsFunction<A: Activation>(_ input: A, by convolutions: [ConvolutionLayer]) -> A {
        let residual = shortcut.map { input.convolved(by: $0) } ?? input
        let last = convolutions.count - 1
        return convolutions[..<last].reduce(input) { $0.convolved(by: $1, relu: true) }
            .convolved(by: convolutions[last], adding: residual, relu: true)
    }
}

/// The blocks of one stage, `c2` … `c5`.
package struct ResidualStage: Sendable {
    /// The stage's blocks, in order.
    package let blocks: [ResidualBlock]

    /// Takes the parameters of stage `index` (2 … 5) from `source`, under `name`.
    init(
        _ name: String, index: Int, stride: Int, dilation: Int = 1, _ configuration: Architecture.Backbone,
        from source: inout some ParameterSource
    ) throws {
        let width = configuration.widths[index - 2]
        let outputs = configuration.outputs[index - 2]
        let inputs = index == 2 ? configuration.stem : configuration.outputs[index - 3]
        var blocks: [ResidualBlock] = []
        for block in 0..<configuration.blocks[index - 2] {
            blocks.append(
                try ResidualBlock(
                    "\(name).\(block)", inputs: block == 0 ? inputs : outputs, width: width,
                    outputs: outputs, stride: block == 0 ? stride : 1, dilation: dilation, configuration,
                    from: &source))
        }
        self.blocks = blocks
    }

    /// Channels that go in.
    var inputs: Int { blocks[0].convolutions[0].convolution.inputs }
    /// Channels that come out.
    var outputs: Int {
        let last = blocks[blocks.count - 1].convolutions
        return last[last.count - 1].convolution.outputs
    }

    /// Applies all blocks in order.
    package func callAsFunction<A: Activation>(_ input: A) -> A {
        blocks.reduce(input) { $1($0) }
    }
}

/// The backbone: stem and stages.
package struct ResNet: Sendable {
    /// 7×7 convolution, stride 2.
    package let stem: ConvolutionLayer
    /// `c2` … `c5`; only up to `c4` where the fifth stage is the box head (C4 models).
    package let stages: [ResidualStage]

    /// The max pool that ends the stem: 3×3, stride 2.
    package static let stemPool = ConvolutionWindow(kernel: 3, stride: 2, padding: 1)

    /// Takes the backbone's parameters from `source`.
    /// - Parameter lastStage: 5, or 4 for a C4 model.
    init(_ configuration: Architecture.Backbone, lastStage: Int, from source: inout some ParameterSource)
        throws
    {
        stem = try ConvolutionLayer(
            "backbone.stem", inputs: 3, outputs: configuration.stem,
            window: ConvolutionWindow(kernel: 7, stride: 2), norm: configuration.norm, from: &source)
        var stages: [ResidualStage] = []
        for index in 2...lastStage {
            let dilation = index == 5 ? configuration.lastStageDilation : 1
            stages.append(
                try ResidualStage(
                    "backbone.c\(index)", index: index, stride: index == 2 || dilation > 1 ? 1 : 2,
                    dilation: dilation, configuration, from: &source))
        }
        self.stages = stages
    }

    /// Convolutions on the way through all stages, shortcuts not counted.
    package var convolutionCount: Int {
        1 + stages.reduce(0) { $0 + $1.blocks.reduce(0) { $0 + $1.convolutions.count } }
    }

    /// Convolution, norm, ReLU and max pool: `[height, width, 3]` → a quarter of the size.
    package func stem<A: Activation>(of input: A) -> A {
        input.convolved(by: stem, relu: true).maxPooled(Self.stemPool)
    }

    /// The outputs of all stages, `c2` first, with strides 4, 8, 16 and 32, or 16 again where c5 is dilated.
    package func callAsFunction<A: Activation>(_ input: A, in run: PipelineRun<A> = PipelineRun()) -> [A] {
        var map = run.stage(.stem, .map(channels: stem.convolution.outputs)) { stem(of: input) }
        return stages.enumerated().map { index, stage in
            map = run.stage(.backbone(index + 2), .map(channels: stage.outputs)) {
                run.steps.residualStage(stage, map)
            }
            return map
        }
    }
}
