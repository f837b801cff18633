import Foundation
import Geometry
import Tensors

/// The regression loss of a predicted box.
public enum BoxLoss: Hashable, Sendable {
    /// Smooth L1 on the deltas, summed over the four: quadratic up to `beta`, linear beyond (Fast R-CNN, section 2.3).
    /// torchvision has 1/9, the paper 1, detectron2 0, which is plain L1.
    case smoothL1(beta: Float)
    /// On the decoded box: 1 − intersection over union. The gradient is 0 for boxes that do not intersect. Some
    /// tutorials ascribe it to Mask R-CNN, but the paper does not use it.
    case iou
    /// On the decoded box: 1 − IoU + the fraction of the enclosing box outside the union (Rezatofighi et al., arXiv
    /// 1902.09630). The gradient also pulls boxes together that do not intersect.
    case giou

    /// The loss of one box, and its gradient with respect to the deltas.
    ///
    /// - Parameters:
    ///   - delta: the predicted deltas.
    ///   - reference: the anchor or proposal that the deltas are relative to.
    ///   - target: the ground-truth box.
    ///   - coder: how deltas are decoded into boxes.
    package func callAsFunction(_ delta: BoxDelta, from reference: Box, to target: Box, coder: BoxCoder)
        -> (value: Float, gradient: BoxDelta)
    {
        switch self {
        case .smoothL1(let beta):
            let wanted = coder.encode(target, from: reference)
            let x = Self.smoothL1(delta.dx - wanted.dx, beta), y = Self.smoothL1(delta.dy - wanted.dy, beta)
            let w = Self.smoothL1(delta.dw - wanted.dw, beta), h = Self.smoothL1(delta.dh - wanted.dh, beta)
            return (
                x.value + y.value + w.value + h.value,
                BoxDelta(dx: x.gradient, dy: y.gradient, dw: w.gradient, dh: h.gradient)
            )
        case .iou, .giou:
            let overlap = OverlapWithGradient(coder.decode(delta, from: reference), target)
            let (value, gradient) = self == .iou ? overlap.iouLoss : overlap.giouLoss
            return (value, coder.decodeGradient(gradient, delta: delta, from: reference))
        }
    }

    /// ½ x² / β for |x| < β, otherwise |x| − ½ β; with its derivative.
    private static func smoothL1(_ x: Float, _ beta: Float) -> (value: Float, gradient: Float) {
        abs(x) < beta ? (0.5 * x * x / beta, x / beta) : (abs(x) - 0.5 * beta, x > 0 ? 1 : x < 0 ? -1 : 0)
    }
}

/// Areas of the intersection, union and enclosing box of a predicted and a ground-truth box, each with its gradient
/// with respect to the predicted box's edges.
private struct OverlapWithGradient {
    let intersection: Float, union: Float, enclosure: Float
    let intersectionGradient: Box, unionGradient: Box, enclosureGradient: Box

    init(_ box: Box, _ target: Box) {
        let left = max(box.x1, target.x1), right = min(box.x2, target.x2)
        let top = max(box.y1, target.y1), bottom = min(box.y2, target.y2)
        let width = max(right - left, 0), height = max(bottom - top, 0)
        intersection = width * height
        let areTouching = width > 0 && height > 0
        // An edge of the predicted box affects the intersection if it is the inner one of the two edges.
        func inner(_ isInner: Bool, _ slope: Float) -> Float { areTouching && isInner ? slope : 0 }
        intersectionGradient = Box(
            x1: inner(box.x1 > target.x1, -height), y1: inner(box.y1 > target.y1, -width),
            x2: inner(box.x2 < target.x2, height), y2: inner(box.y2 < target.y2, width))
        let areaGradient = Box(x1: -box.height, y1: -box.width, x2: box.height, y2: box.width)
        union = box.area + target.area - intersection
        unionGradient = areaGradient.combined(with: intersectionGradient) { $0 - $1 }
        // It affects the enclosing box if it is the outer one.
        let outerWidth = max(box.x2, target.x2) - min(box.x1, target.x1)
        let outerHeight = max(box.y2, target.y2) - min(box.y1, target.y1)
        enclosure = outerWidth * outerHeight
        enclosureGradient = Box(
            x1: box.x1 < target.x1 ? -outerHeight : 0, y1: box.y1 < target.y1 ? -outerWidth : 0,
            x2: box.x2 > target.x2 ? outerHeight : 0, y2: box.y2 > target.y2 ? outerWidth : 0)
    }

    /// Prevents division by zero, as in torchvision.
    private static let epsilon: Float = 1e-7

    /// 1 − I / U.
    var iouLoss: (Float, Box) {
        let union = union + Self.epsilon
        let gradient = intersectionGradient.combined(with: unionGradient) { dI, dU in
            -(dI * union - intersection * dU) / (union * union)
        }
        return (1 - intersection / union, gradient)
    }

    /// 1 − I / U + (C − U) / C.
    var giouLoss: (Float, Box) {
        let (iou, iouGradient) = iouLoss
        let enclosure = enclosure + Self.epsilon
        let gap = unionGradient.combined(with: enclosureGradient) { dU, dC in
            (union * dC - dU * enclosure) / (enclosure * enclosure)
        }
        return (iou + (enclosure - union) / enclosure, iouGradient.combined(with: gap) { $0 + $1 })
    }
}

extension Box {
    fileprivate func combined(with other: Box, _ combine: (Float, Float) -> Float) -> Box {
        Box(
            x1: combine(x1, other.x1), y1: combine(y1, other.y1), x2: combine(x2, other.x2),
            y2: combine(y2, other.y2))
    }
}

extension BoxLoss: Codable {
    private enum Kind: String, CodingKey { case smoothL1, iou, giou }

    /// Reads `{"smoothL1": beta}`, `"iou"` or `"giou"`.
    public init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            switch Kind(rawValue: name) {
            case .iou: self = .iou
            case .giou: self = .giou
            default:
                throw DecodingError.dataCorrupted(
                    DecodingError.Context(
                        codingPath: decoder.codingPath, debugDescription: "no box loss is called “\(name)”"))
            }
        } else {
            let container = try decoder.container(keyedBy: Kind.self)
            self = .smoothL1(beta: try container.decode(Float.self, forKey: .smoothL1))
        }
    }

    /// Writes the form that `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .smoothL1(let beta):
            var container = encoder.container(keyedBy: Kind.self)
            try container.encode(beta, forKey: .smoothL1)
        case .iou, .giou:
            var container = encoder.singleValueContainer()
            try container.encode(self == .iou ? Kind.iou.rawValue : Kind.giou.rawValue)
        }
    }
}
