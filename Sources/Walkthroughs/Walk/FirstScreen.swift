import Explanations
import Figures
import Foundation
import Inference

/// What a newcomer sees first: the picture with what was found, what can be done, and one key.
struct FirstScreen {
    let run: PictureRun

    /// One block that fits the screen.
    func block(on terminal: Terminal) -> ScreenBlock {
        let height = terminal.screenHeight
        let isBeside = terminal.width >= 58
        var lines: [String]
        if isBeside {
            let picture = picture(columns: min(terminal.width - 36, 72), rows: height, terminal)
            let room = terminal.width - picture.width - 2
            let text = text(width: room, height: height, terminal)
            lines = (0..<max(picture.lines.count, text.count)).map { index in
                let left =
                    index < picture.lines.count
                    ? picture.lines[index] : String(repeating: " ", count: picture.width)
                return index < text.count ? left + "  " + text[index] : left
            }
        } else {
            let text = text(width: terminal.width, height: height, terminal)
            let rows = height - text.count - 1
            lines =
                rows >= 4 ? picture(columns: terminal.width, rows: rows, terminal).lines + [""] + text : text
        }
        return ScreenBlock(units: [Array(lines.prefix(height))])
    }

    private func picture(columns: Int, rows: Int, _ terminal: Terminal) -> (lines: [String], width: Int) {
        let picture = (try? drawDetections(run.instances, of: run.model, on: run.image)) ?? run.image
        return HeatMapForTerminal(picture, caption: "").picture(
            columns: columns, rows: rows, terminal: terminal)
    }

    private func text(width: Int, height: Int, _ terminal: Terminal) -> [String] {
        func styled(_ text: String, _ style: StyledText.Style = .plain, indent: Int = 0) -> [String] {
            StyledText(text, style).wrapped(width: width, indent: indent)
                .map { $0.encoded(isColoured: terminal.isColoured) }
        }
        let start = styled("Space: through it, page by page.", .command)
        let choices = [
            ("g NAME", "go to page, stage or figure"), ("/TEXT", "search in all pages"),
            ("?", "all pages and keys"), ("q", "quit"),
        ].flatMap { key, action -> [String] in
            let lines = StyledText(action).wrapped(width: max(width - 8, 8))
            return lines.enumerated().map { index, line in
                let mark = (index == 0 ? key : "").padding(toLength: 8)
                return StyledText(mark, .strong).encoded(isColoured: terminal.isColoured)
                    + line.encoded(isColoured: false)
            }
        }
        let heading = styled("Mask R-CNN, stage by stage", .heading)
        let subject = styled("\(run.name), \(run.image.height)×\(run.image.width)", indent: 2)
        // What was found gives way where there is no room.
        let room = height - heading.count - subject.count - start.count - choices.count - 2
        let names = run.instances.map {
            "\(run.model.classes.name(of: $0.label)) \(String(format: "%.2f", $0.score))"
        }
        var found = names.count
        func list() -> [String] {
            if names.isEmpty { return styled("Nothing was found in it.") }
            let more =
                names.count > found
                ? [found == 0 ? "\(names.count) objects" : "and \(names.count - found) more"] : []
            return styled("Found: " + (names.prefix(found) + more).joined(separator: ", ") + ".", indent: 2)
        }
        while found > 0, list().count > max(min(room, 6), 1) { found -= 1 }
        var lines = heading + subject
        if room > 0 { lines += list() }
        let rest = height - lines.count - start.count - choices.count
        return lines + (rest > 0 ? [""] : []) + start + (rest > 1 ? [""] : []) + choices
    }
}

extension String {
    fileprivate func padding(toLength length: Int) -> String {
        self + String(repeating: " ", count: Swift.max(length - count, 1))
    }
}

/// The keys, and the names that one can go to.
func helpBlocks(stages: [Stage], on terminal: Terminal) -> [ScreenBlock] {
    func strong(_ text: String) -> ScreenBlock {
        var block = terminal.prose(text, .strong)
        block.leads = true
        return block
    }
    let keyWidth = (Walk.keys.map(\.key.count).max() ?? 0) + 2
    let keys = Walk.keys.map { key, action in
        StyledText(action).wrapped(width: max(terminal.width - keyWidth, 8)).enumerated().map { index, line in
            (index == 0 ? key : "").padding(toLength: keyWidth) + line.encoded(isColoured: false)
        }
    }
    let pages = Chapter.all.map { "\($0.number) \($0.name)" }
    let figures = FigureName.allCases.map(\.rawValue).joined(separator: ", ")
    var names: [String] = []
    for stage in stages.map({ String($0.name.prefix { $0 != "." }) }) where !names.contains(stage) {
        names.append(stage)
    }
    let blocks: [ScreenBlock] = [
        strong("Keys"), ScreenBlock(units: keys, isSetOff: false),
        strong("Pages"), ScreenBlock(inColumns(pages, width: terminal.width), isSetOff: false),
        strong("Figures"), terminal.prose(figures, isSetOff: false),
        terminal.prose("Stages begin with " + names.joined(separator: ", ") + ".", isSetOff: false),
    ]
    return blocks
}

/// Short texts in columns, to be read downwards.
private func inColumns(_ texts: [String], width: Int) -> [String] {
    let column = (texts.map(\.count).max() ?? 0) + 2
    let columns = max(width / column, 1)
    let rows = (texts.count + columns - 1) / columns
    return (0..<rows).map { row in
        stride(from: row, to: texts.count, by: rows).map { texts[$0].padding(toLength: column) }.joined()
    }
}
