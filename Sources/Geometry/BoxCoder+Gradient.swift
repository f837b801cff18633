import Foundation

extension BoxCoder {
    /// The backward pass of `decode`: from the gradient of a loss with respect to a decoded box to that with
    /// respect to the deltas.
    ///
    /// - Parameters:
    ///   - gradient: with respect to `x1`, `y1`, `x2` and `y2` of the decoded box.
    ///   - delta: the delta that was decoded.
    ///   - reference: the reference box that it was decoded from.
    package func decodeGradient(_ gradient: Box, delta: BoxDelta, from reference: Box) -> BoxDelta {
        let factors: BoxDelta
        switch scaling {
        case .weights(let weight):
            factors = BoxDelta(dx: 1 / weight.dx, dy: 1 / weight.dy, dw: 1 / weight.dw, dh: 1 / weight.dh)
        case .standardDeviations(let deviation): factors = deviation
        }
        // edge = centre ± size / 2, where centre = shift · reference size + reference centre and size =
        // exp(logarithm) · reference size. A clamped logarithm has no gradient.
        func axis(_ low: Float, _ high: Float, _ logarithm: Float, _ from: (Float, Float)) -> (Float, Float) {
            let size = span(from.0, from.1).size
            let isLimited = limited(logarithm) != logarithm
            return ((low + high) * size, isLimited ? 0 : (high - low) / 2 * size * exp(logarithm))
        }
        let x = axis(gradient.x1, gradient.x2, delta.dw * factors.dw, (reference.x1, reference.x2))
        let y = axis(gradient.y1, gradient.y2, delta.dh * factors.dh, (reference.y1, reference.y2))
        return BoxDelta(
            dx: x.0 * factors.dx, dy: y.0 * factors.dy, dw: x.1 * factors.dw, dh: y.1 * factors.dh)
    }
}
