import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes drawing calls down as the elements of an SVG file (W3C, *Scalable Vector Graphics 1.1*): text stays text,
/// which can be searched, copied and edited, and pixels of a map stay as many as the map has.
///
/// Text says how long it is, so that a viewer without the typeface sets another one to the same length.
final class SVGOutput: CanvasOutput {
    private let width: Double
    private let height: Double
    private var body = ""
    private var definitions = ""
    private var names = 0
    /// Pictures, each once however often it is drawn.
    private var pictures: [(picture: CanvasPicture, filter: ImageFilter, largest: Double)] = []

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    func fill(_ shape: CanvasShape, _ paint: Paint) {
        let rule = if case .path = shape { " fill-rule=\"evenodd\"" } else { "" }
        body += element(shape, attributes(of: paint) + rule)
    }

    func fillAll(_ paint: Paint) {
        let all = Rectangle(x: 0, y: 0, width: width, height: height)
        body += element(.rectangle(all, cornerRadius: 0), attributes(of: paint))
    }

    func stroke(_ shape: CanvasShape, _ stroke: Stroke) {
        var attributes = " fill=\"none\"" + color("stroke", stroke.color)
        if stroke.width != 1 { attributes += " stroke-width=\"\(number(stroke.width))\"" }
        if !stroke.dashes.isEmpty {
            attributes += " stroke-dasharray=\"\(stroke.dashes.map(number).joined(separator: " "))\""
        }
        if stroke.isRound { attributes += " stroke-linecap=\"round\" stroke-linejoin=\"round\"" }
        body += element(shape, attributes)
    }

    func text(_ line: TextLine) {
        guard !line.text.allSatisfy({ $0 == " " }) else { return }
        var attributes = " x=\"\(number(line.start.x))\" y=\"\(number(line.start.y))\""
        attributes += " font-size=\"\(number(line.font.size))\""
        if line.font.isBold { attributes += " font-weight=\"bold\"" }
        if line.font.isMonospaced {
            attributes += " font-family=\"\(Self.families(line.typeface, isMonospaced: true))\""
        }
        if line.width > 0 {
            attributes += " textLength=\"\(number(line.width))\" lengthAdjust=\"spacingAndGlyphs\""
        }
        // Spaces at the start and in a row are meant.
        let isSpaced = line.text.hasPrefix(" ") || line.text.contains("  ")
        if isSpaced { attributes += " xml:space=\"preserve\"" }
        body += "<text\(attributes)\(color("fill", line.color))>\(Self.escaped(line.text))</text>\n"
    }

    func draw(_ picture: CanvasPicture, in rectangle: Rectangle, filter: ImageFilter) {
        let scale = max(
            rectangle.width / Double(picture.width), rectangle.height / Double(picture.height))
        let found = pictures.firstIndex { $0.filter == filter && $0.picture.isSame(as: picture) }
        let index = found ?? pictures.count
        if found == nil { pictures.append((picture, filter, 0)) }
        pictures[index].largest = max(pictures[index].largest, scale * self.scale)
        let (scaleX, scaleY) = (
            rectangle.width / Double(picture.width), rectangle.height / Double(picture.height)
        )
        body += "<use xlink:href=\"#picture\(index)\" transform=\"translate(\(number(rectangle.x)) "
        body += "\(number(rectangle.y))) scale(\(fine(scaleX)) \(fine(scaleY)))\"/>\n"
    }

    func clipped(to shape: CanvasShape, _ body: () -> Void) {
        let name = newName("clip")
        group(" clip-path=\"url(#\(name))\"", body) {
            definitions += "<clipPath id=\"\(name)\">\(element(shape, ""))</clipPath>\n"
        }
    }

    func transformed(_ transform: CanvasTransform, _ body: () -> Void) {
        switch transform {
        case .placed(let point, let scaleX, let scaleY):
            let before = scale
            scale *= max(scaleX, scaleY)
            defer { scale = before }
            let stretch = scaleX == 1 && scaleY == 1 ? "" : " scale(\(fine(scaleX)) \(fine(scaleY)))"
            group(" transform=\"translate(\(number(point.x)) \(number(point.y)))\(stretch)\"", body)
        case .turned(let degrees, let center):
            let about = "\(number(degrees)) \(number(center.x)) \(number(center.y))"
            group(" transform=\"rotate(\(about))\"", body)
        }
    }

