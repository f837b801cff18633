import Figures

/// A part of the walkthrough, of a screen or some.
struct Section {
    /// What its text is for.
    enum Purpose {
        /// To be read.
        case reading
        /// To be searched: nothing is computed for it, and commands have printed what the page says.
        case searching
    }

    /// The chapter that it belongs to, as an index; nil for the beginning and the end.
    let chapter: Int?
    /// What the prompt calls the place: `3 pyramid`.
    let place: String
    /// The figures that are named in it.
    var figures: [FigureName] = []
    /// Makes the text, when it is about to be shown.
    let blocks: (Terminal, Purpose) -> [ScreenBlock]
}

extension Page {
    /// The page's lines in parts of a screen or so: at headings of the second level, and where an answer is
    /// folded away, so that a reader can think first.
    package var parts: [[MarkdownBlock.Line]] {
        var parts: [[MarkdownBlock.Line]] = [[]]
        var fence: Fence?
        for (number, line) in lines.enumerated() {
            if let open = fence {
                if open.isClosed(by: line) { fence = nil }
            } else {
                fence = Fence(line)
                if line.hasPrefix("## ") || line.hasPrefix("<details") { parts.append([]) }
            }
            parts[parts.count - 1].append((number, Self.summary(of: line) ?? line))
        }
        return parts
    }

    /// What a folded part is called, as a heading.
    private static func summary(of line: String) -> String? {
        guard let match = line.firstMatch(of: /<summary>(.*?)<\/summary>/) else { return nil }
        return "### " + match.1
    }
}
