import ArgumentParser
import Explanations

struct CalculatePaper: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "paper",
        abstract:
            "Gains of RoIAlign in the paper's tables 2c and 2d, absolute and relative; frames a second.",
        discussion: "Example:  maskrcnn calculate paper")

    func run() { PaperCalculation(print: { print($0) }).run() }
}
