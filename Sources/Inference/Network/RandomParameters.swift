import Foundation
import Tensors

/// Randomly initialised parameters, the start of training.
///
/// Each parameter has its own generator, seeded by its name, so its values depend neither on other parameters nor on
/// the order of requests.
public struct RandomParameters: ParameterSource, Sendable {
    private let seed: UInt64

    /// A source; the same seed gives the same parameters.
    public init(seed: UInt64) { self.seed = seed }

    /// Always false: optional parameters are absent from a random source.
    public func contains(_ name: String) -> Bool { false }

    /// A new parameter of the given shape, drawn from `initialization`.
    public func parameter(_ name: String, shape: [Int], initialization: Initialization) -> Tensor {
        var generator = SeededGenerator(seed: seed, name: name)
        let outputs = shape[0]
        let receptiveField = shape.dropFirst(2).reduce(1, *)
        let fanIn = shape.count > 1 ? shape[1] * receptiveField : 1
        return Tensor(shape: shape) { elements in
            switch initialization {
            case .constant(let value): elements.update(repeating: value)
            case .normal(let deviation): generator.fillNormal(elements, deviation: deviation)
            case .kaimingNormalFanOut:
                generator.fillNormal(elements, deviation: (2 / Float(outputs * receptiveField)).squareRoot())
            case .kaimingUniform(let gain):
                let bound = gain * (3 / Float(fanIn)).squareRoot()
                for index in elements.indices {
                    elements[index] = (2 * Float(generator.uniform()) - 1) * bound
                }
            }
        }
    }
}

extension SeededGenerator {
    /// Fills memory with normally distributed numbers of mean 0 (Box and Muller, 1958).
    fileprivate mutating func fillNormal(_ elements: UnsafeMutableBufferPointer<Float>, deviation: Float) {
        for index in elements.indices {
            let radius = (-2 * log(1 - uniform())).squareRoot()
            elements[index] = Float(radius * cos(2 * .pi * uniform())) * deviation
        }
    }
}
