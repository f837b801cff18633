import Drawing
import Explanations
import Figures
import Formats
import Foundation
import Inference

/// The walkthrough: the pages' text in a terminal, each preceded by what came out on the picture at hand.
package struct Walkthrough {
    /// Where text goes and answers come from.
    package struct Device {
        /// Takes text as it is, line breaks included.
        package var write: (String) -> Void
        /// The next thing that happens. Nil if nobody is there: then nothing waits.
        package var next: (() -> Keyboard.Event)?
        /// The terminal as it is now.
        package var terminal: () -> Terminal
        /// Forgets the keys that were pressed while something took long.
        package var forgetKeys: () -> Void

        /// A device of the given ends.
        package init(
            write: @escaping (String) -> Void, next: (() -> Keyboard.Event)?,
            terminal: @escaping () -> Terminal, forgetKeys: @escaping () -> Void = {}
        ) {
            self.write = write
            self.next = next
            self.terminal = terminal
            self.forgetKeys = forgetKeys
        }
    }

    /// The reader's own picture or model, on which a page's commands are to be run again.
    package struct Live {
        /// What `maskrcnn` stands for.
        package var program: String
        /// What is added to the commands.
        package var options: AddedOptions

        /// Runs a command in this process, where it can take what others have computed.
        package var runHere: ConsoleSession.RunHere

        /// Commands of this program, with these options.
        package init(
            program: String, options: AddedOptions,
            runHere: @escaping ConsoleSession.RunHere = { _, _ in nil }
        ) {
            self.program = program
            self.options = options
            self.runHere = runHere
        }
    }

    private let run: PictureRun
    private let output: String
    private let live: Live?
    private let name: String?
    private let destination: Destination?

    /// - Parameters:
    ///   - what: a page, stages or a figure, as ``Destination`` finds them: where to begin, or what is printed alone
    ///     where nobody steps; nil for everything.
    ///   - output: where the picture with what was found is.
    ///   - live: nil to show what the pages have recorded on the picture and the model that ship with the program.
    /// - Throws: `FileError` when `what` names nothing of the kind.
    package init(of run: PictureRun, only what: String?, output: String, live: Live?) throws {
        self.run = run
        self.output = output
        self.live = live
        name = what
        destination = try what.map { name in
            guard let destination = Destination(name, stages: run.stages) else {
                throw FileError(path: name, fault: Destination.fault(of: name, stages: run.stages))
            }
            return destination
        }
    }

    // MARK: Printing

    /// Everything that was asked for, one below the other.
    package func print(on device: Device) {
        var isFirst = true
        for blocks in steps(on: device.terminal()) where !blocks.text.isEmpty {
            device.write((isFirst ? "" : "\n") + blocks.text + "\n")
            isFirst = false
        }
    }

    /// What the sections of everything that was asked for consist of, one after the other.
    package func steps(on terminal: Terminal) -> some Sequence<[ScreenBlock]> {
        sections(only: destination).lazy.map { $0.blocks(terminal, .reading) }
    }

    /// A screenful for whoever cannot step through: what was found, which pages there are, how to see more.
    package func summary(on terminal: Terminal) -> String {
        let pages = Chapter.all.map { "\($0.number) \($0.name)" }.joined(separator: ", ")
        let commands = [
            ("maskrcnn walkthrough", "in a terminal: step by step, Space goes on"),
            ("maskrcnn walkthrough rpn", "one page; or a stage (fpn.p3), a figure (roialign)"),
            ("maskrcnn walkthrough detection 0", "from the mask of a find back to its anchor"),
            ("maskrcnn walkthrough --all", "everything, thousands of lines"),
        ].map { command, action in
            terminal.width >= 90
                ? [command.padding(toLength: 34, withPad: " ", startingAt: 0) + action]
                : [command, "    " + action]
        }
        let blocks = [
            terminal.prose(
                "Mask R-CNN on \(run.name), \(run.image.height)×\(run.image.width) pixels."),
            ScreenBlock(listing(of: run, on: terminal, limit: 3), isSetOff: false),
            terminal.prose("The picture with everything found: \(output)", isSetOff: false),
            terminal.prose("Pages: \(pages)."),
            ScreenBlock(units: commands),
        ]
        return blocks.text
    }

    // MARK: Stepping

    /// Shows screen after screen, waiting after each.
    package func step(on device: Device) {
        guard let next = device.next else { return print(on: device) }
        let help = Section(chapter: nil, place: "help") { [run] terminal, _ in
            helpBlocks(stages: run.stages, on: terminal)
        }
        let sections = sections(only: nil) + [help]
        Stepping(
            ScreenBook(sections, stages: run.stages, on: device.terminal()), beginning: name, on: device, next
        ).run()
    }

    /// Shows one detection's story screen after screen, or prints it.
    package static func show(_ story: DetectionStory, place: String, stages: [Stage], on device: Device) {
        guard let next = device.next else {
            device.write(story.text(on: device.terminal()) + "\n")
            return
        }
        let sections = [
            Section(chapter: nil, place: place) { terminal, _ in story.blocks(on: terminal) },
            Section(chapter: nil, place: "help") { terminal, _ in helpBlocks(stages: stages, on: terminal) },
        ]
        Stepping(
            ScreenBook(sections, stages: stages, on: device.terminal()), beginning: nil, on: device, next
        ).run()
    }

    // MARK: The sections

    private func sections(only part: Destination?) -> [Section] {
        let chapters = part?.chapters ?? Array(Chapter.all.indices)
        let first = FirstScreen(run: run)
        return [
            Section(chapter: nil, place: "beginning") { terminal, _ in
                // Nobody presses keys where it is no terminal.
                terminal.isTerminal ? [first.block(on: terminal)] : []
            },
            Section(chapter: nil, place: "beginning") { terminal, _ in beginning(on: terminal) },
        ]
            + chapters.flatMap { self.sections(of: $0, prefix: part?.prefix) }
            + [Section(chapter: nil, place: "end") { terminal, _ in end(on: terminal) }]
    }

    private func beginning(on terminal: Terminal) -> [ScreenBlock] {
        let text =
            "The pages tell of the picture and the small model that ship with the program. What came out on yours "
            + "stands before each page, and the commands on the pages are run on yours."
        return [introduction(to: run, on: terminal)] + (live == nil ? [] : [terminal.prose(text)])
    }

    private func end(on terminal: Terminal) -> [ScreenBlock] {
        [
            ScreenBlock(listing(of: run, on: terminal)),
            terminal.prose("The picture with everything found: \(output)", isSetOff: false),
        ]
    }

    private func sections(of index: Int, prefix: String?) -> [Section] {
        let chapter = Chapter.all[index]
        let place = "\(chapter.number) \(chapter.name)"
        let page: Page
        do { page = try PageLibrary.shipped(chapter.page) } catch {
            // What came out can be told without the page.
            return [
                Section(chapter: index, place: place) { terminal, purpose in
                    opening(of: chapter, title: chapter.page, prefix: prefix, on: terminal, for: purpose)
                },
                Section(chapter: index, place: place) { terminal, _ in [terminal.prose("\(error)")] },
            ]
        }
        let console = live.map { LiveConsole(page: page, $0) }
        func markdown(_ terminal: Terminal, _ purpose: Section.Purpose) -> MarkdownForTerminal {
            var markdown = MarkdownForTerminal(terminal: terminal)
            if let live, let console, purpose == .reading {
                markdown.console = console.lines
                markdown.figureOptions = (live.options.picture + live.options.model)
                    .map { " " + plainWord($0) }.joined()
            }
            return markdown
        }
        var sections = [
            Section(chapter: index, place: place) { terminal, purpose in
                opening(of: chapter, title: page.title, prefix: prefix, on: terminal, for: purpose)
            }
        ]
        for part in page.parts {
            let blocks = MarkdownBlock.blocks(of: part).filter { !$0.isTitle }
            // The first part may hold nothing beside the title and links to other pages.
            let plain = Terminal(isTerminal: true, width: 80, colorDepth: .none)
            if MarkdownForTerminal(terminal: plain).screenBlocks(blocks).isEmpty { continue }
            let figures = FigureName.allCases.filter { figure in part.contains { figure.isShown(in: $0.text) }
            }
            sections.append(
                Section(chapter: index, place: place, figures: figures) { terminal, purpose in
                    markdown(terminal, purpose).screenBlocks(blocks)
                })
        }
        return sections
    }

    /// What came out of a chapter's stages on this picture.
    private func opening(
        of chapter: Chapter, title: String, prefix: String?, on terminal: Terminal,
        for purpose: Section.Purpose
    ) -> [ScreenBlock] {
        var blocks = MarkdownForTerminal(terminal: terminal).screenBlocks([.heading(1, title)])
        if let absence = chapter.absence(in: run.model, found: run.instances.count) {
            blocks.append(terminal.prose(absence))
        }
        if purpose == .reading && terminal.colorDepth >= .indexed {
            // They stand below the title on the first screen.
            let room = terminal.screenHeight - (blocks.first.map { $0.lines.count + 1 } ?? 0)
            blocks.append(
                HeatMapForTerminal.block(
                    chapter.maps(of: run, background: terminal.background), terminal: terminal, height: room))
        }
        let stages = run.stages.filter { stage in
            chapter.contains(stage) && (prefix.map { stage.name.hasPrefix($0) } ?? true)
        }
        blocks += stages.compactMap { stage in
            run[stage].map { telling(of: stage, $0, on: terminal, hasNumbers: purpose == .reading) }
        }
        let seconds = chapter.steps.compactMap { run.seconds[$0] }.reduce(0, +)
        if !stages.isEmpty && seconds > 0 {
            blocks.append(terminal.prose("This took \(wording(seconds: seconds))."))
        }
        return blocks
    }
}

extension MarkdownBlock {
    fileprivate var isTitle: Bool { if case .heading(1, _) = self { true } else { false } }
}

/// A word as one types it: in quotes only if it needs them.
private func plainWord(_ word: String) -> String {
    word.wholeMatch(of: /[\w.\/:=+-]+/) != nil ? word : shellQuoted(word)
}
