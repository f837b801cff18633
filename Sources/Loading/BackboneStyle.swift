import Inference

/// The origin of the ImageNet weights with which a backbone was initialised. It determines what cannot be
/// inferred from the parameters: the channel order, the mean and standard deviation of the input
/// normalisation, and which convolution of a downsampling block has the stride.
///
/// MMDetection calls the first two `style='pytorch'` and `style='caffe'`; detectron2's have
/// the second.
public enum BackboneStyle: String, Sendable, CaseIterable {
    /// torchvision's: RGB, divided by the standard deviation of each channel, stride in the 3×3 convolution.
    case pytorch
    /// The original ResNets, from Caffe: BGR, not divided by the standard deviation, stride in the first 1×1
    /// convolution.
    case caffe
    /// ResNeXt-101 32×8d, from Caffe2: BGR, divided by the standard deviation of each channel, stride in the
    /// 3×3 convolution.
    case caffe2

    /// The channel order and normalisation of the input.
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

/// The channel order and normalisation of a network's input, for samples from 0 to 255.
package struct InputChannels: Equatable, Sendable {
    /// The channel order, RGB or BGR.
    var order: Conventions.Input.ChannelOrder
    /// The mean that is subtracted from each channel.
    var mean: [Float]
    /// The standard deviation that each channel is then divided by.
    var deviation: [Float]

    /// Channels in the given order; nil unless there are three means, all in 0 … 255, and three standard
    /// deviations, all positive and at most 255.
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

    /// The channel order and normalisation of a profile.
    init(_ input: Conventions.Input) {
        let scale = 255 / input.whitePoint
        self.init(
            order: input.channelOrder, mean: input.mean.map { $0 * scale },
            deviation: input.standardDeviation.map { $0 * scale })
    }

    /// Writes the channel order and normalisation into a profile.
    func apply(to input: inout Conventions.Input) {
        let scale = input.whitePoint / 255
        input.channelOrder = order
        input.mean = mean.map { $0 * scale }
        input.standardDeviation = deviation.map { $0 * scale }
    }

    /// Reads the channel order, three means and three standard deviations, separated by spaces.
    init?(text: String) {
        let words = text.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Float($0) }
        guard words.count == 7, numbers.count == 6,
            let order = Conventions.Input.ChannelOrder(rawValue: String(words[0]))
        else { return nil }
        self.init(order: order, means: Array(numbers[..<3]), deviations: Array(numbers[3...]))
    }
}
