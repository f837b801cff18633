import Drawing
import Explanations
import Figures
import Formats
import Foundation
import Inference
import Loading
import Scenes
import Tensors
import TestSupport
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// What is chosen for figures, and how they are made to look, on the shipped model and scene.
@Suite struct GallerySteeringTests {
    private static let run = Result {
        PictureRun(
            try LoadedModel.shipped(), on: try Image(contentsOf: ShippedScene.path), named: "scene.png",
            annotations: try ShippedScene.annotations())
    }

    private static func image(
        _ name: FigureName, _ selection: FigureSelection = FigureSelection(),
        _ style: FigureStyle = FigureStyle()
    ) throws -> Image {
        try Gallery(try run.get(), style: style, selection: selection).figure(name).image()
    }

    private static func selection(_ choose: (inout FigureSelection) -> Void) -> FigureSelection {
        var selection = FigureSelection()
        choose(&selection)
        return selection
    }

    /// For each option, choices of which at least one differs from what every figure takes by itself.
    private static func choices(_ option: FigureOption) -> [FigureSelection] {
        switch option {
        case .detection: [1, 2, 0].map { index in selection { $0.detection = index } }
        case .box: [3, 7].map { index in selection { $0.box = index } }
        case .level: [3, 4].map { index in selection { $0.level = index } }
        case .channel: [5, 6].map { index in selection { $0.channel = index } }
        case .className: [selection { $0.className = "person" }, selection { $0.className = "star" }]
        case .maximumBoxes: [selection { $0.maximumBoxes = 2 }]
        }
    }

    /// An option changes the figures that say so, and no other; and figures are the same each time, which is what
    /// makes the second half mean something.
    @Test(arguments: FigureOption.allCases)
    func anOptionChangesTheFiguresThatFollowIt(option: FigureOption) throws {
        // It takes half a minute to evaluate forty scenes, which have nothing to do with the picture.
        for name in FigureName.allCases where name != .precisionRecall && name != .cost {
            let plain = try Self.image(name)
            let changed = try Self.choices(option).map { selection -> Bool in
                do { return try Self.image(name, selection) != plain } catch is NothingToDraw {
                    // A detection without keypoints has none to show: that is an answer too.
                    return true
                }
            }
            #expect(changed.contains(true) == name.follows.contains(option), "\(name.rawValue)")
        }
    }

