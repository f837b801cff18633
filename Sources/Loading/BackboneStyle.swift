import Inference

/// With whose ImageNet weights the training of a backbone began. What the backbone then expects cannot be read
/// off its parameters: the order of colours, what is subtracted from them and what they are divided by, and
/// which convolution of a block halves the map.
///
/// MMDetection calls the first two `style='pytorch'` and `style='caffe'`; detectron2's are of the
/// second.
public enum BackboneStyle: String, Sendable, CaseIterable {
    /// torchvision's: red first, divided by the deviation of each colour, stride in the 3×3 convolution.
    case pytorch
    /// The original ResNets, from Caffe: blue first, not divided, stride in the first 1×1 convolution.
    case caffe
    /// ResNeXt-101 32×8d, from Caffe2: blue first, divided by the deviations, stride in the 3×3 convolution.
    case caffe2

    /// How the input's channels are prepared.
    var channels: InputChannels {
        switch self {
        case .pytorch:
            InputChannels(order: .rgb, mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375])
        case .caffe:
            InputChannels(order: .bgr, mean: [103.53, 116.28, 123.675], deviation: [1, 1, 1])
        case .caffe2:
            InputChannels(order: .bgr, mean: [103.53, 116.28, 123.675], deviation: [57.375, 57.12, 58.395])
        }
    }

    /// Which convolution of a downsampling block has the stride.
    var stridePlacement: Architecture.Backbone.StridePlacement { self == .caffe ? .conv1 : .conv2 }
}

/// How colours become the channels of a network's input, values being 0 … 255.
package struct InputChannels: Equatable, Sendable {
    /// Red or blue first.
    var order: Conventions.Input.ChannelOrder
    /// Subtracted from each channel.
    var mean: [Float]
    /// Each channel is then divided by this.
    var deviation: [Float]

    /// Channels of the given order; nil unless there are three numbers of each kind, and they make sense.
    init?(order: Conventions.Input.ChannelOrder, means mean: [Float], deviations deviation: [Float]) {
        guard mean.count == 3, deviation.count == 3, mean.allSatisfy({ (0...255).contains($0) }),
            deviation.allSatisfy({ $0 > 0 && $0 <= 255 })
        else { return nil }
        self.init(order: order, mean: mean, deviation: deviation)
    }

    fileprivate init(order: Conventions.Input.ChannelOrder, mean: [Float], deviation: [Float]) {
        self.order = order
        self.mean = mean
        self.deviation = deviation
    }

    /// The channels of a profile.
    init(_ input: Conventions.Input) {
        let scale = 255 / input.whitePoint
        self.init(
            order: input.channelOrder, mean: input.mean.map { $0 * scale },
            deviation: input.standardDeviation.map { $0 * scale })
    }

    /// Writes them into a profile.
    func apply(to input: inout Conventions.Input) {
        let scale = input.whitePoint / 255
        input.channelOrder = order
        input.mean = mean.map { $0 * scale }
        input.standardDeviation = deviation.map { $0 * scale }
    }

    /// Reads the order, three means and three deviations, with spaces between them.
    init?(text: String) {
        let words = text.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Float($0) }
        guard words.count == 7, numbers.count == 6,
            let order = Conventions.Input.ChannelOrder(rawValue: String(words[0]))
        else { return nil }
        self.init(order: order, means: Array(numbers[..<3]), deviations: Array(numbers[3...]))
    }
}
