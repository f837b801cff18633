import Inference
import Tensors
import TestSupport
import Testing

import Training

@Suite struct MaskLossTests {
    @Test("Sums and gradients are PyTorch's", arguments: ["sigmoid", "softmax", "agnostic"])
    func goldens(name: String) throws {
        let golden = try LossGoldens.read().maskLosses
        let example = try #require(golden.cases.first { $0.name == name })
        let (regions, side) = (golden.labels.count, golden.side)
        let logits = Tensor(shape: [regions, side, side, example.channels], elements: example.logits)
        let found = maskLoss(
            logits, targets: Tensor(shape: [regions, side, side], elements: golden.targets),
            labels: golden.labels, output: name == "softmax" ? .softmax : .sigmoid)
        #expect(abs(found.sum - example.sum) <= 1e-6 * example.sum)
        #expect(found.gradient.shape == logits.shape)
        expectClose(found.gradient.array, example.gradient, absolute: 1e-6)
    }

    @Test("With sigmoids, only the true class's mask learns; with softmax, all do")
    func competition() {
        let logits = Tensor(shape: [2, 3, 3, 4], repeating: 0.5)
        let targets = Tensor(shape: [2, 3, 3], repeating: 1)
        let labels = [1, 3]
        for output in Architecture.Masks.Output.allCases {
            let gradient = maskLoss(logits, targets: targets, labels: labels, output: output).gradient.array
            for (index, value) in gradient.enumerated() {
                let isTrue = index % 4 == labels[index / 36]
                #expect(output == .softmax || isTrue ? value != 0 : value == 0)
                #expect(isTrue == (value < 0))
            }
        }
    }

    @Test("With softmax, background is right where the mask covers less than half of a cell")
    func background() {
        let found = maskLoss(
            Tensor(shape: [1, 1, 2, 3]), targets: Tensor(shape: [1, 1, 2], elements: [0.5, 0.49]),
            labels: [2],
            output: .softmax)
        let third = Float(1) / 3
        expectClose(
            found.gradient.array, [third, third, third - 1, third - 1, third, third], absolute: 1e-6)
    }

    @Test("Class-agnostic masks are sigmoids whatever the output")
    func agnostic() {
        let logits = Tensor(shape: [1, 1, 2, 1], elements: [0, 0])
        let targets = Tensor(shape: [1, 1, 2], elements: [1, 0])
        for output in Architecture.Masks.Output.allCases {
            let gradient = maskLoss(logits, targets: targets, labels: [3], output: output).gradient
            #expect(gradient.array == [-0.5, 0.5])
        }
    }

    @Test("Huge logits give no NaN")
    func hugeLogits() {
        let logits = Tensor(shape: [1, 1, 2, 2], elements: [1e30, -1e30, -1e30, 1e30])
        let targets = Tensor(shape: [1, 1, 2], elements: [1, 0])
        for output in Architecture.Masks.Output.allCases {
            let found = maskLoss(logits, targets: targets, labels: [1], output: output)
            #expect(found.sum.isFinite && found.sum >= 1e30)
            #expect(found.gradient.array.allSatisfy { (-1...1).contains($0) })
        }
    }
}