    /// How many points a unit of what is drawn now has.
    private var scale = 1.0

    func layer(_ body: () -> Void) { group("", body) }

    func withinDrawn(_ body: () -> Void) throws {
        throw FigureError(
            subject: "figure", fault: "paints within what is drawn, which an SVG file cannot say")
    }

    func check() throws {}

    /// A group, unless nothing is drawn in it.
    private func group(_ attributes: String, _ draw: () -> Void, defining: () -> Void = {}) {
        let before = body
        body = ""
        draw()
        if body.isEmpty {
            body = before
        } else {
            defining()
            body = before + "<g\(attributes)>\n" + body + "</g>\n"
        }
    }

    private func newName(_ kind: String) -> String {
        names += 1
        return "\(kind)\(names)"
    }

    // MARK: Elements

    private func element(_ shape: CanvasShape, _ attributes: String) -> String {
        switch shape {
        case .rectangle(let rectangle, let radius):
            // A rectangle may have been given from its lower right corner.
            let (x, y) = (min(rectangle.x, rectangle.maxX), min(rectangle.y, rectangle.maxY))
            let place = "x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(abs(rectangle.width)))\" "
            let round = radius > 0 ? " rx=\"\(number(radius))\"" : ""
            return "<rect \(place)height=\"\(number(abs(rectangle.height)))\"\(round)\(attributes)/>\n"
        case .circle(let center, let radius):
            let place = "cx=\"\(number(center.x))\" cy=\"\(number(center.y))\" r=\"\(number(radius))\""
            return "<circle \(place)\(attributes)/>\n"
        case .polyline(let points, let isClosed):
            let places = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
            return "<\(isClosed ? "polygon" : "polyline") points=\"\(places)\"\(attributes)/>\n"
        case .path(let path):
            let parts = path.elements.map { element in
                switch element {
                case .move(let point): "M\(pair(point))"
                case .line(let point): "L\(pair(point))"
                case .curve(let control1, let control2, let end):
                    "C\(pair(control1)) \(pair(control2)) \(pair(end))"
                case .close: "Z"
                }
            }
            return "<path d=\"\(parts.joined())\"\(attributes)/>\n"
        }
    }

    private func attributes(of paint: Paint) -> String {
        let name: String
        let start: String
        let colors: [Color]
        switch paint {
        case .color(let color): return self.color("fill", color)
        case .linearGradient(let from, let to, let stops):
            name = newName("paint")
            let line = "x1=\"\(number(from.x))\" y1=\"\(number(from.y))\" x2=\"\(number(to.x))\" "
            start = "linearGradient id=\"\(name)\" \(line)y2=\"\(number(to.y))\""
            colors = stops
        case .radialGradient(let center, let radius, let stops):
            name = newName("paint")
            let circle = "cx=\"\(number(center.x))\" cy=\"\(number(center.y))\" r=\"\(number(radius))\""
            start = "radialGradient id=\"\(name)\" \(circle)"
            colors = stops
        }
        definitions += "<\(start) gradientUnits=\"userSpaceOnUse\">"
        for (index, color) in colors.enumerated() {
            let offset = Double(index) / Double(max(colors.count - 1, 1))
            definitions += "<stop offset=\"\(number(offset))\"\(self.color("stop", color, "stop-color"))/>"
        }
        definitions += "</\(start.prefix { $0 != " " })>\n"
        return " fill=\"url(#\(name))\""
    }

    /// A colour as attributes: `fill="#rrggbb" fill-opacity="0.5"`.
    private func color(_ kind: String, _ color: Color, _ attribute: String? = nil) -> String {
        let (red, green, blue) = color.bytes
        func digits(_ byte: UInt8) -> String {
            let text = String(byte, radix: 16)
            return text.count < 2 ? "0" + text : text
        }
        let opacity =
            color.opacity < 1 ? " \(kind)-opacity=\"\(number(min(max(color.opacity, 0), 1)))\"" : ""
        return " \(attribute ?? kind)=\"#\(digits(red))\(digits(green))\(digits(blue))\"\(opacity)"
    }

    private func pair(_ point: Point) -> String { "\(number(point.x)) \(number(point.y))" }

    /// At most three decimals: a thousandth of a point is not seen.
    private func number(_ value: Double) -> String { Self.number(value, digits: 3) }

    /// For scales, by which thousands of pixels are multiplied.
    private func fine(_ value: Double) -> String { Self.number(value, digits: 8) }

