import ArgumentParser
import Geometry
import Kernels
import Tensors
import Training

struct CalculateLoss: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loss",
        abstract: "Losses of given numbers, with their gradients.",
        subcommands: [
            CalculateBoxLoss.self, CalculateClassLoss.self, CalculateMaskLoss.self,
            CalculateKeypointLoss.self,
        ])
}

struct CalculateBoxLoss: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "box",
        abstract: "One predicted box: smooth L1 on its deltas, IoU and GIoU loss on the box itself.",
        discussion: """
            Example:  maskrcnn calculate loss box --proposal 0,0,100,100 --predicted 10,0,110,100 --target 20,0,120,100
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The proposal that is refined.", valueName: "x1,y1,x2,y2"))
    var proposal: GivenBox

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What the network makes of it.", valueName: "x1,y1,x2,y2"))
    var predicted: GivenBox

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The object's box.", valueName: "x1,y1,x2,y2"))
    var target: GivenBox

    func run() {
        let coder = BoxCoder.torchvision(.detections)
        let delta = coder.encode(predicted.box, from: proposal.box)
        let wanted = coder.encode(target.box, from: proposal.box)
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
            "IoU of the predicted box and the object's: \(predicted.box.overlap(with: target.box).digits(4))")
        print(deltas.text)
        var losses = NumberTable("loss", "value", "by dx", "by dy", "by dw", "by dh")
        let kinds: [(String, BoxLoss)] = [
            ("smooth L1, beta 1", .smoothL1(beta: 1)), ("smooth L1, beta 1/9", .smoothL1(beta: 1 / 9)),
            ("L1 (beta 0)", .smoothL1(beta: 0)), ("IoU", .iou), ("GIoU", .giou),
        ]
        for (name, loss) in kinds {
            let (value, gradient) = loss(delta, from: proposal.box, to: target.box, coder: coder)
            losses.add(
                name, value.digits(4), gradient.dx.digits(4), gradient.dy.digits(4), gradient.dw.digits(4),
                gradient.dh.digits(4))
        }
        print(losses.text)
    }
}

struct CalculateClassLoss: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "class",
        abstract: "Softmax cross-entropy of one proposal.",
        discussion: "Example:  maskrcnn calculate loss class --logits 1,2,0 --label 1")

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("A logit for background and for each class.", valueName: "numbers"))
    var logits: NumbersArgument

    @Option(help: ArgumentHelp("The true class; 0 for background.", valueName: "number"))
    var label: Int

    func validate() throws {
        guard logits.values.indices ~= label else {
            throw ValidationError("--label \(label): must be from 0 to \(logits.values.count - 1)")
        }
    }

    func run() {
        let row = Tensor(shape: [1, logits.values.count], elements: logits.values)
        let (loss, gradient) = softmaxCrossEntropy(row, labels: [label])
        let probabilities = softmax(row)
        var table = NumberTable("class", "logit", "probability", "gradient")
        for index in logits.values.indices {
            table.add(
                index == 0 ? "background" : "class \(index)", logits.values[index].digits(3),
                probabilities[0, index].digits(4), gradient[0, index].digits(4))
        }
        print(table.text)
        print("Loss: −log \(probabilities[0, label].digits(4)) = \(loss.digits(4))")
    }
}

struct CalculateMaskLoss: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mask",
        abstract: "Binary cross-entropy of the cells of one mask.",
        discussion: "Example:  maskrcnn calculate loss mask --logits 2,-1,0 --targets 1,0,0.5")

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The true class's logits, one a cell.", valueName: "numbers"))
    var logits: NumbersArgument

    @Option(help: ArgumentHelp("What each cell should be, from 0 to 1.", valueName: "numbers"))
    var targets: NumbersArgument

    func validate() throws {
        guard logits.values.count == targets.values.count else {
            throw ValidationError("--targets: \(targets.values.count) for \(logits.values.count) logits")
        }
        guard targets.values.allSatisfy({ 0...1 ~= $0 }) else {
            throw ValidationError("--targets: must be from 0 to 1")
        }
    }

    func run() {
        let count = logits.values.count
        let (sum, gradient) = maskLoss(
            Tensor(shape: [1, 1, count, 1], elements: logits.values),
            targets: Tensor(shape: [1, 1, count], elements: targets.values), labels: [1], output: .sigmoid)
        var table = NumberTable("cell", "logit", "sigmoid", "target", "loss", "gradient")
        for (index, logit) in logits.values.enumerated() {
            let target = targets.values[index]
            table.add(
                "\(index + 1)", logit.digits(3), sigmoid(logit).digits(4), target.digits(2),
                sigmoidCrossEntropy(logit, target: target).digits(4), gradient.array[index].digits(4))
        }
        print(table.text)
        print("Loss: the mean of \(count) cells, \((sum / Double(count)).digits(4))")
    }
}

struct CalculateKeypointLoss: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keypoint",
        abstract: "Softmax cross-entropy over all cells of a heat map.",
        discussion: """
            The right cell has the logit given, all others 0.

            Example:  maskrcnn calculate loss keypoint --logit 8
            """)

    @Option(parsing: .unconditional, help: ArgumentHelp("The right cell's logit.", valueName: "number"))
    var logit: Float

    @Option(help: ArgumentHelp("Cells along each axis of the heat map.", valueName: "number"))
    var side = 56

    func validate() throws {
        guard 1...256 ~= side else { throw ValidationError("--side \(side): must be from 1 to 256") }
        guard abs(logit) <= 1000 else {
            throw ValidationError("--logit \(logit): must be from −1000 to 1000")
        }
    }

    func run() {
        var logits = [Float](repeating: 0, count: side * side)
        let target = side * side / 2
        logits[target] = logit
        let map = Tensor(shape: [1, side, side, 1], elements: logits)
        let (loss, gradient) = keypointLoss(map, targets: [[target]])
        let probability = softmax(Tensor(shape: [1, side * side], elements: logits))[0, target]
        print(
            "\(side * side) cells; probability of the right one \(probability.digits(5))",
            "Loss: \(loss.digits(4)); gradient by the right cell's logit \(gradient.array[target].digits(5))",
            separator: "\n")
    }
}
