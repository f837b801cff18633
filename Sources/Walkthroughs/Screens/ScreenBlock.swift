/// Lines that stand together on a screen: a paragraph, a table, a command with its output, some heat maps.
package struct ScreenBlock: Equatable {
    /// The lines, as the terminal gets them, in the smallest groups that belong together, such as the lines of one row
    /// of a table. One is divided only if it is taller than a screen.
    package var units: [[String]]
    /// How many of the first units are said again at the top of the next screen, where the block is divided: a table's
    /// header.
    package var headerUnits = 0
    /// Whether it moves to the next screen rather than being divided, where it fits there: all but prose.
    package var isKeptWhole = true
    /// Whether what follows belongs to it, as to a heading: it is never the last on a screen.
    package var leads = false
    /// Whether an empty line sets it off from what stands before.
    package var isSetOff = true

    package init(
        units: [[String]], headerUnits: Int = 0, isKeptWhole: Bool = true, leads: Bool = false,
        isSetOff: Bool = true
    ) {
        self.units = units.filter { !$0.isEmpty }
        self.headerUnits = headerUnits
        self.isKeptWhole = isKeptWhole
        self.leads = leads
        self.isSetOff = isSetOff
    }

    /// A block in which each line is a unit.
    package init(_ lines: [String], isKeptWhole: Bool = true, leads: Bool = false, isSetOff: Bool = true) {
        self.init(units: lines.map { [$0] }, isKeptWhole: isKeptWhole, leads: leads, isSetOff: isSetOff)
    }

    /// Its lines.
    package var lines: [String] { units.flatMap { $0 } }
    /// How many there are.
    var height: Int { units.reduce(0) { $0 + $1.count } }
}

extension [ScreenBlock] {
    /// All lines one below the other, with an empty line before each block that is set off: what is printed where
    /// there are no screens.
    package var text: String {
        var lines: [String] = []
        for block in self where !block.units.isEmpty {
            if !lines.isEmpty && block.isSetOff { lines.append("") }
            lines += block.lines
        }
        return lines.joined(separator: "\n")
    }
}
