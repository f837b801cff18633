import Drawing

/// Many figures side by side, small: to see at a glance what a picture and a model make of all of them.
public struct ContactSheet {
    private let figures: [Figure]
    private let theme: Theme

    /// A sheet of figures, in their order.
    public init(_ figures: [Figure], theme: Theme = .light) {
        self.figures = figures
        self.theme = theme
    }

    private static let columns = 5
    private static let (cell, gap) = (300.0, 16.0)

    /// The drawing: five columns, each figure put into whichever is shortest so far.
    public var figure: Figure {
        let columns = min(Self.columns, max(figures.count, 1))
        var bottoms = [Double](repeating: Self.gap, count: columns)
        let places = figures.map { figure in
            let column = bottoms.indices.dropFirst().reduce(0) { bottoms[$1] < bottoms[$0] ? $1 : $0 }
            let place = Rectangle(
                x: Self.gap + (Self.cell + Self.gap) * Double(column), y: bottoms[column], width: Self.cell,
                height: figure.height * Self.cell / max(figure.width, 1))
            bottoms[column] = place.maxY + Self.gap
            return place
        }
        var sheet = Figure(
            width: Self.gap + (Self.cell + Self.gap) * Double(columns), height: bottoms.max() ?? Self.gap,
            typeface: theme.typeface
        ) { canvas in
            canvas.fill(theme.rule)
            for (figure, place) in zip(figures, places) { figure.draw(on: canvas, in: place) }
        }
        sheet.title = "\(figures.count) figures"
        return sheet
    }
}
