import ArgumentParser
import Explanations
import Geometry
import Inference

/// Prints the size to which each profile resizes and pads an image.
struct CalculateResize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resize",
        abstract: "To which size a picture is resized and padded, by each profile.",
        discussion: "Example:  maskrcnn calculate resize --size 480x640")

    @Option(help: ArgumentHelp("The picture's size, height first.", valueName: "height x width"))
    var size = SizeArgument(PixelSize(height: 480, width: 640))

    @Option(help: ArgumentHelp("Only this profile.", valueName: "name"))
    var profile: ProfileName?

    @Option(help: ArgumentHelp("What the shorter side should become.", valueName: "pixels"))
    var shorter = 800

    @Option(help: ArgumentHelp("What the longer side may not exceed.", valueName: "pixels"))
    var longest = 1333

    func validate() throws {
        for (name, value) in [("shorter", shorter), ("longest", longest)] where !(1...100_000 ~= value) {
            throw ValidationError("--\(name) \(value): must be from 1 to 100000")
        }
    }

    func run() throws {
        try ResizeCalculation(
            picture: size.size,
            profiles: profile.map { [$0.profile] } ?? [.torchvision, .detectron2, .paper], shorter: shorter,
            longest: longest, print: { print($0) }
        ).run()
    }
}
