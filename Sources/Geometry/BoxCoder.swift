import Foundation

// The regression branch does not predict corners but the change of a reference box (an anchor or a proposal).
//
//     dx = (cx′ − cx) / w     dw = log(w′ / w)          (R-CNN, appendix C; the same for y and h)
//
// Shifts are relative to the box size and sizes are ratios, so the parametrisation does not depend on scale.
// The frameworks agree on it and differ in the details, for which there are the switches below.

/// The change from a reference box to another box: shifts of the centre relative to the box size, and
/// logarithms of size ratios. Four floats in the order of the network's channels.
package struct BoxDelta: Hashable, Sendable {
    /// The centre's shift to the right, in reference widths.
    package var dx: Float
    /// The centre's shift downward, in reference heights.
    package var dy: Float
    /// The natural logarithm of new width / reference width.
    package var dw: Float
    /// The natural logarithm of new height / reference height.
    package var dh: Float

    /// A delta of the given shifts and logarithms.
    @inlinable
    public init(dx: Float, dy: Float, dw: Float, dh: Float) {
        self.dx = dx
        self.dy = dy
        self.dw = dw
        self.dh = dh
    }
}

/// Encodes a box relative to a reference box as regression targets, and decodes predicted deltas to boxes.
public struct BoxCoder: Hashable, Sendable {
    /// How deltas are scaled to about unit variance. Both ways use the same numbers (÷ 10, × 0.1) but round
    /// differently.
    package enum Scaling: Hashable, Sendable {
        /// Predictions are divided by weights: torchvision, detectron2, Detectron 1.
        case weights(BoxDelta)
        /// Predictions are multiplied by standard deviations: MMDetection, Matterport.
        case standardDeviations(BoxDelta)
    }

    /// How the reference box's centre is computed.
    package enum Centre: String, Hashable, Sendable, CaseIterable {
        /// `x1 + 0.5 · w`: the other frameworks.
        case cornerPlusHalf
        /// `(x1 + x2) · 0.5`: MMDetection.
        case meanOfCorners
    }

    /// How the decoded box's right and lower edge are computed.
    package enum FarEdge: String, Hashable, Sendable, CaseIterable {
        /// `cx + 0.5 · w`: the other frameworks.
        case centrePlusHalf
        /// `x1 + w`: Matterport.
        case nearEdgePlusSize
    }

    /// How predicted `dw` and `dh` are clamped before `exp`, at ±``BoxCoder/largestLogarithm``.
    package enum SizeLimit: String, Hashable, Sendable, CaseIterable {
        /// No clamping: Matterport.
        case none
        /// From above, against overflow: torchvision, detectron2, Detectron 1.
        case above
        /// On both sides: MMDetection.
        case bothSides
    }

    /// log(1000 / 16): a box may grow by a factor of at most 62.5.
    package static let largestLogarithm = Float(log(1000.0 / 16.0))

    /// How deltas are scaled to about unit variance.
    package var scaling: Scaling
    /// How the reference box's centre is computed.
    package var centre: Centre
    /// How the decoded box's right and lower edge are computed.
    package var farEdge: FarEdge
    /// How predicted `dw` and `dh` are clamped.
    package var sizeLimit: SizeLimit
    /// Whether edges are pixel indices, both included, so that a box of one pixel has `x2 = x1` (Detectron
    /// 1).
    package var edgesAreInclusive: Bool

    /// A coder with the given conventions; the defaults are torchvision's.
    package init(
        scaling: Scaling, centre: Centre = .cornerPlusHalf, farEdge: FarEdge = .centrePlusHalf,
        sizeLimit: SizeLimit = .above, edgesAreInclusive: Bool = false
    ) {
        self.scaling = scaling
        self.centre = centre
        self.farEdge = farEdge
        self.sizeLimit = sizeLimit
        self.edgesAreInclusive = edgesAreInclusive
    }
}

// MARK: - Conventions of the frameworks

