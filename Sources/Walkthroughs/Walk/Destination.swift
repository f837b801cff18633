import Figures
import Inference
import Loading

/// What a name stands for, wherever one is asked for: a page, stages, or a figure.
package struct Destination: Equatable {
    /// Which of the chapters, as indices.
    package let chapters: [Int]
    /// If stages were asked for, what their names begin with.
    package let prefix: String?
    /// If a figure was asked for, which.
    package let figure: FigureName?

    private init(_ chapters: [Int], prefix: String? = nil, figure: FigureName? = nil) {
        (self.chapters, self.prefix, self.figure) = (chapters, prefix, figure)
    }

    /// Finds a page by its number (`5`), file name (`05-rpn`), name (`rpn`) or the name's beginning (`pyr`), a figure by
    /// its name (`roialign`), its file's (`13-roialign`) or the name's beginning, or the stages whose names begin so
    /// (`fpn.p3`, `mask`). Nil if there is nothing of the kind, or no page has the figure.
    ///
    /// Of a name that is several, such as `anchors`, the page comes first, then the figure, then the stages.
    /// - Parameter stages: those that the model at hand has.
    package init?(_ text: String, stages: [Stage]) {
        let all = Chapter.all
        let text = text.lowercased()
        guard !text.isEmpty else { return nil }
        if let page = all.firstIndex(where: { $0.page == text || $0.name == text || "\($0.number)" == text })
            ?? (text.hasPrefix("0") ? all.firstIndex { $0.page.hasPrefix(text + "-") } : nil)
        {
            self.init([page])
            return
        }
        if let figure = FigureName(name: text), let page = figure.chapter {
            self.init([page], figure: figure)
            return
        }
        let named = stages.filter { $0.name.hasPrefix(text) }
        if !named.isEmpty {
            self.init(
                all.indices.filter { index in named.contains { all[index].contains($0) } }, prefix: text)
            return
        }
        // A part that this model lacks, such as keypoint.heatmaps, is still told about.
        let beginning = String(text.prefix { $0 != "." })
        let isKnown = stages.contains { $0.name.hasPrefix(beginning + ".") }
        if let page = all.firstIndex(where: { chapter in
            !beginning.isEmpty
                && (chapter.name.hasPrefix(text)
                    || !isKnown && chapter.tells(of: beginning + "."))
        }) {
            self.init([page])
            return
        }
        let begun = FigureName.allCases.filter { $0.rawValue.hasPrefix(text) && $0.chapter != nil }
        guard let figure = begun.first, let page = figure.chapter else { return nil }
        self.init([page], figure: figure)
    }

    /// What to say of a name that is no destination: that no page has the figure, what may have been meant, or which
    /// names there are.
    package static func fault(of text: String, stages: [Stage]) -> String {
        if let figure = FigureName(name: text.lowercased()) {
            return "is a figure that is on no page; 'maskrcnn figures \(figure.rawValue)' draws it"
        }
        let names = Chapter.all.map(\.name) + FigureName.allCases.map(\.rawValue) + stages.map(\.name)
        let similar = similarNames(to: text, among: names)
        return "is no page, stage or figure. "
            + (similar.isEmpty
                ? "Pages are \(Chapter.all.map(\.name).joined(separator: ", "))" : didYouMean(similar))
    }
}

extension FigureName {
    /// The figure of a name as it is typed: `roialign`, or its file's, `13-roialign`.
    package init?(name: String) {
        guard let figure = Self.allCases.first(where: { $0.rawValue == name || $0.fileName == name }) else {
            return nil
        }
        self = figure
    }

    /// The chapter whose page shows it, as an index; the first, if there are several; nil if none does.
    package var chapter: Int? { Chapter.figures.firstIndex { $0.contains(self) } }

    /// Whether a line of a page shows it.
    func isShown(in line: String) -> Bool { line.contains("/\(fileName).png)") }
}

extension Chapter {
    /// The figures on each chapter's page.
    package static let figures: [[FigureName]] = all.map { chapter in
        let lines = ((try? PageLibrary.shipped(chapter.page).lines) ?? []).filter {
            $0.contains("](../Figures/")
        }
        return FigureName.allCases.filter { figure in lines.contains { figure.isShown(in: $0) } }
    }
}

/// The names that one that is none is a part of, or else those most like it: at most three, and none that nobody could
/// have meant.
package func similarNames(to name: String, among names: [String]) -> [String] {
    var seen: Set<String> = []
    let names = names.filter { seen.insert($0).inserted }
    let containing = name.count < 3 ? [] : names.filter { $0.contains(name.lowercased()) }
    if !containing.isEmpty { return Array(containing.prefix(3)) }
    let distances = names.map { ($0, editDistance(name, $0)) }
    guard let best = distances.map(\.1).min(), best <= max(name.count / 3, 1) else { return [] }
    return distances.filter { $0.1 == best }.prefix(3).map(\.0)
}
