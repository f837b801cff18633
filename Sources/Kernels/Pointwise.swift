import Foundation
import Tensors

/// `max(x, 0)` for each element. NaN stays NaN.
package func relu(_ input: Tensor) -> Tensor {
    mapped(input) { $0 < 0 ? 0 : $0 }
}

/// The pullback of ``relu(_:)``: the gradient where its output is positive, 0 elsewhere. Both tensors have the same
/// shape.
package func reluGradient(_ gradient: Tensor, output: Tensor) -> Tensor {
    precondition(gradient.shape == output.shape, "a gradient of \(gradient.shape) by \(output.shape)")
    let (slopes, values) = (
        Matrix(gradient, rows: 1, columns: gradient.count), Matrix(output, rows: 1, columns: output.count)
    )
    let result = MutableMatrix(rows: 1, columns: gradient.count)
    // Without a branch: signs are as good as random.
    forEachChannelVector(of: gradient.count) { elements in
        result[0][elements] = ChannelVector.zero.replacing(
            with: slopes[0][elements], where: values[0][elements] .> 0)
    }
    return result.tensor(shape: gradient.shape)
}

/// The sum over all positions of each channel, `[…, channels]` → `[channels]`: the gradient by a shift or a
/// bias, given the gradient by what it is added to.
///
/// Sums blocks of 256 positions in float32, and the blocks in double.
package func summedOverPositions(_ gradient: Tensor) -> Tensor {
    let channels = gradient.shape.last!
    let positions = channels == 0 ? 0 : gradient.count / channels
    let gradient = Matrix(gradient, rows: positions, columns: channels)
    let sums = MutableMatrix(rows: 1, columns: channels)
    var total = [Double](repeating: 0, count: channels)
    for block in blocks(of: 256, covering: 0..<positions) {
        forEachChannelVector(of: channels) { channels in
            var sum = ChannelVector.zero
            for position in block { sum += gradient[position][channels] }
            sums[0][channels] = sum
        }
        for channel in 0..<channels { total[channel] += Double(sums[0][channel]) }
    }
    return Tensor(shape: [channels], elements: total.map { Float($0) })
}

/// The logistic function `1 / (1 + e⁻ˣ)` for each element, in float32.
package func sigmoid(_ input: Tensor) -> Tensor {
    mapped(input) { sigmoid($0) }
}

/// The logistic function `1 / (1 + e⁻ˣ)`.
@inline(__always)
public func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

/// The sum of two tensors of the same shape.
package func sum(_ a: Tensor, _ b: Tensor) -> Tensor {
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
package func softmax(_ logits: Tensor) -> Tensor {
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

/// The pullback of ``softmax(_:)``: `probability · (gradient − Σ gradient · probability)`, the sum over the last axis.
///
/// - Parameters:
///   - gradient: by the probabilities: `[…, classes]`.
///   - probabilities: what `softmax` returned, of the same shape.
package func softmaxGradient(_ gradient: Tensor, probabilities: Tensor) -> Tensor {
    precondition(gradient.shape == probabilities.shape)
    let classes = gradient.shape.last!
    let rows = classes == 0 ? 0 : gradient.count / classes
    let gradients = Matrix(gradient, rows: rows, columns: classes)
    let probabilities = Matrix(probabilities, rows: rows, columns: classes)
    let result = MutableMatrix(rows: rows, columns: classes)
    for row in 0..<rows {
        let (gradient, probability) = (gradients[row], probabilities[row])
        var mean: Float = 0
        for index in 0..<classes { mean += gradient[index] * probability[index] }
        for index in 0..<classes { result[row][index] = probability[index] * (gradient[index] - mean) }
    }
    return result.tensor(shape: gradient.shape)
}

@inline(__always)
private func mapped(_ input: Tensor, _ transform: (Float) -> Float) -> Tensor {
    Tensor(shape: input.shape) { output in
        input.withUnsafeElements { input in
            for index in input.indices { output[index] = transform(input[index]) }
        }
    }
}
