import ArgumentParser
import Walkthroughs

struct WalkthroughCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "walkthrough",
        abstract: "Run the pipeline over a picture and say at each stage what came out.",
        discussion: """
            For each stage: its name, its shape, the smallest, mean and largest number, the time since the stage \
            before, and one sentence. At the end, the picture with boxes, classes, scores and masks.

            Example:  maskrcnn walkthrough --image street.jpg --weights maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth
            One part: maskrcnn walkthrough fpn
            """)

    @Argument(help: "Show only stages whose names begin with this, such as fpn or mask.")
    var stage: String?

    @Option(
        help: ArgumentHelp("The picture: PNG or JPEG.", valueName: "file"),
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var image: String?

    @Option(help: ArgumentHelp("Where to write the picture with what was found.", valueName: "file"))
    var output = "walkthrough.png"

    @Flag(help: "Never wait for a key. (The walkthrough does not wait yet; the option is here to stay.)")
    var noPause = false

    @OptionGroup(title: "Model") var model: ModelOptions

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        let picture = try readPicture(image)
        let loaded = try model.load()
        let terminal = Terminal.standardOutput
        let walkthrough = PlainWalkthrough(
            loaded: loaded, width: terminal.width, isColoured: terminal.isColoured)
        try walkthrough.run(on: picture, named: image ?? "a drawn scene", only: stage, output: output) {
            print($0)
        }
    }
}
