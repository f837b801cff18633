import ArgumentParser
import Verification

struct StagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stages",
        abstract: "List the stages: what each is, what it is computed from, where it is told about.",
        discussion: """
            Without a model, the table of all stages that there are; # stands for a number, @ for a level such as \
            p2 or c4. With --weights or --random-weights, the stages of that model, one by one.

            Example:  maskrcnn stages
            A model:  maskrcnn stages --weights model.pth --json
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Model") var model: ModelOptions

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        let isOfModel = model.weights != nil || model.randomWeights != nil
        let listing = isOfModel ? StageListing(try model.load().model) : StageListing()
        print(json ? try listing.json() : listing.text)
    }
}
