import Kernels
import Tensors

// ResNet and ResNeXt (He et al., arXiv 1512.03385; Xie et al., arXiv 1611.05431):
//
// 1. Stem: 7×7 convolution of stride 2, norm, ReLU, 3×3 max pool of stride 2. A quarter of the image's size.
// 2. Four stages of bottleneck blocks, c2 … c5. The first block of c3, c4 and c5 halves the size.
// 3. A bottleneck: 1×1 to fewer channels, 3×3 (in groups for ResNeXt), 1×1 to four times as many, plus the
//    block's input; where sizes differ, a 1×1 shortcut brings the input to shape.

/// One residual block: three convolutions and a shortcut.
package struct Bottleneck: Sendable {
    /// 1×1, to the block's inner width.
    package let conv1: ConvolutionLayer
    /// 3×3, in groups for ResNeXt.
    package let conv2: ConvolutionLayer
    /// 1×1, to the block's output width.
    package let conv3: ConvolutionLayer
    /// 1×1 projection of the block's input; nil where input and output have the same shape.
    package let shortcut: ConvolutionLayer?

    /// Takes the block's parameters from `source`.
    /// - Parameters:
    ///   - name: `backbone.c2.0` and so on.
    ///   - stride: 2 if the block halves height and width, otherwise 1.
    init(
        _ name: String, inputs: Int, width: Int, outputs: Int, stride: Int,
        _ configuration: Architecture.Backbone, from source: inout some ParameterSource
    ) throws {
        let norm = configuration.norm
        let in1x1 = configuration.stridePlacement == .conv1
        conv1 = try ConvolutionLayer(
            "\(name).conv1", inputs: inputs, outputs: width,
            window: ConvolutionWindow(kernel: 1, stride: in1x1 ? stride : 1), norm: norm, from: &source)
        conv2 = try ConvolutionLayer(
            "\(name).conv2", inputs: width, outputs: width,
            window: ConvolutionWindow(
                kernel: 3, stride: in1x1 ? 1 : stride, groups: configuration.groups),
            norm: norm, from: &source)
        conv3 = try ConvolutionLayer(
            "\(name).conv3", inputs: width, outputs: outputs, window: ConvolutionWindow(kernel: 1),
            norm: norm, from: &source)
        shortcut =
            stride == 1 && inputs == outputs
            ? nil
            : try ConvolutionLayer(
                "\(name).shortcut", inputs: inputs, outputs: outputs,
                window: ConvolutionWindow(kernel: 1, stride: stride), norm: norm, from: &source)
    }

    /// ReLU(conv3(ReLU(conv2(ReLU(conv1(x))))) + x), with shortcut(x) in place of the last x where there is a shortcut.
    package func callAsFunction<A: Activation>(_ input: A) -> A {
        let residual = shortcut.map { input.convolved(by: $0) } ?? input
        return
            input
            .convolved(by: conv1, relu: true)
            .convolved(by: conv2, relu: true)
            .convolved(by: conv3, adding: residual, relu: true)
    }
}

/// The blocks of one stage, `c2` … `c5`.
package struct ResidualStage: Sendable {
    /// The stage's blocks, in order.
    package let blocks: [Bottleneck]

    /// Takes the parameters of stage `index` (2 … 5) from `source`, under `name`.
    init(
        _ name: String, index: Int, stride: Int, _ configuration: Architecture.Backbone,
        from source: inout some ParameterSource
    ) throws {
        let width = configuration.widths[index - 2]
        let outputs = configuration.outputs[index - 2]
        let inputs = index == 2 ? configuration.stem : configuration.outputs[index - 3]
        var blocks: [Bottleneck] = []
        for block in 0..<configuration.blocks[index - 2] {
            blocks.append(
                try Bottleneck(
                    "\(name).\(block)", inputs: block == 0 ? inputs : outputs, width: width,
                    outputs: outputs, stride: block == 0 ? stride : 1, configuration, from: &source))
        }
        self.blocks = blocks
    }

    /// Input channels.
    var inputs: Int { blocks[0].conv1.convolution.inputs }
    /// Output channels.
    var outputs: Int { blocks[blocks.count - 1].conv3.convolution.outputs }

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
            stages.append(
                try ResidualStage(
                    "backbone.c\(index)", index: index, stride: index == 2 ? 1 : 2, configuration,
                    from: &source))
        }
        self.stages = stages
    }

    /// Convolution, norm, ReLU and max pool: `[height, width, 3]` → `[height / 4, width / 4, channels]`, rounded up.
    package func stem<A: Activation>(of input: A) -> A {
        input.convolved(by: stem, relu: true).maxPooled(Self.stemPool)
    }

    /// The outputs of all stages, c2 first, with strides 4, 8, 16 and 32.
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
