import Foundation
import Geometry
import Tensors
import TestSupport
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

    static func read() throws -> LossGoldens { try Foundation.Bundle.module.decoded("losses") }
}