    @Test func whatIsNotThereIsRefusedWithWhatThereIs() throws {
        let run = try Self.run.get()
        func fault(_ name: FigureName, _ choose: (inout FigureSelection) -> Void) -> String? {
            let gallery = Gallery(run, selection: Self.selection(choose))
            let error = #expect(throws: FigureSelectionError.self) { try gallery.figure(name) }
            return error?.description
        }
        let count = run.boxes(.detectionBoxes).count
        #expect(
            fault(.pasting) { $0.detection = count }
                == "--detection \(count): there are \(count) detections, 0 to \(count - 1)")
        // Also where the figure does not look at it.
        #expect(fault(.overview) { $0.detection = -1 }?.hasPrefix("--detection -1: there are ") == true)
        #expect(fault(.suppression) { $0.box = 100_000 }?.hasPrefix("--box 100000: there are ") == true)
        #expect(
            fault(.objectness) { $0.level = 9 }
                == "--level 9: the figure’s levels are p2, p3, p4, p5, p6")
        #expect(fault(.backbone) { $0.level = 6 }?.contains("backbone.c2") == true)
        #expect(
            fault(.fusion) { $0.channel = 64 } == "--channel 64: fpn.merged has 64 channels, 0 to 63")
        #expect(fault(.result) { $0.className = "dragon" }?.contains("person") == true)
        #expect(fault(.result) { $0.maximumBoxes = 0 } == "--max-boxes 0: at least one box is drawn")
    }

    /// Parts have names of their own, no two the same, and each can be drawn alone.
    @Test(arguments: FigureName.allCases.filter { $0 != .precisionRecall })
    func everyPanelIsDrawnAlone(name: FigureName) throws {
        let gallery = Gallery(try Self.run.get())
        let names = try gallery.panelNames(of: name)
        #expect(!names.isEmpty && Set(names).count == names.count && !names.contains(""))
        let whole = try gallery.figure(name)
        for index in names.indices.prefix(4) {
            let panel = try gallery.panel(index, of: name)
            #expect(panel.title == names[index] && panel.width == whole.width)
            // The same drawing in the same place would be the figure, not its part.
            #expect(try names.count == 1 || panel.image() != whole.image())
        }
    }

    @Test func titleAndCaptionAreTheWriters() throws {
        let run = try Self.run.get()
        var style = FigureStyle()
        let plain = try Gallery(run, style: style).figure(.fusion)
        style.title = "A title <of> my own"
        style.showsCaption = false
        let figure = try Gallery(run, style: style).figure(.fusion)
        #expect(figure.title == "A title <of> my own" && figure.height < plain.height - 40)
        // What is not drawn is still said to those who cannot see it.
        #expect(figure.summary == plain.summary && !plain.summary.isEmpty)
        let text = String(decoding: try figure.svg(), as: UTF8.self)
        #expect(text.contains(">A title &lt;of&gt; my own</text>"))
        style.title = ""
        let untitled = try Gallery(run, style: style).figure(.fusion)
        #expect(untitled.height < figure.height && untitled.title == plain.title)
    }

    /// Colours are those of the theme: dark paper has light words, and what is printed in grey keeps its order.
    @Test(arguments: Theme.all) func aThemeIsTheWholeFigures(theme: Theme) throws {
        for name in [FigureName.overview, .anchors, .suppression, .fusion, .provenance] {
            let picture = try Self.image(name, FigureSelection(), FigureStyle(theme: theme))
            let paper = theme.paper.bytes
            #expect(picture.rgb(2, 2) == [Int(paper.red), Int(paper.green), Int(paper.blue)])
            // Of the title's letters, all within 10 to 32 points of the top, the core has the ink's colour.
            let ink = theme.ink.bytes
            let inked = (14..<34).reduce(0) { count, y in
                count
                    + (16..<400).count {
                        picture.rgb($0, y) == [Int(ink.red), Int(ink.green), Int(ink.blue)]
                    }
            }
            #expect(inked > 60, "\(name.rawValue)")
        }
    }

    @Test func aPaletteChangesClassesAndAFontChangesWords() throws {
        var style = FigureStyle()
        let plain = try Self.image(.result)
        style.theme.palette = .tol
        #expect(try Self.image(.result, FigureSelection(), style) != plain)
        style = FigureStyle()
        style.theme.typeface = try Typeface(family: "DejaVu Serif")
        #expect(try Self.image(.heads, FigureSelection(), style) != Self.image(.heads))
        let text = String(
            decoding: try Gallery(try Self.run.get(), style: style).figure(.heads).svg(), as: UTF8.self)
        #expect(text.contains("font-family=\"'DejaVu Serif', "))
    }

    // MARK: Files

    @Test func aFileIsAsLargeAsAsked() throws {
        let folder = try TemporaryFolder()
        let figure = try Gallery(try Self.run.get()).figure(.heads)
        var style = FigureStyle()
        style.width = 800
        style.dotsPerInch = 200
        let png = folder.path("heads.png")
        try FigureFormat.png.write(figure, to: png, style: style)
        #expect(try Image(contentsOf: png).width == 800)
        // pHYs: 200 an inch are 7874 a metre, along both axes.
        let bytes = try Data(contentsOf: URL(fileURLWithPath: png))
        let chunk = try #require(bytes.range(of: Data("pHYs".utf8)))
        #expect(Array(bytes[chunk.upperBound..<chunk.upperBound + 9]) == [0, 0, 30, 194, 0, 0, 30, 194, 1])

        let svg = folder.path("heads.svg")
        try FigureFormat.svg.write(figure, to: svg, style: style)
        let text = try String(contentsOfFile: svg, encoding: .utf8)
        #expect(text.contains("width=\"4in\"") && text.contains("viewBox=\"0 0 640 "))
        try FigureFormat.svg.write(figure, to: svg)
        #expect(try String(contentsOfFile: svg, encoding: .utf8).contains("width=\"640px\""))

        let pdf = folder.path("heads.pdf")
        try FigureFormat.pdf.write(figure, to: pdf, style: style)
        let page = String(decoding: try Data(contentsOf: URL(fileURLWithPath: pdf)), as: UTF8.self)
        #expect(page.contains("/MediaBox [ 0 0 288 "), "four inches of 72 points")
        style.width = 0
        #expect(throws: FigureError.self) { try FigureFormat.png.write(figure, to: png, style: style) }
    }

    /// Words are words, the file is XML, and title and description are what the figure says.
    @Test(arguments: FigureName.allCases.filter { $0 != .precisionRecall })
    func anSVGHasItsWordsAsText(name: FigureName) throws {
        let figure = try Gallery(try Self.run.get()).figure(name)
        let reader = SVGReader(try figure.svg())
        #expect(reader.error == nil)
        #expect(reader.texts.contains(figure.title), "the title is drawn as text")
        #expect(reader.contents["title"] == [figure.title] && reader.contents["desc"] == [figure.summary])
        let words = Set(reader.texts.joined(separator: " ").split(separator: " "))
        for word in figure.summary.split(separator: " ") { #expect(words.contains(word), "\(word)") }
    }

    /// A photograph of the size of a camera's is in a file as a JPEG of the pixels that can be seen.
    @Test func aPhotographIsAJPEGInside() throws {
        var random = SeededGenerator(seed: 9)
        // Soft light with a little noise, as in a photograph: 900 · 600 pixels.
        let pixels = (0..<900 * 600 * 3).map { index -> UInt8 in
            let (x, y) = (Double(index / 3 % 900), Double(index / 2700))
            let light = 128 + 80 * sin(x / 90) * cos(y / 70)
            return UInt8(min(max(light + Double.random(in: -12...12, using: &random), 0), 255))
        }
        let photograph = Image(width: 900, height: 600, pixels: pixels)
        let figure = Figure(width: 300, height: 200) { canvas in
            canvas.draw(photograph, in: canvas.bounds, filter: .bilinear)
        }
        let text = String(decoding: try figure.svg(), as: UTF8.self)
        #expect(text.contains("data:image/jpeg;base64,/9j/") && !text.contains("data:image/png"))
        let pdf = Data(try figure.pdf())
        #expect(pdf.range(of: Data("/DCTDecode".utf8)) != nil)
        let png = try photograph.encodedPNG(name: "photograph")
        #expect(text.utf8.count < png.count / 2 && pdf.count < png.count / 2)
    }
}

/// Reads the texts of an SVG file, as any reader of XML does.
private final class SVGReader: NSObject, XMLParserDelegate {
    private(set) var contents: [String: [String]] = [:]
    private(set) var error: (any Error)?
    private var current = ""

    var texts: [String] { contents["text"] ?? [] }

    init(_ bytes: [UInt8]) {
        super.init()
        let parser = XMLParser(data: Data(bytes))
        parser.delegate = self
        if !parser.parse() { error = parser.parserError }
    }

    func parser(
        _: XMLParser, didStartElement _: String, namespaceURI _: String?, qualifiedName _: String?,
        attributes _: [String: String] = [:]
    ) { current = "" }

    func parser(_: XMLParser, foundCharacters text: String) { current += text }

    func parser(_: XMLParser, didEndElement name: String, namespaceURI _: String?, qualifiedName _: String?) {
        if name == "text" || name == "title" || name == "desc" { contents[name, default: []].append(current) }
    }
}
