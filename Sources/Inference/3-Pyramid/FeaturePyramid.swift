import Kernels
import Tensors

// Feature pyramid network (Lin et al., arXiv 1612.03144, section 3):
//
// 1. Lateral: a 1×1 convolution brings each of c2 … c5 to the same number of channels.
// 2. Top-down, from p5 to p2: enlarge the coarser sum by nearest-neighbour interpolation, and add the lateral map.
// 3. Smooth each sum with a 3×3 convolution, which reduces the aliasing of the upsampling.
// 4. p6 is every second value of p5; only the region proposal network uses it.

/// The lateral, top-down and smoothing steps that turn c2 … c5 into p2 … p6.
package struct FeaturePyramid: Sendable {
    /// 1×1 convolutions of c2 … c5.
    package let laterals: [ConvolutionLayer]
    /// 3×3 convolutions that make p2 … p5.
    package let outputs: [ConvolutionLayer]

    /// p5 → p6: a 1×1 max pool of stride 2, which takes every second value.
    package static let subsampling = ConvolutionWindow(kernel: 1, stride: 2)

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

    /// Computes p2 … p6 from c2 … c5. Consumes the features, so that each is freed after its last use.
    package func callAsFunction<A: Activation>(
        _ features: consuming [A], in run: PipelineRun<A> = PipelineRun()
    ) -> [A] {
        let channels = outputs[0].convolution.inputs
        var pyramid: [A] = []
        var coarser: A?
        while let feature = features.popLast() {
            let index = features.count
            let level = index + 2
            // Optional so that `take()` can move it out: with no reference left here, the sum can reuse its memory.
            var lateral: A? = run.stage(.lateral(level), .map(channels: channels)) {
                feature.convolved(by: laterals[index])
            }
            let topDown = coarser.flatMap { coarser in
                // The merge enlarges and adds in one pass; this map is computed only for an observer.
                run.mapAside(.topDown(level), .map(channels: channels, size: lateral?.value.mapSize)) {
                    upsampledNearest(
                        coarser.value, height: feature.value.shape[0], width: feature.value.shape[1])
                }
            }
            let merged = run.stage(.merged(level), .map(channels: channels)) {
                Self.merge(lateral.take()!, with: coarser, or: topDown, in: run)
            }
            coarser = merged
            pyramid.insert(
                run.stage(.pyramid(level), .map(channels: outputs[index].convolution.outputs)) {
                    merged.convolved(by: outputs[index])
                }, at: 0)
        }
        let p5 = pyramid[pyramid.count - 1]
        let p6 = run.stage(
            .pyramid(pyramid.count + 2), .map(channels: outputs[outputs.count - 1].convolution.outputs)
        ) {
            p5.maxPooled(Self.subsampling)
        }
        return pyramid + [p6]
    }

    /// Adds the enlarged coarser map to the lateral map, in the lateral map's memory. `topDown`, if given, replaces the
    /// enlarged map. On the coarsest level, returns the lateral map.
    private static func merge<A: Activation>(
        _ lateral: consuming A, with coarser: A?, or topDown: A?, in run: PipelineRun<A>
    ) -> A {
        guard let coarser else { return lateral }
        if let topDown { return lateral.adding(topDown) }
        return run.steps.mergeLevels(lateral, coarser)
    }
}