extension BoxCoder {
    /// The two box regressions of the network.
    package enum Stage: Hashable, Sendable {
        /// Anchors to proposals, in the region proposal network.
        case proposals
        /// Proposals to detections, in the box head.
        case detections
    }

    /// torchvision and detectron2.
    package static func torchvision(_ stage: Stage) -> BoxCoder {
        BoxCoder(scaling: .weights(weights(stage)))
    }

    /// MMDetection 2 and 3.
    package static func mmdetection(_ stage: Stage) -> BoxCoder {
        let deviations =
            switch stage {
            case .proposals: BoxDelta(dx: 1, dy: 1, dw: 1, dh: 1)
            case .detections: BoxDelta(dx: 0.1, dy: 0.1, dw: 0.2, dh: 0.2)
            }
        return BoxCoder(
            scaling: .standardDeviations(deviations), centre: .meanOfCorners, sizeLimit: .bothSides)
    }

    /// Matterport's Mask_RCNN: the same for both stages.
    package static let matterport = BoxCoder(
        scaling: .standardDeviations(BoxDelta(dx: 0.1, dy: 0.1, dw: 0.2, dh: 0.2)),
        farEdge: .nearEdgePlusSize, sizeLimit: .none)

    /// Detectron 1, the code of the paper's authors.
    package static func detectron1(_ stage: Stage) -> BoxCoder {
        BoxCoder(scaling: .weights(weights(stage)), edgesAreInclusive: true)
    }

    private static func weights(_ stage: Stage) -> BoxDelta {
        switch stage {
        case .proposals: BoxDelta(dx: 1, dy: 1, dw: 1, dh: 1)
        case .detections: BoxDelta(dx: 10, dy: 10, dw: 5, dh: 5)
        }
    }
}

// MARK: - One box

extension BoxCoder {
    /// The deltas that transform `reference` into `box`. Infinite or NaN when either has no area.
    package func encode(_ box: Box, from reference: Box) -> BoxDelta {
        let x = encode(low: box.x1, high: box.x2, from: reference.x1, reference.x2)
        let y = encode(low: box.y1, high: box.y2, from: reference.y1, reference.y2)
        switch scaling {
        case .weights(let weight):
            // The weight multiplies the difference before the division by the size, as in torchvision.
            return BoxDelta(
                dx: weight.dx * x.difference / x.size, dy: weight.dy * y.difference / y.size,
                dw: weight.dw * log(x.growth), dh: weight.dh * log(y.growth))
        case .standardDeviations(let deviation):
            return BoxDelta(
                dx: x.difference / x.size / deviation.dx, dy: y.difference / y.size / deviation.dy,
                dw: log(x.growth) / deviation.dw, dh: log(y.growth) / deviation.dh)
        }
    }

    /// The box that `delta` transforms `reference` into, not clipped to the image.
    package func decode(_ delta: BoxDelta, from reference: Box) -> Box {
        let delta = scaled(delta)
        let (x1, x2) = decode(shift: delta.dx, logarithm: delta.dw, from: reference.x1, reference.x2)
        let (y1, y2) = decode(shift: delta.dy, logarithm: delta.dh, from: reference.y1, reference.y2)
        return Box(x1: x1, y1: y1, x2: x2, y2: y2)
    }

    /// A predicted delta with the unit-variance scaling removed: shifts relative to the box size, and
    /// logarithms.
    package func scaled(_ delta: BoxDelta) -> BoxDelta {
        switch scaling {
        case .weights(let weight):
            BoxDelta(
                dx: delta.dx / weight.dx, dy: delta.dy / weight.dy, dw: delta.dw / weight.dw,
                dh: delta.dh / weight.dh)
        case .standardDeviations(let deviation):
            BoxDelta(
                dx: delta.dx * deviation.dx, dy: delta.dy * deviation.dy, dw: delta.dw * deviation.dw,
                dh: delta.dh * deviation.dh)
        }
    }

