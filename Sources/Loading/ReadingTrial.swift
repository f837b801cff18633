import Formats
import Foundation
import Inference
import Kernels
import Tensors

/// One of several readings of a checkpoint, tried on images: how far its activations are from those in
/// training.
///
/// A batch norm stores the mean and the variance of each channel of its input in training. Read as it was
/// trained, a network reproduces them, roughly, on images of the kind that it was trained on; with the stride
/// in another convolution, another order of colours or another epsilon, later channels drift away from them.
/// The measure is the Kullback–Leibler divergence between the channel on these images and in training, both
/// taken as normal, averaged over channels and layers of the backbone: ½ (m² + s² − 1 − ln s²), where m and s
/// are mean and deviation after the norm's own standardisation.
///
/// One image is a small sample of the data that a norm has averaged: an image with much sky may fit another
/// channel order better. Use several images of different content, and do not trust small differences.
///
/// A group norm stores no statistics, and detections do not decide: a wrong reading may give scores just as
/// high. Such trials are listed but not ranked.
package struct ReadingTrial: Hashable, Sendable {
    /// The reading, as an option: `--stride-placement conv1`, or `as it loads`.
    package let reading: String
    /// The divergence of the activations from those in training, averaged over channels and layers; nil for a
    /// network without batch norms.
    package let divergence: Double?
    /// The sum of the scores of all detections with a score of at least one half.
    package let foundScore: Double

    /// Tries every reading that the file leaves open: as it loads, and with one alternative at a time. Best
    /// first where batch norms tell; the way it loads comes first too if it is worse by less than a
    /// hundredth, which few images do not decide.
    /// - Throws: `FileError` when it does not load at all.
    package static func all(of path: String, options: LoadingOptions, on images: [Image]) throws
        -> [ReadingTrial]
    {
        let loaded = try LoadedModel(contentsOf: path, options: options)
        let checkpoint = try Checkpoint(
            contentsOf: path, entry: options.entry, ignoring: options.ignoredTensors)
        var trials = [ReadingTrial("as it loads", loaded.model, checkpoint, images)]
        for (option, model) in otherReadings(of: path, as: loaded.model, options: options) {
            trials.append(ReadingTrial(option, model, checkpoint, images))
        }
        guard let own = trials[0].divergence else { return trials }
        func divergence(_ trial: ReadingTrial) -> Double { trial.divergence ?? .infinity }
        // `sorted` is stable.
        let sorted = trials.sorted { divergence($0) < divergence($1) }
        return own <= 1.01 * divergence(sorted[0]) ? [trials[0]] + sorted.filter { $0 != trials[0] } : sorted
    }

    /// The models that a file may be as well, each with the option that reads it so; what does not even load is left
    /// out.
    /// - Parameters:
    ///   - model: as it loads with the options.
    ///   - layersOnly: leaves out what changes the input alone.
    package static func otherReadings(
        of path: String, as model: Model, options: LoadingOptions, layersOnly: Bool = false
    ) -> [(option: String, model: Model)] {
        alternatives(to: model).filter { !layersOnly || !$0.0.hasPrefix("--channel-order") }
            .compactMap { option, change in
                var other = options
                change(&other)
                return (try? LoadedModel(contentsOf: path, options: other)).map { (option, $0.model) }
            }
    }

    /// What else a file may mean, in the words of the options that say so.
    private static func alternatives(to model: Model) -> [(String, (inout LoadingOptions) -> Void)] {
        let architecture = model.architecture
        let placement: Architecture.Backbone.StridePlacement =
            architecture.backbone.stridePlacement == .conv1 ? .conv2 : .conv1
        let order: Conventions.Input.ChannelOrder = model.conventions.input.channelOrder == .rgb ? .bgr : .rgb
        var result: [(String, (inout LoadingOptions) -> Void)] = [
            ("--channel-order \(order.rawValue)", { $0.channelOrder = order })
        ]
        if architecture.backbone.block == .bottleneck {
            result.insert(
                ("--stride-placement \(placement.rawValue)", { $0.stridePlacement = placement }), at: 0)
        }
        switch architecture.backbone.norm {
        case .frozenBatch(let own):
            for epsilon in [0, 1e-5, 1e-3] as [Float] where epsilon != own {
                result.append(("--batch-norm-epsilon \(epsilon)", { $0.batchNormEpsilon = epsilon }))
            }
        case .group(let own, _):
            for groups in [2, 4, 8, 16, 32] where groups != own {
                result.append(
                    (
                        "--set backbone.groupNormGroups=\(groups)",
                        { options in
                            var stated = options.assignments ?? StatedConfiguration(origin: "--set")
                            stated.state("backbone.groupNormGroups", groups.configurationValue)
                            options.assignments = stated
                        }
                    ))
            }
        case .bias: break
        }
        return result
    }

    private init(_ reading: String, _ model: Model, _ checkpoint: Checkpoint, _ images: [Image]) {
        self.reading = reading
        let meter = Meter(checkpoint)
        var found = 0.0
        for image in images {
            _ = model.network.backbone(Measured(model.prepare(image).tensor, meter))
            for instance in model.detect(image) where instance.score >= 0.5 {
                found += Double(instance.score)
            }
        }
        divergence = meter.divergence
        foundScore = found
    }
}

