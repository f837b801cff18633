import ArgumentParser
import Explanations

/// Prints the cost of one residual block, with and without its bottleneck.
struct CalculateBottleneck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bottleneck",
        abstract: "The weights of one residual block, counted: ResNet's or, with groups, ResNeXt's.",
        discussion: """
            Each weight is multiplied once at each position of the map (stride 1): the count is also the number \
            of multiplications a position.

            Example:  maskrcnn calculate bottleneck --channels 256 --width 64
            ResNeXt:  maskrcnn calculate bottleneck --channels 256 --width 128 --groups 32
            """)

    @Option(help: ArgumentHelp("Channels of the block's input and output.", valueName: "number"))
    var channels = 256
    @Option(help: ArgumentHelp("Channels inside the block.", valueName: "number"))
    var width = 64
    @Option(help: ArgumentHelp("Groups of the 3×3 convolution.", valueName: "number"))
    var groups = 1

    func validate() throws {
        for (name, value) in [("channels", channels), ("width", width), ("groups", groups)]
        where !(1...4096 ~= value) {
            throw ValidationError("--\(name) \(value): must be from 1 to 4096")
        }
        guard width % groups == 0 else {
            throw ValidationError("--groups \(groups): must divide the width, \(width)")
        }
    }

    func run() throws {
        try BottleneckCalculation(channels: channels, width: width, groups: groups, print: { print($0) })
            .run()
    }
}
