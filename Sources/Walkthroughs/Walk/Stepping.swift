import Dispatch

/// A walk on a device: draws screens, prompts, and what is said in between.
struct Stepping {
    private let book: ScreenBook
    private let device: Walkthrough.Device
    private let next: () -> Keyboard.Event
    private var walk: Walk
    /// Where the screen began that the reader went to: other sizes of the terminal change nothing of it.
    private var anchor = Screen.Place(block: 0, part: 0)

    /// - Parameter name: where it begins; nil for the beginning.
    init(
        _ book: ScreenBook, beginning name: String?, on device: Walkthrough.Device,
        _ next: @escaping () -> Keyboard.Event
    ) {
        self.book = book
        self.device = device
        self.next = next
        var start = Walk.Position(section: 0)
        if let name, case .position(let position) = book.find(name) { start = position }
        walk = Walk(book, at: start)
    }

    private var terminal: Terminal { book.terminal }

    consuming func run() {
        // What the terminal showed before moves up, out of sight, and is not lost.
        if terminal.movesCursor {
            device.write(String(repeating: "\n", count: terminal.height))
        }
        arrive()
        while true {
            switch next() {
            case .typing(let text): type(text)
            case .changed: resize()
            case .answer(let text):
                switch walk.answer(text) {
                case .show: arrive()
                case .say(let line): say(line)
                case .end:
                    device.write(terminal.movesCursor ? "\r\u{1B}[K" : "\n")
                    return
                }
            }
        }
    }

    private mutating func arrive() {
        let start = DispatchTime.now()
        let screens = book.screens(of: walk.position.section)
        anchor = screens[min(walk.position.screen, screens.count - 1)].start
        draw()
        if DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds > 1_000_000_000 {
            device.forgetKeys()
        }
    }

    private mutating func resize() {
        book.terminal = device.terminal()
        walk.relocate(to: anchor)
        draw()
    }

    private func draw() {
        let screens = book.screens(of: walk.position.section)
        let rows = screens[walk.position.screen].rows.map(\.text)
        if terminal.movesCursor {
            // From the top; then the prompt on the last line.
            device.write(
                "\u{1B}[H\u{1B}[J" + rows.joined(separator: "\n") + "\u{1B}[\(terminal.height);1H" + prompt)
        } else {
            device.write("\n" + rows.joined(separator: "\n") + "\n\n" + prompt)
        }
    }

    /// Says a line in place of the prompt, and of the empty line above it if it is long.
    private func say(_ line: String) {
        let lines = StyledText(line).wrapped(width: max(terminal.width - 1, 1)).map {
            $0.encoded(isColoured: false)
        }
        guard terminal.movesCursor else {
            device.write(lines.joined(separator: "\n") + "\n" + prompt)
            return
        }
        let shown = lines.prefix(2)
        device.write("\u{1B}[\(terminal.height + 1 - shown.count);1H\u{1B}[J" + shown.joined(separator: "\n"))
    }

    /// Shows what is being typed, its end if it is long.
    private func type(_ text: String?) {
        let line = visible(text ?? "")
        var shown = line[...]
        while terminalColumns(of: shown) > terminal.width - 1 { shown.removeFirst() }
        device.write(
            (terminal.movesCursor ? "\u{1B}[\(terminal.height - 1);1H\u{1B}[J\n" : "\n")
                + (text == nil ? prompt : String(shown)))
    }

    /// Where the reader is, and the most important keys: one line that fits.
    private var prompt: String {
        let section = book.section(walk.position.section)
        let part = book.part(walk.position.section)
        let screens = book.screens(of: walk.position.section).count
        var place = section.place
        if part.count > 1 { place += ", part \(part.number) of \(part.count)" }
        if screens > 1 { place += ", screen \(walk.position.screen + 1) of \(screens)" }
        let isLast =
            walk.position.section == book.sectionCount - 1 && walk.position.screen == screens - 1
        let keys =
            isLast
            ? ["Space ends", "b back", "? pages and keys"]
            : ["Space goes on", "b back", "g go to", "/ search", "? pages and keys", "q quit"]
        var text = "[\(place)]"
        for key in keys where terminalColumns(of: text) + 2 + key.count < terminal.width {
            text += "  " + key
        }
        let line = StyledText(text).cut(width: max(terminal.width - 1, 1), indent: 0)[0]
        return StyledText(line.encoded(isColoured: false), .faint).encoded(isColoured: terminal.isColoured)
    }
}
