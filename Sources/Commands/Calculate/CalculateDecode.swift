import ArgumentParser
import Explanations
import Inference

/// Decodes a reference box and a delta to a box, step by step.
struct CalculateDecode: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "From an anchor and its delta to a box, step by step.",
        discussion: """
            Example:  maskrcnn calculate decode --anchor 84,44,108,68 --delta 0.25,-0.5,0.2,0 --size 240x320
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The reference box: an anchor or a proposal.", valueName: "x1,y1,x2,y2"))
    var anchor: CornersArgument

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What the network predicts.", valueName: "dx,dy,dw,dh"))
    var delta: DeltaArgument

    @Option(help: ArgumentHelp("Whose numeric conventions (default: paper).", valueName: "name"))
    var profile: ProfileName?

    @Flag(help: "Read the delta as the box head's, which is scaled, not as the region proposal network's.")
    var refinement = false

    @Option(
        help: ArgumentHelp("The resized picture, which the box is clipped to.", valueName: "height x width"))
    var size: SizeArgument?

    func run() throws {
        try DecodeCalculation(
            anchor: anchor.box, delta: delta.delta, profile: profile?.profile ?? .paper,
            isRefinement: refinement, size: size?.size, print: { print($0) }
        ).run()
    }
}
