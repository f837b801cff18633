import Foundation
import Tensors
import TestSupport
import Testing

import Training

@Suite struct ClassLossTests {
    @Test("Sigmoid cross-entropy is PyTorch's")
    func sigmoidGoldens() throws {
        let golden = try LossGoldens.read().sigmoidLosses
        #expect(golden.logits.count == 27)
        for (index, logit) in golden.logits.enumerated() {
            let found = Double(sigmoidCrossEntropy(logit, target: golden.targets[index]))
            let expected = golden.values[index]
            #expect(abs(found - expected) <= 1e-6 * expected + 1e-7, "\(logit): \(found), not \(expected)")
        }
    }

    @Test("Softmax cross-entropy and its gradient are PyTorch's")
    func softmaxGolden() throws {
        let golden = try LossGoldens.read().classLoss
        let logits = Tensor(shape: [golden.labels.count, 5], elements: golden.logits)
        let found = softmaxCrossEntropy(logits, labels: golden.labels)
        #expect(abs(found.sum - golden.sum) <= 1e-6 * golden.sum)
        #expect(found.gradient.shape == logits.shape)
        expectClose(found.gradient.array, golden.gradient, absolute: 1e-6)
    }

    @Test("Equal logits cost the logarithm of the number of classes")
    func uniform() {
        let found = softmaxCrossEntropy(Tensor(shape: [2, 4], repeating: 7), labels: [0, 3])
        #expect(abs(found.sum - 2 * log(4)) < 1e-6)
        #expect(found.gradient.array == [-0.75, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, -0.75])
    }

    @Test("Nothing overflows", arguments: [Float(1000), 1e4, 1e30])
    func hugeLogits(size: Float) {
        #expect(sigmoidCrossEntropy(size, target: 1) == 0)
        #expect(sigmoidCrossEntropy(size, target: 0) == size)
        #expect(sigmoidCrossEntropy(-size, target: 1) == size)
        #expect(sigmoidCrossEntropy(-size, target: 0) < 1e-30)
        let table = Tensor(shape: [2, 3], elements: [size, -size, 0, size, -size, 0])
        let found = softmaxCrossEntropy(table, labels: [0, 1])
        #expect(abs(found.sum / (2 * Double(size)) - 1) < 1e-6)
        #expect(found.gradient.array == [0, 0, 0, 1, -1, 0])
    }
}
