/// What a terminal shows at once of a step that may be longer.
package struct Screen: Equatable {
    /// A line of the screen.
    package enum Row: Equatable {
        /// A line of a block. Every line of every block is on exactly one screen.
        case content(String)
        /// An empty line between two blocks.
        case gap
        /// Said again, because a block goes on here from the screen before.
        case repeated(String)

        /// As the terminal gets it.
        package var text: String {
            switch self {
            case .content(let text), .repeated(let text): text
            case .gap: ""
            }
        }
    }

    /// Its lines, at most as many as fit.
    package fileprivate(set) var rows: [Row] = []
    /// Where it begins.
    package fileprivate(set) var start: Place

    /// A place among blocks that stays where it is when the terminal changes its size.
    package struct Place: Comparable, Sendable {
        /// Which block.
        package let block: Int
        /// The part of the block's units that stands before.
        package let part: Double

        package init(block: Int, part: Double) {
            self.block = block
            self.part = part
        }

        package static func < (left: Place, right: Place) -> Bool {
            (left.block, left.part) < (right.block, right.part)
        }
    }
}

/// Lays blocks out on screens.
///
/// 1. Blocks follow one another as long as they fit.
/// 2. One that does not fit goes to the next screen, and a heading before it with it.
/// 3. Prose is divided where otherwise more than half of a screen would stay empty.
/// 4. Whatever is taller than a screen is divided between its units; the next screen begins with the block's header or,
///    if it has none and is no prose, with `mark`.
/// - Parameters:
///   - height: lines of a screen.
///   - mark: a line such as "(continued)".
/// - Returns: at least one screen.
package func screens(of blocks: [ScreenBlock], height: Int, mark: String) -> [Screen] {
    var layout = ScreenLayout(blocks: blocks.filter { !$0.units.isEmpty }, height: max(height, 2), mark: mark)
    return layout.screens()
}

extension [Screen] {
    /// The screen that shows a place: the last that begins there or before.
    package func index(of place: Screen.Place) -> Int { lastIndex { $0.start <= place } ?? 0 }
}

private struct ScreenLayout {
    let blocks: [ScreenBlock]
    let height: Int
    let mark: String
    private var done: [Screen] = []
    private var screen = Screen(start: .init(block: 0, part: 0))
    /// Whether there is nothing on the screen yet but what leads to something else.
    private var isWaiting = true

    init(blocks: [ScreenBlock], height: Int, mark: String) {
        self.blocks = blocks
        self.height = height
        self.mark = mark
    }

    mutating func screens() -> [Screen] {
        for index in blocks.indices { place(index) }
        return done + [screen]
    }

    private func gap(before index: Int) -> Int { blocks[index].isSetOff ? 1 : 0 }

    private mutating func place(_ index: Int) {
        let block = blocks[index]
        let room = height - screen.rows.count - gap(before: index)
        // A heading alone would say nothing: what it leads to begins below it, even if it has to be divided.
        if !screen.rows.isEmpty, room < (isWaiting ? 1 : lines(neededBy: index)) {
            turn(to: index, part: 0, isContinued: false)
        }
        if !screen.rows.isEmpty && block.isSetOff { screen.rows.append(.gap) }
        isWaiting = isWaiting && block.leads
        for (unit, lines) in block.units.enumerated() {
            let part = Double(unit) / Double(block.units.count)
            let fitsNext = heading(of: block).count + lines.count <= height
            if unit > 0, fitsNext, screen.rows.count + lines.count > height {
                turn(to: index, part: part, isContinued: true)
            }
            for (number, line) in lines.enumerated() {
                if screen.rows.count >= height {
                    let rest = Double(number) / Double(lines.count * block.units.count)
                    turn(to: index, part: part + rest, isContinued: true)
                }
                screen.rows.append(.content(line))
            }
        }
    }

    /// How many lines have to fit for a block to begin on this screen rather than on the next.
    private func lines(neededBy index: Int) -> Int {
        let block = blocks[index]
        let isHalfEmpty = screen.rows.count * 2 < height
        var needed = block.height
        if needed > height {
            // It is divided in any case. On a screen with some room it begins at once.
            let first = block.units.prefix(block.headerUnits + 1).reduce(0) { $0 + $1.count }
            needed = isHalfEmpty ? min(max(first, 3), height) : height
        } else if !block.isKeptWhole && isHalfEmpty {
            needed = min(needed, 2)
        }
        guard block.leads && index + 1 < blocks.count else { return needed }
        let both = needed + gap(before: index + 1) + lines(neededBy: index + 1)
        return min(both, height)
    }

    /// Goes to the next screen, which begins with a block or within it.
    private mutating func turn(to index: Int, part: Double, isContinued: Bool) {
        done.append(screen)
        screen = Screen(start: .init(block: index, part: part))
        isWaiting = !isContinued
        if isContinued { screen.rows = heading(of: blocks[index]).map { .repeated($0) } }
    }

    /// What is said again where a block goes on.
    private func heading(of block: ScreenBlock) -> [String] {
        if !block.isKeptWhole { return [] }
        let header = block.units.prefix(block.headerUnits).flatMap { $0 }
        if header.isEmpty || header.count * 2 > height { return height > 2 ? [mark] : [] }
        return header
    }
}
