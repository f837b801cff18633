/// A batch norm whose statistics no longer change, as the two numbers a channel that it amounts to:
/// `output = scale · input + shift`.
package struct FrozenBatchNorm: Sendable {
    /// `weight / √(variance + epsilon)`.
    package let scale: [Float]
    /// `bias − mean · scale`.
    package let shift: [Float]

    /// Folds a batch norm's four vectors into two, in float32 in torchvision's order.
    /// - Parameters:
    ///   - weight: γ, a factor a channel.
    ///   - bias: β, a summand a channel.
    ///   - mean: of each channel over the training images.
    ///   - variance: of each channel over the training images.
    ///   - epsilon: added to the variance. Not stored in any checkpoint: 0 for torchvision's published
    ///     first-generation models, 1e-5 nearly everywhere else.
    package init(weight: [Float], bias: [Float], mean: [Float], variance: [Float], epsilon: Float) {
        precondition(Set([weight.count, bias.count, mean.count, variance.count]).count == 1)
        let scale = weight.indices.map { weight[$0] * (1 / (variance[$0] + epsilon).squareRoot()) }
        self.scale = scale
        shift = bias.indices.map { bias[$0] - mean[$0] * scale[$0] }
    }
}
