import Drawing
import Explanations
import Formats
import Foundation
import Inference

/// The walkthrough: the pages' text in a terminal, each preceded by what came out on the picture at hand.
package struct Walkthrough {
    /// Where text goes and answers come from.
    package struct Device {
        /// Takes text as it is, line breaks included.
        package var write: (String) -> Void
        /// The next line that the reader types; nil at the end. Nil in place of the function if nobody is there:
        /// then nothing waits.
        package var read: (() -> String?)?

        /// A device of the given two ends.
        package init(write: @escaping (String) -> Void, read: (() -> String?)?) {
            self.write = write
            self.read = read
        }
    }

    /// The reader's own picture or model, on which a page's commands are to be run again.
    package struct Live {
        /// What `maskrcnn` stands for.
        package var program: String
        /// What is added to the commands.
        package var options: AddedOptions

        /// Commands of this program, with these options.
        package init(program: String, options: AddedOptions) {
            self.program = program
            self.options = options
        }
    }

    private let run: PictureRun
    private let terminal: Terminal
    private let output: String
    private let live: Live?
    private let destination: Destination?

    /// - Parameters:
    ///   - what: a page or stages to show alone, as ``PageLibrary`` and stages are named; nil for all.
    ///   - output: where the picture with what was found is.
    ///   - live: nil to show what the pages have recorded on the picture and the model that ship with the program.
    /// - Throws: `FileError` when `what` names neither a page nor a stage.
    package init(of run: PictureRun, only what: String?, output: String, on terminal: Terminal, live: Live?)
        throws
    {
        self.run = run
        self.terminal = terminal
        self.output = output
        self.live = live
        destination = try what.map { name in
            guard let destination = Destination(name, stages: run.stages) else {
                throw FileError(
                    path: name,
                    fault: "is no page and the beginning of no stage's name; pages are "
                        + Chapter.all.map(\.name).joined(separator: ", "))
            }
            return destination
        }
    }

    /// Shows section after section, waiting after each if somebody is there.
    package func show(on device: Device) {
        let sections = self.sections()
        guard let read = device.read else {
            for (index, section) in sections.enumerated() {
                device.write((index == 0 ? "" : "\n") + section.text() + "\n")
            }
            return
        }
        var walk = Walk(count: sections.count) { [run] name in
            guard let chapters = Destination(name, stages: run.stages)?.chapters else { return nil }
            return sections.firstIndex { $0.chapter.map(chapters.contains) ?? false }
        }
        var reaction = Walk.Reaction.show
        while true {
            switch reaction {
            case .show: device.write("\n" + sections[walk.position].text() + "\n")
            case .say(let line): device.write(wrapped(line, width: min(terminal.width, 100)) + "\n")
            case .end:
                device.write("\n")
                return
            }
            device.write(prompt(at: walk.position, of: sections))
            reaction = walk.answer(read())
        }
    }

    private func prompt(at position: Int, of sections: [Section]) -> String {
        let isLast = position + 1 == sections.count
        let keys = isLast ? "Enter or q ends, b goes back" : "Enter goes on, ? lists keys"
        let text = "\n[\(position + 1) of \(sections.count), \(sections[position].place)] \(keys): "
        return StyledText(text, .faint).encoded(isColoured: terminal.isColoured)
    }

    // MARK: The sections

    private func sections() -> [Section] {
        let chapters = destination?.chapters ?? Array(Chapter.all.indices)
        return [Section(chapter: nil, place: "beginning") { beginning() }]
            + chapters.flatMap(self.sections) + [Section(chapter: nil, place: "end") { end() }]
    }

    private func beginning() -> String {
        var text = introduction(to: run, on: terminal)
        if live != nil {
            text +=
                "\n\n"
                + wrapped(
                    "The pages tell of the picture and the small model that ship with the program. What came "
                        + "out on yours stands before each page, and the commands on the pages are run on yours.",
                    width: min(terminal.width, 100))
        }
        return text
    }

    private func end() -> String {
        listing(of: run, on: terminal) + "\n"
            + wrapped("The picture with everything found: \(output)", width: terminal.width, indent: 2)
    }

    private func sections(of index: Int) -> [Section] {
        let chapter = Chapter.all[index]
        let place = "\(chapter.number) \(chapter.name)"
        let page: Page
        do { page = try PageLibrary.shipped(chapter.page) } catch {
            // What came out can be told without the page.
            return [
                Section(chapter: index, place: place) { opening(of: chapter, title: chapter.page) },
                Section(chapter: index, place: place) { wrapped("\(error)", width: terminal.width) },
            ]
        }
        var markdown = MarkdownForTerminal(terminal: terminal)
        if let live {
            let console = LiveConsole(page: page, program: live.program, options: live.options)
            markdown.console = console.lines
            markdown.figureOptions = (live.options.picture + live.options.model).map { " " + plainWord($0) }
                .joined()
        }
        var sections = [
            Section(chapter: index, place: place) { [markdown] in
                opening(of: chapter, title: markdown.text([.heading(1, page.title)]))
            }
        ]
        for part in page.parts {
            let blocks = MarkdownBlock.blocks(of: part).filter { !$0.isTitle }
            // The first part may hold nothing beside the title and links to other pages.
            if MarkdownForTerminal(terminal: terminal).text(blocks).isEmpty { continue }
            sections.append(Section(chapter: index, place: place) { [markdown] in markdown.text(blocks) })
        }
        return sections
    }

    /// What came out of a chapter's stages on this picture.
    private func opening(of chapter: Chapter, title: String) -> String {
        var parts = [title]
        if let absence = chapter.absence(in: run.model, found: run.instances.count) { parts.append(absence) }
        let stages = run.stages.filter { stage in
            chapter.contains(stage) && (destination?.prefix.map { stage.name.hasPrefix($0) } ?? true)
        }
        parts += stages.compactMap { stage in run[stage].map { telling(of: stage, $0, on: terminal) } }
        let maps = HeatMapForTerminal.lines(
            chapter.maps(of: run, background: terminal.background), terminal: terminal)
        if !maps.isEmpty { parts.append(maps.joined(separator: "\n")) }
        let seconds = chapter.steps.compactMap { run.seconds[$0] }.reduce(0, +)
        if !stages.isEmpty && seconds > 0 { parts.append("This took \(wording(seconds: seconds)).") }
        return parts.joined(separator: "\n\n")
    }
}

extension MarkdownBlock {
    fileprivate var isTitle: Bool { if case .heading(1, _) = self { true } else { false } }
}

/// A word as one types it: in quotes only if it needs them.
private func plainWord(_ word: String) -> String {
    word.wholeMatch(of: /[\w.\/:=+-]+/) != nil ? word : shellQuoted(word)
}