    /// The intermediate results of `decode` along one axis.
    package struct AxisSteps: Hashable, Sendable {
        /// The reference box's size and centre, in pixels.
        package let referenceSize: Float, referenceCentre: Float
        /// The logarithm of the size ratio, after clamping.
        package let logarithm: Float
        /// The decoded box's size and centre, in pixels.
        package let size: Float, centre: Float
        /// The decoded box's edges, in pixels.
        package let low: Float, high: Float
    }

    /// The computation of `decode` along one axis, with its intermediate results.
    ///
    /// - Parameters:
    ///   - shift: relative to the box size: `dx` or `dy` of a delta that has been `scaled`.
    ///   - logarithm: of the size ratio: `dw` or `dh` of that delta.
    ///   - low: the reference box's left or upper edge.
    ///   - high: its right or lower edge.
    package func steps(shift: Float, logarithm: Float, from low: Float, _ high: Float) -> AxisSteps {
        let reference = span(low, high)
        let logarithm = limited(logarithm)
        let centre = shift * reference.size + reference.centre
        let size = exp(logarithm) * reference.size
        let half = 0.5 * size
        let newLow = centre - half
        let newHigh = farEdge == .centrePlusHalf ? centre + half : newLow + size
        return AxisSteps(
            referenceSize: reference.size, referenceCentre: reference.centre, logarithm: logarithm,
            size: size, centre: centre, low: newLow, high: edgesAreInclusive ? newHigh - 1 : newHigh)
    }

    /// One axis of `encode`, before the scaling.
    private func encode(
        low: Float, high: Float, from referenceLow: Float, _ referenceHigh: Float
    ) -> (difference: Float, size: Float, growth: Float) {
        let box = span(low, high), reference = span(referenceLow, referenceHigh)
        return (box.centre - reference.centre, reference.size, box.size / reference.size)
    }

    /// One axis of `decode`, after the scaling.
    func decode(
        shift: Float, logarithm: Float, from low: Float, _ high: Float
    ) -> (low: Float, high: Float) {
        let steps = steps(shift: shift, logarithm: logarithm, from: low, high)
        return (steps.low, steps.high)
    }

    /// The centre and size of a box along one axis, in pixels.
    func span(_ low: Float, _ high: Float) -> (centre: Float, size: Float) {
        let size = edgesAreInclusive ? high - low + 1 : high - low
        return (centre == .cornerPlusHalf ? low + 0.5 * size : (low + high) * 0.5, size)
    }

    /// Clamps `dw` or `dh`. Comparisons with NaN are false, so NaN passes through.
    func limited(_ logarithm: Float) -> Float {
        let limit = Self.largestLogarithm
        switch sizeLimit {
        case .none: return logarithm
        case .above: return logarithm > limit ? limit : logarithm
        case .bothSides: return logarithm > limit ? limit : logarithm < -limit ? -limit : logarithm
        }
    }
}

// MARK: - Many boxes

extension BoxCoder {
    /// Decodes the predictions for all reference boxes at once.
    ///
    /// - Parameters:
    ///   - deltas: `[N, K, 4]` in row-major order, where K is the number of predictions per reference box: 1
    ///     in the region proposal network, the number of classes in the box head.
    ///   - references: `[N]`. `deltas.count` must be a multiple of 4 · N.
    /// - Returns: `[N, K]` boxes in row-major order.
    package func decode(
        _ deltas: UnsafeBufferPointer<Float>, from references: UnsafeBufferPointer<Box>
    ) -> [Box] {
        guard !references.isEmpty else { return [] }
        let predictions = deltas.count / 4 / references.count
        let count = references.count * predictions
        precondition(
            deltas.count == 4 * count, "\(deltas.count) deltas for \(references.count) reference boxes")
        return [Box](unsafeUninitializedCapacity: count) { boxes, initialized in
            for index in 0..<count {
                let delta = BoxDelta(
                    dx: deltas[4 * index], dy: deltas[4 * index + 1], dw: deltas[4 * index + 2],
                    dh: deltas[4 * index + 3])
                let reference = references[predictions == 1 ? index : index / predictions]
                boxes.initializeElement(at: index, to: decode(delta, from: reference))
            }
            initialized = count
        }
    }
}
