import Foundation
import Geometry
import TestSupport
import Testing

import Training

@Suite struct BoxLossTests {
    private static let coders: [String: BoxCoder] = [
        "torchvision.proposals": .torchvision(.proposals),
        "torchvision.detections": .torchvision(.detections),
        "mmdetection.detections": .mmdetection(.detections),
    ]

    private func loss(_ golden: LossGoldens.BoxLoss) throws -> BoxLoss {
        switch golden.loss {
        case "smoothL1": .smoothL1(beta: try #require(golden.beta))
        case "iou": .iou
        default: .giou
        }
    }

    private func delta(_ numbers: [Float]) -> BoxDelta {
        BoxDelta(dx: numbers[0], dy: numbers[1], dw: numbers[2], dh: numbers[3])
    }

    @Test("Values and gradients are those of PyTorch and torchvision")
    func goldens() throws {
        let goldens = try LossGoldens.read().boxLosses
        #expect(goldens.count == 3 * 7 * 5)
        for golden in goldens {
            let found = try loss(golden)(
                delta(golden.delta), from: boxes(golden.reference)[0], to: boxes(golden.target)[0],
                coder: try #require(Self.coders[golden.coder]))
            let name = "\(golden.loss) \(golden.beta ?? 0), \(golden.name), \(golden.coder)"
            // Edges up to 700 are rounded to 6e-5, in boxes a few pixels wide at the least; deltas, divided by a
            // tenth, are rounded to 1e-5.
            expectClose([Float(found.value)], [Float(golden.value)], relative: 1e-5, absolute: 2e-5, name)
            let gradient = found.gradient
            expectClose(
                [gradient.dx, gradient.dy, gradient.dw, gradient.dh], golden.gradient, relative: 2e-4,
                absolute: 1e-4, name)
        }
    }

    @Test("Smooth L1 by hand")
    func smoothL1() {
        // The reference is the target, so that the deltas themselves are the errors.
        let box = Box(x1: 0, y1: 0, x2: 16, y2: 16)
        let error = BoxDelta(dx: 0.5, dy: -0.5, dw: 2, dh: 0)
        func loss(_ beta: Float) -> (value: Float, gradient: BoxDelta) {
            BoxLoss.smoothL1(beta: beta)(error, from: box, to: box, coder: .torchvision(.proposals))
        }
        #expect(loss(0).value == 3)
        #expect(loss(0).gradient == BoxDelta(dx: 1, dy: -1, dw: 1, dh: 0))
        // ½ · ¼ twice, and 2 − ½.
        #expect(loss(1).value == 1.75)
        #expect(loss(1).gradient == BoxDelta(dx: 0.5, dy: -0.5, dw: 1, dh: 0))
        // At β both branches agree: ½ β.
        #expect(loss(0.5).value == 0.25 + 0.25 + 1.75)
        #expect(loss(4).value == 0.03125 * 2 + 0.5)
    }

    @Test("IoU and GIoU by hand")
    func overlaps() {
        let still = BoxDelta(dx: 0, dy: 0, dw: 0, dh: 0)
        func loss(_ loss: BoxLoss, _ box: [Float], _ target: [Float]) -> (value: Float, gradient: BoxDelta) {
            loss(still, from: boxes(box)[0], to: boxes(target)[0], coder: .torchvision(.proposals))
        }
        // The same box: nothing is lost.
        #expect(abs(loss(.iou, [0, 0, 8, 8], [0, 0, 8, 8]).value) < 1e-6)
        #expect(abs(loss(.giou, [0, 0, 8, 8], [0, 0, 8, 8]).value) < 1e-6)
        // Half of it: 1 − ½; the enclosing box is covered.
        #expect(abs(loss(.iou, [0, 0, 4, 8], [0, 0, 8, 8]).value - 0.5) < 1e-6)
        #expect(abs(loss(.giou, [0, 0, 4, 8], [0, 0, 8, 8]).value - 0.5) < 1e-6)
        // Apart: two of eight columns are covered, so 1 + ¾.
        let apart = loss(.giou, [0, 0, 1, 8], [7, 0, 8, 8])
        #expect(abs(apart.value - 1.75) < 1e-6)
        #expect(apart.gradient.dx < 0, "GIoU draws the box to the right, where the target is")
        let without = loss(.iou, [0, 0, 1, 8], [7, 0, 8, 8])
        #expect(without.value == 1 && without.gradient == still)
        // Boxes that only touch are apart.
        #expect(loss(.iou, [0, 0, 4, 4], [4, 0, 8, 4]).gradient == still)
    }

    @Test(
        "Gradients are the slopes of the loss, restated in Double",
        arguments: [BoxLoss.smoothL1(beta: 1 / 9), .smoothL1(beta: 1), .iou, .giou])
    func centralDifferences(loss: BoxLoss) {
        let reference = Box(x1: 20, y1: 30, x2: 60, y2: 90)
        let start = [0.3, -0.4, 0.25, 0.5]
        for (name, coder) in Self.coders {
            let scales = name.hasSuffix("proposals") ? [1, 1, 1, 1] : [10.0, 10, 5, 5]
            for target in [
                Box(x1: 25, y1: 22, x2: 77, y2: 100), Box(x1: 30, y1: 20, x2: 50, y2: 60),
                Box(x1: 200, y1: 150, x2: 260, y2: 230),
            ] {
                let deltas = zip(start, scales).map { Double(Float($0 * $1)) }
                let found = loss(
                    BoxDelta(
                        dx: Float(deltas[0]), dy: Float(deltas[1]), dw: Float(deltas[2]), dh: Float(deltas[3])
                    ),
                    from: reference, to: target, coder: coder
                ).gradient
                let slopes = (0..<4).map { index -> Float in
                    let step = 1e-5
                    var (above, below) = (deltas, deltas)
                    above[index] += step
                    below[index] -= step
                    let difference =
                        exactLoss(loss, above, reference, target, scales)
                        - exactLoss(loss, below, reference, target, scales)
                    return Float(difference / (2 * step))
                }
                expectClose(
                    [found.dx, found.dy, found.dw, found.dh], slopes, relative: 1e-4, absolute: 1e-5, name)
            }
        }
    }

    /// Smooth L1, IoU and GIoU of deltas that `scales` divide, in Double and from their definitions.
    private func exactLoss(
        _ loss: BoxLoss, _ deltas: [Double], _ reference: Box, _ target: Box, _ scales: [Double]
    ) -> Double {
        let from = [reference.x1, reference.y1, reference.x2, reference.y2].map(Double.init)
        let to = [target.x1, target.y1, target.x2, target.y2].map(Double.init)
        if case .smoothL1(let beta) = loss {
            let beta = Double(beta)
            return (0..<4).reduce(0) { sum, index in
                let axis = index % 2
                let (size, wanted) = (from[axis + 2] - from[axis], to[axis + 2] - to[axis])
                let shift = (to[axis] + to[axis + 2] - from[axis] - from[axis + 2]) / 2 / size
                let error = abs(deltas[index] - scales[index] * (index < 2 ? shift : log(wanted / size)))
                return sum + (error < beta ? error * error / (2 * beta) : error - beta / 2)
            }
        }
        var inner = 1.0, outer = 1.0, area = 1.0, targetArea = 1.0
        for axis in 0..<2 {
            let size = from[axis + 2] - from[axis]
            let centre = (from[axis] + from[axis + 2]) / 2 + deltas[axis] / scales[axis] * size
            let half = size * exp(deltas[axis + 2] / scales[axis + 2]) / 2
            inner *= max(min(centre + half, to[axis + 2]) - max(centre - half, to[axis]), 0)
            outer *= max(centre + half, to[axis + 2]) - min(centre - half, to[axis])
            area *= 2 * half
            targetArea *= to[axis + 2] - to[axis]
        }
        let union = area + targetArea - inner
        return 1 - inner / union + (loss == .giou ? (outer - union) / outer : 0)
    }

    @Test("A loss is read as it is written, and its name is checked")
    func coding() throws {
        for loss in [BoxLoss.smoothL1(beta: 0.25), .iou, .giou] {
            let data = try JSONEncoder().encode([loss])
            #expect(try JSONDecoder().decode([BoxLoss].self, from: data) == [loss])
        }
        for text in [#"["diou"]"#, "[{}]", "[3]", #"[{"smoothL1": "1"}]"#] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode([BoxLoss].self, from: Data(text.utf8))
            }
        }
    }
}
