import Drawing

/// How figures are drawn, the same for all of them: everything that does not change what they show.
public struct FigureStyle: Sendable {
    /// Paper, inks, the colours of classes, and letters.
    public var theme: Theme
    /// What stands above the figure; nil for its own title, empty for none.
    public var title: String?
    /// Whether the sentences above and below the drawings are drawn. SVG and PDF files hold them in any case.
    public var showsCaption: Bool
    /// The width in pixels; nil for 1280 in a PNG file and 640 in an SVG file.
    public var width: Int?
    /// Pixels of the width that make an inch on paper; nil for 144 in PNG and PDF files and none in SVG files.
    public var dotsPerInch: Double?

    /// Figures as in the documentation, in a theme.
    public init(theme: Theme = .light) {
        self.theme = theme
        showsCaption = true
    }

    /// The figure's sheet as this style has it.
    func styled(_ sheet: Sheet) -> Sheet {
        var sheet = sheet
        if let title { sheet = sheet.titled(title) }
        return showsCaption ? sheet : sheet.withoutSentences
    }
}
