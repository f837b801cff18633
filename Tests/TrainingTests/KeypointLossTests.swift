import Foundation
import Tensors
import TestSupport
import Testing

import Training

@Suite struct KeypointLossTests {
    @Test("The sum and its gradient are PyTorch's")
    func golden() throws {
        let golden = try LossGoldens.read().keypointLoss
        let shape = [golden.targets.count, golden.side, golden.side, golden.targets[0].count]
        let found = keypointLoss(Tensor(shape: shape, elements: golden.heatmaps), targets: golden.targets)
        #expect(abs(found.sum - golden.sum) <= 1e-6 * golden.sum)
        #expect(found.gradient.shape == shape)
        expectClose(found.gradient.array, golden.gradient, absolute: 1e-6)
    }

    @Test("A keypoint without a target has no loss")
    func unlabelled() {
        let found = keypointLoss(Tensor(shape: [1, 2, 2, 2], repeating: 3), targets: [[nil, 2]])
        #expect(abs(found.sum - log(4)) < 1e-6)
        #expect(found.gradient.array == [0, 0.25, 0, 0.25, 0, -0.75, 0, 0.25])
        #expect(keypointLoss(Tensor(shape: [1, 2, 2, 1]), targets: [[nil]]).sum == 0)
    }

    @Test("Huge logits give no NaN")
    func hugeLogits() {
        let heatmaps = Tensor(shape: [1, 1, 2, 1], elements: [1e30, -1e30])
        #expect(keypointLoss(heatmaps, targets: [[0]]).sum == 0)
        let wrong = keypointLoss(heatmaps, targets: [[1]])
        #expect(abs(wrong.sum / 2e30 - 1) < 1e-6)
        #expect(wrong.gradient.array == [1, -1])
    }

    @Test("The gradient is the slope of the loss, restated in Double")
    func centralDifferences() {
        let logits: [Float] = [0.5, -1, 2, 0.25, 1.5, -0.75, 0, 1]
        let targets: [Int?] = [1, 3]
        func exactLoss(_ logits: [Double]) -> Double {
            targets.enumerated().reduce(0) { sum, entry in
                let map = stride(from: entry.offset, to: 8, by: 2).map { logits[$0] }
                return sum + log(map.reduce(0) { $0 + exp($1) }) - map[entry.element ?? 0]
            }
        }
        let found = keypointLoss(Tensor(shape: [1, 2, 2, 2], elements: logits), targets: [targets])
        let exact = logits.map(Double.init)
        #expect(abs(found.sum - exactLoss(exact)) < 1e-6)
        let slopes = exact.indices.map { index -> Float in
            var (above, below) = (exact, exact)
            above[index] += 1e-5
            below[index] -= 1e-5
            return Float((exactLoss(above) - exactLoss(below)) / 2e-5)
        }
        expectClose(found.gradient.array, slopes, absolute: 1e-6)
    }
}
