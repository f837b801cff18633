import Foundation
import Tensors

/// `max(x, 0)` for each element. NaN stays NaN.
public func relu(_ input: Tensor) -> Tensor {
    mapped(input) { $0 < 0 ? 0 : $0 }
}

/// The pullback of ``relu(_:)``: the gradient where its output is positive, 0 elsewhere. Both
/// tensors have the same shape.
public func reluGradient(_ gradient: Tensor, output: Tensor) -> Tensor {
    precondition(gradient.shape == output.shape, "a gradient of \(gradient.shape) by \(output.shape)")
    return Tensor(shape: gradient.shape) { result in
        gradient.withUnsafeElements { gradient in
            output.withUnsafeElements { output in
                // Eight at a time, without a branch: signs are as good as random.
                let count = result.count / 8 * 8
                for index in stride(from: 0, to: count, by: 8) {
                    let slope = SIMD8<Float>(loading: gradient.baseAddress! + index)
                    let value = SIMD8<Float>(loading: output.baseAddress! + index)
                    SIMD8<Float>(repeating: 0).replacing(with: slope, where: value .> 0)
                        .store(to: result.baseAddress! + index)
                }
                for index in count..<result.count { result[index] = output[index] > 0 ? gradient[index] : 0 }
            }
        }
    }
}

/// The sum over all positions of each channel, `[…, channels]` → `[channels]`: the gradient by a shift or a
/// bias, given the gradient by what it is added to.
///
/// Sums blocks of 256 positions in float32, and the blocks in double.
public func summedOverPositions(_ gradient: Tensor) -> Tensor {
    let channels = gradient.shape.last!
    let positions = channels == 0 ? 0 : gradient.count / channels
    return Tensor(shape: [channels]) { result in
        gradient.withUnsafeElements { gradient in
            var total = [Double](repeating: 0, count: channels)
            var block = [Float](repeating: 0, count: channels)
            for first in stride(from: 0, to: positions, by: 256) {
                for channel in block.indices { block[channel] = 0 }
                for position in first..<min(first + 256, positions) {
                    for channel in block.indices { block[channel] += gradient[position * channels + channel] }
                }
                for channel in block.indices { total[channel] += Double(block[channel]) }
            }
            for channel in block.indices { result[channel] = Float(total[channel]) }
        }
    }
}

/// The logistic function `1 / (1 + e⁻ˣ)` for each element, in float32.
public func sigmoid(_ input: Tensor) -> Tensor {
    mapped(input) { sigmoid($0) }
}

/// The logistic function `1 / (1 + e⁻ˣ)`.
@inline(__always)
public func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

/// The sum of two tensors of the same shape.
public func sum(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(a.shape == b.shape)
    return Tensor(shape: a.shape) { output in
        a.withUnsafeElements { a in
            b.withUnsafeElements { b in
                for index in output.indices { output[index] = a[index] + b[index] }
            }
        }
    }
}

/// Softmax along the last axis: `[…, classes]` → probabilities that sum to 1. The largest logit is subtracted
/// first, so that no exponential overflows.
public func softmax(_ logits: Tensor) -> Tensor {
    let classes = logits.shape.last!
    return Tensor(shape: logits.shape) { output in
        logits.withUnsafeElements { logits in
            for start in stride(from: 0, to: logits.count, by: max(classes, 1)) {
                let row = logits[start..<start + classes]
                let largest = row.max()!
                var total: Float = 0
                for index in row.indices {
                    output[index] = exp(row[index] - largest)
                    total += output[index]
                }
                for index in row.indices { output[index] /= total }
            }
        }
    }
}

/// The pullback of `softmax`: `probability · (gradient − Σ gradient · probability)`, the sum over the last axis.
///
/// - Parameters:
///   - gradient: of the loss by the probabilities: `[…, classes]`.
///   - probabilities: what `softmax` returned, of the same shape.
public func softmaxGradient(_ gradient: Tensor, probabilities: Tensor) -> Tensor {
    precondition(gradient.shape == probabilities.shape)
    let classes = gradient.shape.last!
    return Tensor(shape: gradient.shape) { output in
        gradient.withUnsafeElements { gradient in
            probabilities.withUnsafeElements { probabilities in
                for start in stride(from: 0, to: gradient.count, by: max(classes, 1)) {
                    let row = start..<start + classes
                    var mean: Float = 0
                    for index in row { mean += gradient[index] * probabilities[index] }
                    for index in row { output[index] = probabilities[index] * (gradient[index] - mean) }
                }
            }
        }
    }
}

@inline(__always)
private func mapped(_ input: Tensor, _ transform: (Float) -> Float) -> Tensor {
    Tensor(shape: input.shape) { output in
        input.withUnsafeElements { input in
            for index in input.indices { output[index] = transform(input[index]) }
        }
    }
}
