import ArgumentParser
import Inference
import Verification
import Walkthroughs

struct StagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stages",
        abstract: "List the stages: what each is, what it is computed from, where it is told about.",
        discussion: """
            Without a model, the table of all stages that there are; # stands for a number, @ for a level such as \
            p2 or c4. With --weights or --random-weights, the stages of that model, one by one.

            Example:  maskrcnn stages
            Some:     maskrcnn stages rpn fpn.p3
            A model:  maskrcnn stages --weights model.pth --json
            """)

    @Argument(
        help: ArgumentHelp(
            "Only some: stages, by what their names begin with, or those of a page or of a figure's page.",
            valueName: "name"))
    var names: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Model") var model: ModelOptions

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        let isOfModel = model.weights != nil || model.randomWeights != nil
        var listing = isOfModel ? StageListing(try model.load().model) : StageListing()
        if !names.isEmpty {
            // In the table of all stages a name may be that of any model's, such as fpn.p3.
            let stages = try model.load().model.stages + listing.entries.map { Stage($0.name) }
            var wanted: [Stage] = []
            for name in names {
                guard let destination = Destination(name, stages: stages) else {
                    throw ValidationError("\(name): \(Destination.fault(of: name, stages: stages))")
                }
                wanted += destination.stages(of: stages)
            }
            listing = listing.only { entry in wanted.contains { entry.tells(of: $0) } }
        }
        print(json ? try listing.json() : listing.text)
    }
}