    static func number(_ value: Double, digits: Int) -> String {
        let factor = pow(10.0, Double(digits))
        let whole = value.isFinite ? Int((min(abs(value), 1e9) * factor).rounded()) : 0
        let (units, rest) = whole.quotientAndRemainder(dividingBy: Int(factor))
        var decimals = String(rest)
        decimals = String(repeating: "0", count: digits - decimals.count) + decimals
        while decimals.last == "0" { decimals.removeLast() }
        let sign = value < 0 && whole > 0 ? "-" : ""
        return decimals.isEmpty ? "\(sign)\(units)" : "\(sign)\(units).\(decimals)"
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            // Not a character of XML 1.0.
            case "\u{0}"..."\u{8}", "\u{b}", "\u{c}", "\u{e}"..."\u{1f}", "\u{fffe}", "\u{ffff}":
                escaped += " "
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// The family, what is like it elsewhere, and what there is everywhere.
    private static func families(_ typeface: Typeface, isMonospaced: Bool) -> String {
        let fallbacks = isMonospaced ? ["Menlo", "Consolas"] : ["Verdana", "Arial"]
        let names = [isMonospaced ? typeface.monospaced : typeface.sans] + fallbacks
        return names.map { "'\(escaped($0.filter { $0 != "'" && $0 != "\"" }))'" }.joined(separator: ", ")
            + (isMonospaced ? ", monospace" : ", sans-serif")
    }

    // MARK: The file

    /// The bytes of the file.
    /// - Parameters:
    ///   - size: the `width` and `height` of the file with their unit.
    ///   - title: what a browser shows of the figure as a whole, and a screen reader reads.
    ///   - description: what there is to see; empty for none.
    func file(size: (width: String, height: String), title: String, description: String, typeface: Typeface)
        throws -> [UInt8]
    {
        var file = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        file += "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
        file += "width=\"\(size.width)\" height=\"\(size.height)\" "
        file += "viewBox=\"0 0 \(number(width)) \(number(height))\" role=\"img\" "
        file += "font-family=\"\(Self.families(typeface, isMonospaced: false))\">\n"
        if !title.isEmpty { file += "<title>\(Self.escaped(title))</title>\n" }
        if !description.isEmpty { file += "<desc>\(Self.escaped(description))</desc>\n" }
        let images = try pictures.enumerated().map { index, entry in
            try image(entry.picture, named: "picture\(index)", filter: entry.filter, scale: entry.largest)
        }
        if !definitions.isEmpty || !images.isEmpty {
            file += "<defs>\n" + images.joined() + definitions + "</defs>\n"
        }
        file += body + "</svg>\n"
        return Array(file.utf8)
    }

    /// More pixels a point than this are not seen in print either: 300 an inch at the size of a page.
    private static let pixelsPerPoint = 3.0

    private func image(_ picture: CanvasPicture, named name: String, filter: ImageFilter, scale: Double)
        throws -> String
    {
        let embedded: EmbeddedPicture
        switch picture {
        case .translucent(let image): embedded = try EmbeddedPicture(image)
        case .opaque(let image) where filter == .nearest: embedded = try EmbeddedPicture(exact: image)
        case .opaque(let image):
            let share = scale * Self.pixelsPerPoint
            embedded = try EmbeddedPicture(photograph: share < 0.9 ? image.shrunk(to: share) : image)
        }
        let sharp =
            filter == .nearest ? " image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\"" : ""
        return "<image id=\"\(name)\" width=\"\(picture.width)\" height=\"\(picture.height)\" "
            + "preserveAspectRatio=\"none\"\(sharp) xlink:href=\"\(embedded.address)\"/>\n"
    }
}

extension CanvasPicture {
    fileprivate func isSame(as other: CanvasPicture) -> Bool {
        switch (self, other) {
        case (.opaque(let first), .opaque(let second)): first == second
        case (.translucent(let first), .translucent(let second)): first == second
        default: false
        }
    }
}

extension Image {
    /// The picture with a share of its columns and rows, each pixel the mean of those that it stands for.
    fileprivate func shrunk(to share: Double) throws -> Image {
        let (columns, rows) = (
            max((Double(width) * share).rounded(), 1), max((Double(height) * share).rounded(), 1)
        )
        return try Figure(width: columns, height: rows) { canvas in
            canvas.draw(self, in: canvas.bounds, filter: .bilinear)
        }.image()
    }
}
