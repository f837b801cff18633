import Tensors

// The pullbacks of a convolution: linear maps, each the transpose of what the convolution does.

extension Convolution {
    /// The gradient by the input.
    ///
    /// - Parameters:
    ///   - gradient: by the output before residual and ReLU, after scale and shift; of the output's shape.
    ///   - inputShape: the input's shape, which is the result's.
    package func inputGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
        let (gradient, result) = (Maps(gradient), MutableMaps(MapSizes(inputShape)))
        precondition(gradient.sizes == outputSizes(of: result.sizes), "a gradient of \(gradient.sizes)")
        switch algorithm(on: gradient.sizes) {
        case .direct: inputGradientDirectly(gradient, into: result)
        case .matrixProduct: inputGradientByMatrixProduct(gradient, into: result)
        case .winograd: inputGradientByWinograd(gradient, into: result)
        }
        return result.tensor
    }

    /// The gradient by `weight`, in its shape and order; the scale, if any, is included.
    ///
    /// - Parameters:
    ///   - gradient: by the output before residual and ReLU, after scale and shift; of the output's shape.
    ///   - input: what the convolution was applied to.
    package func weightGradient(_ gradient: Tensor, input: Tensor) -> Tensor {
        let (gradient, input) = (Maps(gradient), Maps(input))
        precondition(gradient.sizes == outputSizes(of: input.sizes), "a gradient of \(gradient.sizes)")
        guard gradient.sizes.positions > 0 else { return Tensor(shape: weight.shape) }
        let result = MutableMatrix(rows: outputs, columns: weight.count / outputs)
        switch algorithm(on: gradient.sizes) {
        case .direct: weightGradientDirectly(gradient, input, into: KernelView(result, side: window.kernel))
        case .matrixProduct: weightGradientByMatrixProduct(gradient, input, into: result)
        case .winograd: weightGradientByWinograd(gradient, input, into: result)
        }
        return result.tensor(shape: weight.shape)
    }

    /// Multiplies the gradient by an output's weight by the output's scale, which the weight was multiplied by.
    func multiplyByScale(_ values: UnsafeMutablePointer<Float>, count: Int, output: Int) {
        guard let factor = scale?[output] else { return }
        for index in 0..<count { values[index] *= factor }
    }
}
