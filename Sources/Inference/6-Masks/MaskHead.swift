import Kernels
import Tensors

/// The mask head: a small fully convolutional network on each region (Mask R-CNN, section 3 and figure 4).
///
/// Convolutions preserve the spatial layout: every output pixel depends on the input around it. The alternative, fully
/// connected layers, reproduces the paper's comparison (table 2e).
package struct MaskHead: Sendable {
    /// The layers that turn a pooled detection into mask logits.
    package enum Body: Sendable {
        /// 3×3 convolutions, a 2×2 transposed convolution, a 1×1 convolution with one channel per class.
        case convolutions([ConvolutionLayer], upsampled: TransposedConvolutionLayer, logits: ConvolutionLayer)
        /// Fully connected layers; the last has one output per class and pixel, or per pixel for class-agnostic masks.
        case fullyConnected([DenseLayer], logits: DenseLayer, channels: Int, side: Int)
    }

    /// The layers that turn a pooled detection into mask logits.
    package let body: Body

    /// Takes the head's parameters from `source`.
    init(
        _ configuration: Architecture.Masks, classes: Int, inputs: Int,
        from source: inout some ParameterSource
    ) throws {
        let outputs = configuration.isClassAgnostic ? 1 : classes + 1
        switch configuration.head {
        case .fullyConvolutional(let count, let channels, let norm):
            var convolutions: [ConvolutionLayer] = []
            for index in 0..<count {
                convolutions.append(
                    try ConvolutionLayer(
                        "mask.hidden.\(index + 1)", inputs: index == 0 ? inputs : channels, outputs: channels,
                        window: ConvolutionWindow(kernel: 3), norm: norm, from: &source))
            }
            body = .convolutions(
                convolutions,
                upsampled: try TransposedConvolutionLayer(
                    "mask.upsampled", inputs: count == 0 ? inputs : channels, outputs: channels, kernel: 2,
                    stride: 2, from: &source),
                logits: try ConvolutionLayer(
                    "mask.logits", inputs: channels, outputs: outputs, window: ConvolutionWindow(kernel: 1),
                    initialization: .normal(0.001), from: &source))
        case .fullyConnected(let hidden, let side):
            let map = MapSize(
                height: configuration.poolSize, width: configuration.poolSize, channels: inputs)
            var layers: [DenseLayer] = []
            for (index, width) in hidden.enumerated() {
                layers.append(
                    try DenseLayer(
                        "mask.hidden.\(index + 1)", inputs: index == 0 ? map.count : hidden[index - 1],
                        outputs: width, flattening: index == 0 ? map : nil, from: &source))
            }
            let last = hidden.last ?? map.count
            body = .fullyConnected(
                layers,
                logits: try DenseLayer(
                    "mask.logits", inputs: last, outputs: outputs * side * side,
                    flattening: hidden.isEmpty ? map : nil, initialization: .normal(0.001), from: &source),
                channels: outputs, side: side)
        }
    }

    /// The mask logits of each class, `[regions, side, side, classes + 1]` (1 channel for class-agnostic masks), from
    /// the pooled features of each region, `[regions, size, size, channels]`.
    package func callAsFunction<A: Activation>(_ pooled: A, in run: PipelineRun<A> = PipelineRun()) -> A {
        switch body {
        case .convolutions(let convolutions, let upsampled, let last):
            var map = pooled
            for (index, layer) in convolutions.enumerated() {
                map = run.stage(
                    .maskHidden(index + 1), .regionMaps(channels: layer.convolution.outputs)
                ) {
                    map.convolved(by: layer, relu: true)
                }
            }
            map = run.stage(.maskUpsampled, .regionMaps(channels: upsampled.convolution.outputs)) {
                map.upsampled(by: upsampled, relu: true)
            }
            return run.stage(.maskLogits, .regionMaps(channels: last.convolution.outputs)) {
                map.convolved(by: last)
            }
        case .fullyConnected(let layers, let last, let channels, let side):
            var hidden = pooled
            for (index, layer) in layers.enumerated() {
                hidden = run.stage(.maskHidden(index + 1), .table(columns: layer.dense.outputs)) {
                    hidden.dense(by: layer, relu: true)
                }
            }
            // The layer's outputs are ordered by class first; maps have the classes last.
            return run.stage(.maskLogits, .regionMaps(side: side, channels: channels)) {
                let logits = hidden.dense(by: last, relu: false)
                return logits.reshaped(to: [logits.value.shape[0], channels, side, side]).channelsLast()
            }
        }
    }
}

/// The mask probabilities of each detection's class: the sigmoid of that class's logits, or its softmax probability
/// over all classes at each pixel.
///
/// - Parameters:
///   - logits: `[detections, side, side, classes + 1]`, or 1 channel for class-agnostic masks.
///   - classes: one class per detection.
///   - output: sigmoid or softmax.
/// - Returns: `[detections, side, side]`.
package func maskProbabilities(_ logits: Tensor, classes: [Int], output: Architecture.Masks.Output) -> Tensor
{
    let (side, width, channels) = (logits.shape[1], logits.shape[2], logits.shape[3])
    let values = output == .softmax && channels > 1 ? softmax(logits) : logits
    return Tensor(shape: [classes.count, side, width]) { result in
        values.withUnsafeElements { values in
            for (detection, label) in classes.enumerated() {
                let channel = channels == 1 ? 0 : label
                for pixel in 0..<side * width {
                    let index = detection * side * width + pixel
                    let value = values[index * channels + channel]
                    result[index] = output == .softmax && channels > 1 ? value : sigmoid(value)
                }
            }
        }
    }
}
