import Testing

import Tensors

/// What PyTorch's autograd computes: `Tools/make_gradient_goldens.py`.
struct GradientFixture: Decodable {
    struct GroupNorm: Decodable {
        var input: [Int]
        var groups: Int
        var inputGradient: [Double]
        var weightGradient: [Double]
        var biasGradient: [Double]
    }
    struct Pooling: Decodable {
        var input: [Int]
        var kernel: Int
        var stride: Int
        var padding: Int
        var tied: Bool
        var inputGradient: [Double]
    }
    struct Resize: Decodable {
        var mode: String
        var input: [Int]
        var height: Int
        var width: Int
        var inputGradient: [Double]
    }
    struct Regions: Decodable {
        struct Align: Decodable {
            var subtractsHalfPixel: Bool
            var samplesPerAxis: Int?
            var mapGradient: [Double]
        }
        struct Pool: Decodable {
            var tied: Bool
            var mapGradient: [Double]
        }
        var map: [Int]
        var outputSize: Int
        var scale: Float
        var boxes: [Float]
        var align: [Align]
        var pool: [Pool]
    }
    struct Softmax: Decodable {
        var input: [Int]
        var logitsGradient: [Double]
    }
    var groupNorm: [GroupNorm]
    var maxPooling: [Pooling]
    var upsampling: [Resize]
    var regions: Regions
    var softmax: Softmax
}

/// The pattern, or five numbers only, so that maxima have rivals: as in the generator.
func pattern(_ shape: [Int], seed: UInt64, tied: Bool) -> Tensor {
    let values = pattern(shape, seed: seed)
    return tied ? values.mapped { ($0 * 2).rounded(.toNearestOrEven) } : values
}

/// The gradient of Σ gradient · function(point), by central differences in Double.
///
/// - Parameter step: small enough not to cross a kink; piecewise linear functions allow any.
func centralDifferences(
    of function: ([Double]) -> [Double], at point: Tensor, gradient: Tensor, step: Double = 1e-5
) -> [Double] {
    let values = point.array.map(Double.init)
    let gradient = gradient.array.map(Double.init)
    return values.indices.map { index in
        func moved(_ step: Double) -> Double {
            var moved = values
            moved[index] += step
            return dot(function(moved), gradient)
        }
        return (moved(step) - moved(-step)) / (2 * step)
    }
}

/// The sum of products, of arrays of one length.
func dot(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "\(a.count) and \(b.count) elements")
    return a.indices.reduce(0) { $0 + a[$1] * b[$1] }
}

/// Expects ⟨output, gradient⟩ = ⟨input, pulled back⟩, as holds for a linear kernel with any input, and for one
/// that takes maxima with the input at which it was pulled back.
func expectAdjoint(
    output: Tensor, gradient: Tensor, inputs: [Tensor], pulledBack: [Tensor], _ what: String = "",
    at location: SourceLocation = #_sourceLocation
) {
    guard output.shape == gradient.shape, inputs.map(\.shape) == pulledBack.map(\.shape) else {
        Issue.record("\(what): the shapes differ", sourceLocation: location)
        return
    }
    let (outputs, gradients) = (output.array.map(Double.init), gradient.array.map(Double.init))
    let forward = dot(outputs, gradients)
    let backward = zip(inputs, pulledBack).reduce(0) {
        $0 + dot($1.0.array.map(Double.init), $1.1.array.map(Double.init))
    }
    // Roundings have random signs: their sum is far below what each may be.
    let scale = dot(outputs.map(abs), gradients.map(abs))
    #expect(scale > 0, "\(what)", sourceLocation: location)
    #expect(abs(forward - backward) <= 1e-6 * scale, "\(what)", sourceLocation: location)
}
