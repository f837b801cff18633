import Kernels
import Tensors

// Feature pyramid network (Lin et al., arXiv 1612.03144, section 3):
//
// 1. Lateral: a 1×1 convolution brings each of c2 … c5 to the same number of channels.
// 2. Top-down, from p5 to p2: enlarge the coarser sum by repeating the nearest value, and add the lateral map.
// 3. Smooth each sum with a 3×3 convolution, against the aliasing of the enlargement.
// 4. p6 is every second value of p5; only the region proposal network uses it.

/// The lateral, top-down and smoothing steps that turn c2 … c5 into p2 … p6.
public struct FeaturePyramid: Sendable {
    /// 1×1 convolutions of c2 … c5.
    public let laterals: [ConvolutionLayer]
    /// 3×3 convolutions that make p2 … p5.
    public let outputs: [ConvolutionLayer]

    /// Every second value: a max pool of a single one.
    public static let subsampling = ConvolutionWindow(kernel: 1, stride: 2)

    /// Takes the pyramid's parameters from `source`.
    init(
        _ configuration: Architecture.Pyramid, inputs: [Int], from source: inout some ParameterSource
    ) throws {
        var laterals: [ConvolutionLayer] = []
        var outputs: [ConvolutionLayer] = []
        for (index, channels) in inputs.enumerated() {
            laterals.append(
                try ConvolutionLayer(
                    "fpn.lateral.p\(index + 2)", inputs: channels, outputs: configuration.channels,
                    window: ConvolutionWindow(kernel: 1), norm: configuration.norm,
                    initialization: .kaimingUniform(gain: 1), from: &source))
            outputs.append(
                try ConvolutionLayer(
                    "fpn.p\(index + 2)", inputs: configuration.channels, outputs: configuration.channels,
                    window: ConvolutionWindow(kernel: 3), norm: configuration.norm,
                    initialization: .kaimingUniform(gain: 1), from: &source))
        }
        self.laterals = laterals
        self.outputs = outputs
    }

    /// p2 … p6 from c2 … c5. Takes the features over, so that each is freed once it has been used.
    public func callAsFunction<A: Activation>(_ features: consuming [A], observer: (any Observer)? = nil)
        -> [A]
    {
        var pyramid: [A] = []
        var coarser: A?
        while let feature = features.popLast() {
            let index = features.count
            let level = index + 2
            let lateral = feature.convolved(by: laterals[index])
            observer.record(.lateral(level), .map(lateral.value))
            if let coarser {
                let (height, width) = (lateral.value.shape[0], lateral.value.shape[1])
                observer.record(.topDown(level)) {
                    .map(upsampledNearest(coarser.value, height: height, width: width))
                }
            }
            let merged = Self.merge(consume lateral, with: coarser)
            observer.record(.merged(level), .map(merged.value))
            coarser = merged
            pyramid.insert(merged.convolved(by: outputs[index]), at: 0)
            observer.record(.pyramid(level), .map(pyramid[0].value))
        }
        let p6 = pyramid[pyramid.count - 1].maxPooled(Self.subsampling)
        observer.record(.pyramid(pyramid.count + 2), .map(p6.value))
        return pyramid + [p6]
    }

    /// The sum of a lateral map, whose memory it takes, and the coarser one; on the coarsest level the lateral
    /// map alone.
    private static func merge<A: Activation>(_ lateral: consuming A, with coarser: A?) -> A {
        guard let coarser else { return lateral }
        return lateral.addingUpsampled(coarser)
    }
}
