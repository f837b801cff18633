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
            terminal, screen by screen: Space goes on, ? lists pages and keys. Elsewhere a summary, the part that \
            is named, or with --all everything. With a picture or a model of your own, the commands on the pages \
            are run on these.

            Example:  maskrcnn walkthrough --image street.jpg --weights maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth
            One part: maskrcnn walkthrough fpn
            One find: maskrcnn walkthrough detection 3    (from its mask back to its anchor)
            """)

    @Argument(
        help: ArgumentHelp(
            "A page (rpn, 5), the beginning of stages' names (fpn.p3, mask), a figure (roialign), or: detection and "
                + "its number.",
            valueName: "page, stage or figure"))
    var what: [String] = []

    @Option(
        help: ArgumentHelp("The picture: PNG or JPEG.", valueName: "file"),
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var image: String?

    @Option(help: ArgumentHelp("Where to write the picture with what was found.", valueName: "file"))
    var output = "walkthrough.png"

    @Flag(
        name: [.customLong("all"), .customLong("no-pause")],
        help: "Print everything, or all of the part that is named, without waiting for a key.")
    var printsAll = false

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    func validate() throws {
        if what.first == "detection" {
            guard what.count == 2, let number = Int(what[1]), number >= 0 else {
                throw ValidationError(
                    "detection: takes a number from the list of what was found: detection 3")
            }
        } else if what.count > 1 {
            throw ValidationError("\(what[1]): one page, stage or figure at a time")
        }
    }

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        if what.first != "detection" {
            try writing.permission(reading: [image, model.weights]).check(output, .png)
        }
        let session = PictureSession(keepsRuns: true)
        let run = try session.run(model, on: image)
        model.remark(on: run.image, at: image)
        let terminal = Terminal.standardOutput
        let isWatched = terminal.isTerminal && isatty(STDIN_FILENO) == 1 && !printsAll
        if what.count == 2, let number = Int(what[1]) {
            do {
                let story = try DetectionStory(of: run, number: number)
                Walkthrough.show(
                    story, place: "detection \(number)", stages: run.stages, on: device(isWatched: isWatched))
            } catch let fault as NothingToDraw { throw ValidationError("\(fault)") }
            return
        }
        let walkthrough = try Walkthrough(
            of: run, only: what.first, output: output, live: try live(in: session))
        try drawDetections(run.instances, of: run.model, on: run.image).writePNG(to: output)
        if isWatched {
            walkthrough.step(on: device(isWatched: true))
        } else if what.isEmpty && !printsAll {
            print(walkthrough.summary(on: terminal))
        } else {
            walkthrough.print(on: device(isWatched: false))
        }
    }

    private func device(isWatched: Bool) -> Walkthrough.Device {
        // Where the cursor cannot be moved, lines are read as the terminal gives them.
        let keyboard = isWatched && Terminal.standardOutput.movesCursor ? Keyboard() : nil
        let readsLines = isWatched && keyboard == nil
        return Walkthrough.Device(
            write: { text in
                print(text, terminator: "")
                // The prompt has no line break that would send it on its way.
                fflush(nil)
            },
            next: readsLines ? { .answer(readLine()) } : keyboard.map { keyboard in { keyboard.next() } },
            terminal: { Terminal.standardOutput },
            forgetKeys: { keyboard?.forgetKeys() })
    }

    /// What to run the pages' commands on, if it is anything else than what they are written for.
    private func live(in session: PictureSession) throws -> Walkthrough.Live? {
        let pictureOptions = image.map { ["--image", absolute($0)] } ?? []
        let modelOptions = model.arguments(absolute)
        guard !(pictureOptions + modelOptions).isEmpty else { return nil }
        return Walkthrough.Live(
            program: try programPath(),
            options: AddedOptions(
                picture: pictureOptions, model: modelOptions,
                pictureCommands: MaskRCNNCommand.commands(taking: "--image <"),
                // What is trained on the pages is the small model, from nothing.
                modelCommands: MaskRCNNCommand.commands(taking: "--weights <").filter { $0 != "train" },
                argumentCommands: MaskRCNNCommand.commands(taking: "[<image>]")),
            runHere: { arguments, folder in
                var outcome: ConsoleSession.Outcome?
                // As in a process of its own, but for what is asked of the walkthrough itself.
                model.withSettings { outcome = session.outcome(of: arguments, in: folder) }
                return outcome
            })
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
