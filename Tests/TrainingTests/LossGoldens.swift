import Foundation
import Geometry
import Tensors
import Testing

/// What PyTorch and torchvision compute (Tools/make_loss_goldens.py).
struct LossGoldens: Decodable {
    struct MaskTargets: Decodable {
        struct Case: Decodable { var side: Int, targets: [Float] }
        var height: Int, width: Int, bits: [UInt8], boxes: [Float], cases: [Case]
    }
    struct KeypointTargets: Decodable {
        struct Case: Decodable { var side: Int, cells: [Int?] }
        var boxes: [Float], keypoints: [Float], cases: [Case]
    }
    struct BoxLoss: Decodable {
        var name: String, coder: String, loss: String, beta: Float?
        var reference: [Float], target: [Float], delta: [Float], value: Double, gradient: [Float]
    }
    struct SigmoidLosses: Decodable { var logits: [Float], targets: [Float], values: [Double] }
    struct ClassLoss: Decodable { var logits: [Float], labels: [Int], sum: Double, gradient: [Float] }
    struct MaskLosses: Decodable {
        struct Case: Decodable {
            var name: String, channels: Int, logits: [Float], sum: Double, gradient: [Float]
        }
        var side: Int, labels: [Int], targets: [Float], cases: [Case]
    }
    struct KeypointLoss: Decodable {
        var side: Int, targets: [[Int?]], heatmaps: [Float], sum: Double, gradient: [Float]
    }
    struct Optimizers: Decodable {
        struct Case: Decodable { var rule: String, decaysVectors: Bool, steps: [[String: [Float]]] }
        var weightDecay: Float, rates: [Float], start: [String: [Float]], gradients: [[String: [Float]]]
        var cases: [Case]
    }

    var maskTargets: MaskTargets
    var keypointTargets: KeypointTargets
    var boxLosses: [BoxLoss]
    var sigmoidLosses: SigmoidLosses
    var classLoss: ClassLoss
    var maskLosses: MaskLosses
    var keypointLoss: KeypointLoss
    var optimizers: Optimizers

    static func read() throws -> LossGoldens {
        let url = Foundation.Bundle.module.resourceURL!.appendingPathComponent("Fixtures/losses.json")
        return try JSONDecoder().decode(LossGoldens.self, from: Data(contentsOf: url))
    }
}

/// Boxes from four numbers each.
func boxes(_ edges: [Float]) -> [Box] {
    stride(from: 0, to: edges.count - 3, by: 4).map {
        Box(x1: edges[$0], y1: edges[$0 + 1], x2: edges[$0 + 2], y2: edges[$0 + 3])
    }
}

/// Reports the element at which two lists of numbers differ most, if that is more than
/// `relative` · |expected| + `absolute`.
func expectClose(
    _ found: [Float], _ expected: [Float], relative: Float = 0, absolute: Float, _ name: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard found.count == expected.count else {
        Issue.record(
            "\(name): \(found.count) numbers, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    for (index, (found, expected)) in zip(found, expected).enumerated()
    where !(abs(found - expected) <= relative * abs(expected) + absolute) {
        Issue.record("\(name)[\(index)]: \(found), expected \(expected)", sourceLocation: sourceLocation)
        return
    }
}
