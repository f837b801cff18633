import Kernels
import Inference
import Tensors
import Testing

import Training

@Suite struct TapeTests {
    /// A 1×1 convolution from one channel to one: output = weight · input + bias.
    private func layer(_ name: String, weight: Float, bias: Float = 0) throws -> ConvolutionLayer {
        var source = GivenParameters(tensors: [
            "\(name).weight": Tensor(shape: [1, 1, 1, 1], elements: [weight]),
            "\(name).bias": Tensor(shape: [1], elements: [bias]),
        ])
        return try ConvolutionLayer(
            name, inputs: 1, outputs: 1, window: ConvolutionWindow(), from: &source)
    }

    private func map(_ height: Int, _ width: Int, _ elements: [Float]) -> Tensor {
        Tensor(shape: [height, width, 1], elements: elements)
    }

    @Test("What depends on nothing that is trained is a constant")
    func constants() throws {
        let model = try TinyRun.trainer(TinyRun.configuration()).model()
        let picture = Tensor(shape: [64, 64, 3], repeating: 0.5)
        let frozen = Tape { _ in false }
        for map in model.network.features(frozen.constant(picture)) { #expect(map.node == nil) }
        // With the pyramid trained, the backbone still is one.
        let partial = Tape { $0.hasPrefix("fpn.") }
        for map in model.network.backbone(partial.constant(picture)) {
            #expect(map.node == nil)
        }
        for map in model.network.features(partial.constant(picture)) { #expect(map.node != nil) }
        let seed = LossSeed(frozen.constant(picture), gradient: picture)
        #expect(frozen.gradients(from: [seed]).isEmpty)
    }

    @Test("Frozen layers between trained ones pass the gradient on and have none themselves")
    func frozenInBetween() throws {
        let tape = Tape { $0.hasPrefix("first.") }
        let output = tape.constant(map(1, 1, [3])).passed(through: try layer("first", weight: 2))
            .passed(through: try layer("second", weight: 5))
        #expect(output.value.array == [30])
        let gradients = tape.gradients(from: [LossSeed(output, gradient: map(1, 1, [1]))])
        // The weight's is 5 · input, the bias's 5.
        #expect(gradients.mapValues { $0.array } == ["first.weight": [15], "first.bias": [5]])
    }

    @Test("The gradients of a layer that is used twice add up")
    func sharedLayer() throws {
        let tape = Tape()
        let shared = try layer("shared", weight: 2, bias: 1)
        let first = tape.constant(map(1, 2, [1, 10])).passed(through: shared)
        let second = tape.constant(map(1, 1, [100])).passed(through: shared)
        let gradients = tape.gradients(from: [
            LossSeed(first, gradient: map(1, 2, [1, 1])), LossSeed(second, gradient: map(1, 1, [-1])),
        ])
        #expect(gradients["shared.weight"]?.array == [-89])
        #expect(gradients["shared.bias"]?.array == [1])
    }

    @Test("A layer after itself: the product rule")
    func chain() throws {
        let tape = Tape()
        let shared = try layer("shared", weight: 2, bias: 1)
        let output = tape.constant(map(1, 1, [3])).passed(through: shared).passed(through: shared)
        // w (3 w + b) + b: by w 6 w + b, by b w + 1.
        #expect(output.value.array == [15])
        let gradients = tape.gradients(from: [LossSeed(output, gradient: map(1, 1, [1]))])
        #expect(gradients["shared.weight"]?.array == [13])
        #expect(gradients["shared.bias"]?.array == [3])
    }

    @Test("A residual and the branch beside it both get the gradient, where the ReLU lets it pass")
    func residual() throws {
        let tape = Tape()
        let input = tape.variable(map(1, 2, [1, -4]), name: "input")
        let residual = tape.variable(map(1, 2, [2, 1]), name: "residual")
        let output = input.convolved(by: try layer("layer", weight: 3), adding: residual, relu: true)
        #expect(output.value.array == [5, 0])
        let gradients = tape.gradients(from: [LossSeed(output, gradient: map(1, 2, [10, 100]))])
        #expect(gradients["residual"]?.array == [10, 0])
        #expect(gradients["input"]?.array == [30, 0])
        #expect(gradients["layer.weight"]?.array == [10])
        #expect(gradients["layer.bias"]?.array == [10])
    }

    @Test("A value that is its own branch's residual gets both gradients")
    func identityShortcut() throws {
        let tape = Tape()
        let input = tape.variable(map(1, 1, [1]), name: "input")
        let output = input.convolved(by: try layer("layer", weight: 3), adding: input, relu: false)
        let gradients = tape.gradients(from: [LossSeed(output, gradient: map(1, 1, [2]))])
        #expect(gradients["input"]?.array == [8])
    }

    @Test("Merging two levels hands the gradient to both, summed for the coarser one")
    func merging() throws {
        let tape = Tape()
        let fine = tape.variable(Tensor(shape: [2, 4, 1]), name: "fine")
        let coarse = tape.variable(map(1, 2, [1, 2]), name: "coarse")
        let merged = fine.addingUpsampled(coarse)
        #expect(merged.value.array == [1, 1, 2, 2, 1, 1, 2, 2])
        let seed = map(2, 4, [1, 2, 3, 4, 5, 6, 7, 8])
        let gradients = tape.gradients(from: [LossSeed(merged, gradient: seed)])
        #expect(gradients["fine"]?.array == seed.array)
        #expect(gradients["coarse"]?.array == [14, 22])
    }

    @Test("Several seeds of one output add up, and what has no seed has no gradient")
    func seeds() throws {
        let tape = Tape()
        let output = tape.constant(map(1, 1, [3])).passed(through: try layer("a", weight: 2))
        _ = tape.constant(map(1, 1, [3])).passed(through: try layer("b", weight: 2))
        let gradients = tape.gradients(from: [
            LossSeed(output, gradient: map(1, 1, [1])), LossSeed(output, gradient: map(1, 1, [4])),
        ])
        #expect(gradients.mapValues { $0.array } == ["a.weight": [15], "a.bias": [5]])
    }
}

extension Taped {
    /// The layer alone: nothing added, no ReLU.
    fileprivate func passed(through layer: ConvolutionLayer) -> Taped {
        convolved(by: layer, adding: nil, relu: false)
    }
}
