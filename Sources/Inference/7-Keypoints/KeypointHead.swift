import Kernels
import Tensors

/// The keypoint head: one heat map per keypoint, trained with a one-hot target (Mask R-CNN, section 5).
package struct KeypointHead: Sendable {
    /// 3×3 convolutions with ReLU.
    package let hidden: [ConvolutionLayer]
    /// A 4×4 transposed convolution of stride 2 with one channel per keypoint; bilinear enlargement follows.
    package let heatmaps: TransposedConvolutionLayer

    /// Takes the head's parameters from `source`.
    init(_ configuration: Architecture.Keypoints, inputs: Int, from source: inout some ParameterSource)
        throws
    {
        var hidden: [ConvolutionLayer] = []
        for index in 0..<configuration.convolutions {
            hidden.append(
                try ConvolutionLayer(
                    "keypoint.hidden.\(index + 1)", inputs: index == 0 ? inputs : configuration.channels,
                    outputs: configuration.channels, window: ConvolutionWindow(kernel: 3),
                    norm: configuration.norm, from: &source))
        }
        self.hidden = hidden
        heatmaps = try TransposedConvolutionLayer(
            "keypoint.heatmaps", inputs: configuration.convolutions == 0 ? inputs : configuration.channels,
            outputs: configuration.count, kernel: 4, stride: 2, padding: 1, from: &source)
    }

    /// Heat map logits of each region, `[regions, 4 · size, 4 · size, keypoints]`, from its pooled features,
    /// `[regions, size, size, channels]`.
    package func callAsFunction<A: Activation>(_ pooled: A, in run: PipelineRun<A> = PipelineRun()) -> A {
        var map = pooled
        for (index, layer) in hidden.enumerated() {
            map = run.stage(
                .keypointHidden(index + 1), .regionMaps(channels: layer.convolution.outputs)
            ) {
                map.convolved(by: layer, relu: true)
            }
        }
        return run.stage(.keypointHeatmaps, .regionMaps(channels: heatmaps.convolution.outputs)) {
            map.upsampled(by: heatmaps, relu: false).enlargedBilinearly(by: 2)
        }
    }
}