/// Collects the mean and the standard deviation of each channel of each layer over all images.
private final class Meter {
    private struct Sums {
        var values: [Double], squares: [Double]
        var positions = 0.0
    }

    private let checkpoint: Checkpoint
    private var layers: [String: Sums] = [:]

    init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

    /// - Parameter map: the layer's output before ReLU and without the residual, `[height, width, channels]`.
    func measure(_ map: Tensor, of layer: String) {
        guard let channels = map.shape.last, channels > 0 else { return }
        let empty = [Double](repeating: 0, count: channels)
        var sums = layers[layer] ?? Sums(values: empty, squares: empty)
        map.withUnsafeElements { values in
            var channel = 0
            for value in values {
                sums.values[channel] += Double(value)
                sums.squares[channel] += Double(value) * Double(value)
                channel = channel + 1 == channels ? 0 : channel + 1
            }
        }
        sums.positions += Double(map.count / channels)
        layers[layer] = sums
    }

    /// The divergence of the channels from the statistics of their batch norms, averaged over all layers; nil
    /// when no layer has a batch norm.
    var divergence: Double? {
        // In a fixed order, so that the sum is the same every time.
        let parts = layers.sorted { $0.key < $1.key }.compactMap { distance(of: $0.key, $0.value) }
        return parts.isEmpty ? nil : parts.reduce(0, +) / Double(parts.count)
    }

    private func distance(of layer: String, _ sums: Sums) -> Double? {
        guard checkpoint.contains("\(layer).norm.running_var"), sums.positions > 0,
            let weight = checkpoint.numbers("\(layer).norm.weight"),
            let bias = checkpoint.numbers("\(layer).norm.bias"), weight.count == sums.values.count
        else { return nil }
        var (total, counted) = (0.0, 0)
        // A channel that training has switched off gives no information.
        for channel in weight.indices where abs(weight[channel]) > 1e-6 {
            let scale = Double(weight[channel])
            let mean = sums.values[channel] / sums.positions
            let variance = max(sums.squares[channel] / sums.positions - mean * mean, 0)
            let m = (mean - Double(bias[channel])) / scale
            let s = max(variance / (scale * scale), 1e-6)
            // A single outlier must not outweigh all other channels.
            total += min(0.5 * (m * m + s - 1 - log(s)), 10)
            counted += 1
        }
        return counted > 0 ? total / Double(counted) : nil
    }
}

extension Checkpoint {
    /// The values of a parameter, without marking it as used.
    fileprivate func numbers(_ name: String) -> [Float]? {
        var copy = self
        guard let shape = shapes[name] else { return nil }
        return (try? copy.parameter(name, shape: shape, initialization: .constant(0)))?.array
    }
}

/// A feature map that is measured at the output of every convolution.
private struct Measured: Activation {
    let value: Tensor
    private let meter: Meter

    init(_ value: Tensor, _ meter: Meter) {
        self.value = value
        self.meter = meter
    }

    private func with(_ value: Tensor) -> Measured { Measured(value, meter) }

    func convolved(by layer: ConvolutionLayer, adding residual: Measured?, relu: Bool) -> Measured {
        if layer.groupNorm == nil {
            meter.measure(value.convolved(by: layer, adding: nil, relu: false), of: layer.name)
        }
        return with(value.convolved(by: layer, adding: residual?.value, relu: relu))
    }

    func upsampled(by layer: TransposedConvolutionLayer, relu: Bool) -> Measured {
        with(value.upsampled(by: layer, relu: relu))
    }

    func maxPooled(_ window: ConvolutionWindow) -> Measured { with(value.maxPooled(window)) }

    consuming func addingUpsampled(_ coarser: Measured) -> Measured {
        with(value.addingUpsampled(coarser.value))
    }

    func adding(_ other: Measured) -> Measured { with(value.adding(other.value)) }

    func enlargedBilinearly(by factor: Int) -> Measured { with(value.enlargedBilinearly(by: factor)) }

    static func pooled(
        from maps: [Measured], regions: [RegionOfInterest], scales: [Float], by layer: RoILayer
    ) -> Measured {
        maps[0].with(Tensor.pooled(from: maps.map(\.value), regions: regions, scales: scales, by: layer))
    }

    func dense(by layer: DenseLayer, relu: Bool) -> Measured {
        with(value.dense(by: layer, relu: relu))
    }

    func averagedOverPositions() -> Measured { with(value.averagedOverPositions()) }

    func reshaped(to shape: [Int]) -> Measured { with(value.reshaped(to: shape)) }

    func channelsLast() -> Measured { with(value.channelsLast()) }
}
