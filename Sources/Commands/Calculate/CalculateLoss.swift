import ArgumentParser
import Explanations

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
        BoxLossCalculation(
            proposal: proposal.box, predicted: predicted.box, target: target.box, print: { print($0) }
        ).run()
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
        ClassLossCalculation(logits: logits.values, label: label, print: { print($0) }).run()
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
        MaskLossCalculation(logits: logits.values, targets: targets.values, print: { print($0) }).run()
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
        KeypointLossCalculation(logit: logit, side: side, print: { print($0) }).run()
    }
}
