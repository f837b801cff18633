import Geometry
import Kernels
import Tensors
import Training

/// The losses of one predicted box, with their gradients.
package struct BoxLossCalculation {
    private let proposal: Box
    private let predicted: Box
    private let target: Box
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(proposal: Box, predicted: Box, target: Box, print: @escaping (String) -> Void) {
        self.proposal = proposal
        self.predicted = predicted
        self.target = target
        self.print = print
    }

    package func run() {
        let coder = BoxCoder.torchvision(.detections)
        let delta = coder.encode(predicted, from: proposal)
        let wanted = coder.encode(target, from: proposal)
        var deltas = NumberTable("deltas", "dx", "dy", "dw", "dh")
        func add(_ name: String, _ d: BoxDelta) {
            deltas.add(name, d.dx.digits(4), d.dy.digits(4), d.dw.digits(4), d.dh.digits(4))
        }
        add("predicted", delta)
        add("wanted", wanted)
        add(
            "difference",
            BoxDelta(
                dx: delta.dx - wanted.dx, dy: delta.dy - wanted.dy, dw: delta.dw - wanted.dw,
                dh: delta.dh - wanted.dh))
        print(
            "IoU of the predicted box and the object's: \(predicted.overlap(with: target).digits(4))")
        print(deltas.text)
        var losses = NumberTable("loss", "value", "by dx", "by dy", "by dw", "by dh")
        let kinds: [(String, BoxLoss)] = [
            ("smooth L1, beta 1", .smoothL1(beta: 1)), ("smooth L1, beta 1/9", .smoothL1(beta: 1 / 9)),
            ("L1 (beta 0)", .smoothL1(beta: 0)), ("IoU", .iou), ("GIoU", .giou),
        ]
        for (name, loss) in kinds {
            let (value, gradient) = loss(delta, from: proposal, to: target, coder: coder)
            losses.add(
                name, value.digits(4), gradient.dx.digits(4), gradient.dy.digits(4), gradient.dw.digits(4),
                gradient.dh.digits(4))
        }
        print(losses.text)
    }
}
