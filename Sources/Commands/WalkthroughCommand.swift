import Figures
import Explanations
import ArgumentParser
import Foundation
import Formats
import Walkthroughs

struct WalkthroughCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "walkthrough",
        abstract: "Step through the pipeline: what came out at each stage, and the page that explains it.",
        discussion: """
            For each page of the walkthroughs: its stages on this picture (name, shape, the smallest, mean and \
            largest number, one sentence; on a terminal with colours also small heat maps), then its text. In a \
            terminal Enter goes on and ? lists the keys. With a picture or a model of your own, the commands on \
            the pages are run on these.

            Example:  maskrcnn walkthrough --image street.jpg --weights maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth
            One part: maskrcnn walkthrough fpn
            One find: maskrcnn walkthrough detection 3    (from its mask back to its anchor)
            """)

    @Argument(
        help: ArgumentHelp(
            "A page (rpn, 5), the beginning of stages' names (fpn.p3, mask), or: detection and its number.",
            valueName: "page or stage"))
    var what: [String] = []

    @Option(
        help: ArgumentHelp("The picture: PNG or JPEG.", valueName: "file"),
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var image: String?

    @Option(help: ArgumentHelp("Where to write the picture with what was found.", valueName: "file"))
    var output = "walkthrough.png"

    @Flag(help: "Show everything without waiting for a key.")
    var noPause = false

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    func validate() throws {
        if what.first == "detection" {
            guard what.count == 2, let number = Int(what[1]), number >= 0 else {
                throw ValidationError(
                    "detection: takes a number from the list of what was found: detection 3")
            }
        } else if what.count > 1 {
            throw ValidationError("\(what[1]): one page or stage at a time")
        }
    }

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        if what.first != "detection" {
            try writing.permission(reading: [image, model.weights]).check(output, .png)
        }
        let picture = try readPicture(image)
        let run = PictureRun(try model.load(), on: picture, named: image ?? "a drawn scene")
        let terminal = Terminal.standardOutput
        if what.count == 2, let number = Int(what[1]) {
            do { print(try DetectionStory(of: run, number: number).text(on: terminal)) } catch let fault
                as NothingToDraw
            { throw ValidationError("\(fault)") }
            return
        }
        let walkthrough = try Walkthrough(
            of: run, only: what.first, output: output, on: terminal, live: try live())
        try drawDetections(run.instances, of: run.model, on: picture).writePNG(to: output)
        let isWatched = terminal.isTerminal && isatty(STDIN_FILENO) == 1 && !noPause
        walkthrough.show(
            on: Walkthrough.Device(
                write: { text in
                    print(text, terminator: "")
                    // The question has no line break that would send it on its way.
                    fflush(nil)
                },
                read: isWatched ? { readLine() } : nil))
    }

    /// What to run the pages' commands on, if it is anything else than what they are written for.
    private func live() throws -> Walkthrough.Live? {
        let pictureOptions = image.map { ["--image", absolute($0)] } ?? []
        let modelOptions = model.arguments(absolute)
        guard !(pictureOptions + modelOptions).isEmpty else { return nil }
        return Walkthrough.Live(
            program: try programPath(),
            options: AddedOptions(
                picture: pictureOptions, model: modelOptions,
                pictureCommands: MaskRCNNCommand.commands(taking: "--image <"),
                modelCommands: MaskRCNNCommand.commands(taking: "--weights <"),
                argumentCommands: MaskRCNNCommand.commands(taking: "[<image>]")))
    }

    /// Commands on a page run in a folder of their own.
    private func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }
}

extension ModelOptions {
    /// The options that say which model it is, as they were given.
    fileprivate func arguments(_ absolute: (String) -> String) -> [String] {
        let options: [(String, String?)] = [
            ("--weights", weights.map(absolute)),
            ("--random-weights", randomWeights.map(String.init)),
            ("--configuration", file.configuration.map(absolute)),
        ]
        return options.flatMap { name, value in value.map { [name, $0] } ?? [] } + reading.arguments(absolute)
    }
}

extension ParsableCommand {
    /// The subcommands, and theirs, with this in their help, by the words that call them: `calculate mask`.
    fileprivate static func commands(taking option: String) -> [String] {
        configuration.subcommands.flatMap { command -> [String] in
            let name = command.configuration.commandName ?? ""
            if !command.configuration.subcommands.isEmpty {
                return command.commands(taking: option).map { name + " " + $0 }
            }
            return command.helpMessage().contains(option) ? [name] : []
        }
    }
}
