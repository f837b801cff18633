import ArgumentParser
import Drawing
import Explanations
import Figures
import Formats
import Foundation
import Scenes

struct FiguresCommand: PictureCommand {
    static let configuration = CommandConfiguration(
        commandName: "figures",
        abstract: "Draw the figures of the documentation, of any picture and model.",
        discussion: """
            Without names, all of them. A figure that this picture or this model has nothing for is left out, \
            with a sentence that says why.

            Example:  maskrcnn figures roialign --image street.jpg --weights model.pth
            Choose:   maskrcnn figures provenance --detection 3 --theme dark --panel 9
            Options:  maskrcnn figures --list
            Panels:   maskrcnn figures provenance --list
            All:      maskrcnn figures --format svg --output Figures
            """)

    @Argument(
        help: ArgumentHelp(
            "Names of figures: \(FigureName.allCases.map(\.rawValue).joined(separator: ", ")); or of pages and "
                + "stages (rpn, fpn.p3), for the figures on the page.",
            valueName: "name"), completion: .list(FigureName.allCases.map(\.rawValue)))
    var names: [String] = []

    @Option(
        help: ArgumentHelp("The picture: PNG or JPEG.", valueName: "file"),
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var image: String?

    @Option(help: ArgumentHelp("The kind of file, or several: png, svg, pdf.", valueName: "format"))
    var format: [FigureFormat] = [.png]

    @Flag(help: "List the figures and the options that each follows; with a name, its panels.")
    var list = false

    @Flag(help: "Write one more picture with all the figures, small and side by side.")
    var contactSheet = false

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The folder for the figures.", valueName: "folder"),
        completion: .directory)
    var output = "figures"

    @OptionGroup(title: "What figures are about") var choice: FigureChoiceOptions

    @OptionGroup(title: "How figures look") var look: FigureLookOptions

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    func validate() throws {
        for (value, option) in [(look.panel, "--panel"), (look.title, "--title")]
        where value != nil && names.count != 1 {
            throw ValidationError("\(option) is for one figure: name it")
        }
    }

    func run(in session: PictureSession) throws { try model.withSettings { try perform(in: session) } }

    private func perform(in session: PictureSession) throws {
        let style = try look.style()
        if list && names.isEmpty { return print(Self.listing) }
        let names = try chosenNames()
        if !list { try checkPermission(names) }
        if let remark = choice.remark(on: names) { say("! \(remark)") }
        var run = try session.run(model, on: image)
        model.remark(on: run.image, at: image)
        if image == nil { run.annotations = try ShippedScene.annotations() }
        let gallery = Gallery(run, style: style, selection: choice.selection)
        if list { return try printPanels(of: names, in: gallery) }
        try draw(names, from: gallery, style)
    }

    /// The figures that are asked for, by name or by page; all of them without a name.
    private func chosenNames() throws -> [FigureName] {
        let chosen =
            try names.isEmpty
            ? FigureName.allCases : figures(named: names) { try model.load().model.stages }
        try choice.validateNames(chosen)
        if chosen.count > 1, look.panel != nil || look.title != nil {
            throw ValidationError(
                "\(look.panel != nil ? "--panel" : "--title") is for one figure, \(names[0]) has \(chosen.count)"
            )
        }
        if contactSheet && chosen.count == 1 {
            throw ValidationError("--contact-sheet is for several figures")
        }
        return chosen
    }

    private func draw(_ names: [FigureName], from gallery: Gallery, _ style: FigureStyle) throws {
        // What is chosen and not there is said before anything is written.
        let chosen = try names.count == 1 ? look.panel.map { try panel($0, of: names[0], in: gallery) } : nil
        var drawn: [Figure] = []
        for name in names {
            do {
                let figure = try chosen.map { try gallery.panel($0, of: name) } ?? gallery.figure(name)
                if drawn.isEmpty { try makeFolder(output) }
                for format in format {
                    let path = path(name, format)
                    try format.write(figure, to: path, style: style)
                    print(path)
                }
                drawn.append(figure)
            } catch let reason as NothingToDraw {
                print("\(name.fileName): \(reason)")
            }
        }
        if contactSheet, !drawn.isEmpty {
            let path = contactSheetPath
            try FigureFormat.png.write(ContactSheet(drawn, theme: style.theme).figure, to: path, style: style)
            print(path)
        }
    }

    private func checkPermission(_ names: [FigureName]) throws {
        let permission = writing.permission(reading: [image, model.weights])
        // In a folder that is yet to be made, nothing can be lost.
        guard FileManager.default.fileExists(atPath: output) else { return }
        for name in names {
            for format in format { try permission.check(path(name, format), format.kind) }
        }
        if contactSheet { try permission.check(contactSheetPath, .png) }
    }

    private var contactSheetPath: String { "\(output)/contact-sheet.png" }

    private func path(_ name: FigureName, _ format: FigureFormat) -> String {
        "\(output)/\(name.fileName).\(format.rawValue)"
    }

    // MARK: Panels and lists

    /// The panel that is asked for by its number, from 1, its name, or how that begins.
    private func panel(_ text: String, of name: FigureName, in gallery: Gallery) throws -> Int {
        let names = try gallery.panelNames(of: name)
        if let number = Int(text), names.indices.contains(number - 1) { return number - 1 }
        let wanted = text.lowercased()
        if let index = names.firstIndex(where: { $0.lowercased() == wanted }) { return index }
        let beginning = names.indices.filter { names[$0].lowercased().hasPrefix(wanted) }
        if beginning.count == 1 { return beginning[0] }
        let list = names.enumerated().map { "\($0 + 1) \($1)" }.joined(separator: "; ")
        throw ValidationError(
            "--panel \(text): \(name.rawValue) has \(counted(names.count, "panel", "panels")): \(list)")
    }

    private func printPanels(of names: [FigureName], in gallery: Gallery) throws {
        for name in names {
            print(Self.line(name))
            do {
                for (index, panel) in try gallery.panelNames(of: name).enumerated() {
                    print("    --panel \(index + 1)  \(panel)")
                }
            } catch let reason as NothingToDraw {
                print("    \(reason)")
            }
        }
    }

    /// Every figure with the options that change what it shows.
    private static var listing: String { FigureName.allCases.map(line).joined(separator: "\n") }

    private static func line(_ name: FigureName) -> String {
        let options = FigureOption.allCases.filter(name.follows.contains).map { "--\($0.rawValue)" }
        let gap = String(repeating: " ", count: max(20 - name.fileName.count, 2))
        return options.isEmpty ? name.fileName : name.fileName + gap + options.joined(separator: " ")
    }
}

/// What figures are about, where there is a choice.
struct FigureChoiceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A detection by its rank: 0 is the best.", valueName: "index"))
    var detection: Int?

    @Option(help: ArgumentHelp("A proposal by its rank, in place of a detection's.", valueName: "index"))
    var box: Int?

    @Option(help: ArgumentHelp("A pyramid level: p2 to p6, or its number.", valueName: "level"))
    var level: FigureLevel?

    @Option(help: ArgumentHelp("A channel of the maps, from 0.", valueName: "index"))
    var channel: Int?

    @Option(name: .customLong("class"), help: ArgumentHelp("A class by its name.", valueName: "name"))
    var className: String?

    @Option(help: ArgumentHelp("How many boxes a drawing shows at most.", valueName: "count"))
    var maxBoxes: Int?

    var selection: FigureSelection {
        var selection = FigureSelection()
        selection.detection = detection
        selection.box = box
        selection.level = level?.index
        selection.channel = channel
        selection.className = className
        selection.maximumBoxes = maxBoxes
        return selection
    }

    func validateNames(_ names: [FigureName]) throws {
        if detection != nil && box != nil {
            throw ValidationError("--detection and --box both choose a region: give one of them")
        }
        // Of a single figure, an option that changes nothing is a mistake.
        guard names.count == 1 else { return }
        for option in FigureOption.allCases
        where selection.options.contains(option) && !names[0].follows.contains(option) {
            let followers = FigureName.allCases.filter { $0.follows.contains(option) }.map(\.rawValue)
            throw ValidationError(
                "--\(option.rawValue) does not change the figure \(names[0].rawValue); it changes "
                    + followers.joined(separator: ", "))
        }
    }

    /// A line on those of several figures that what is chosen does not change; nil if there are none.
    func remark(on names: [FigureName]) -> String? {
        let options = FigureOption.allCases.filter(selection.options.contains)
        guard !options.isEmpty else { return nil }
        let parts = options.compactMap { option -> String? in
            let followers = names.filter { $0.follows.contains(option) }
            guard followers.count < names.count else { return nil }
            let words =
                followers.isEmpty
                ? "none of these figures" : followers.map(\.rawValue).joined(separator: ", ")
            return "--\(option.rawValue) changes \(words)"
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ") + "; the others are as without it"
    }
}

/// How figures look.
struct FigureLookOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "light, dark, or print: to be read in grey too.", valueName: "theme"))
    var theme: FigureTheme?

    @Option(help: .hidden)
    var background: FigureTheme?

    @Option(
        help: ArgumentHelp(
            "The colours of classes: okabe-ito or tol, both safe for colour-blind readers; print, which differ in "
                + "grey; or your own: d55e00,56b4e9,…",
            valueName: "palette"))
    var palette: String?

    @Option(help: ArgumentHelp("A font family that is installed, for words.", valueName: "name"))
    var font: String?

    @Option(help: ArgumentHelp("The width in pixels: 1280 in PNG, 640 in SVG files.", valueName: "pixels"))
    var width: Int?

    @Option(help: ArgumentHelp("Pixels an inch, for the size on paper.", valueName: "number"))
    var dpi: Double?

    @Option(help: ArgumentHelp("Another title; empty for none.", valueName: "text"))
    var title: String?

    @Flag(help: "Leave out the sentences above and below the drawings.")
    var noCaption = false

    @Option(help: ArgumentHelp("One panel alone, by number or name (--list).", valueName: "panel"))
    var panel: String?

    func validate() throws {
        if background != nil { throw ValidationError("--background is called --theme now") }
        if let width, !(64...16_384).contains(width) {
            throw ValidationError("--width \(width): a width is from 64 to 16384 pixels")
        }
        if let dpi, !(1...10_000).contains(dpi) {
            throw ValidationError("--dpi \(dpi): from 1 to 10000 pixels make an inch")
        }
        if let palette, Self.palette(named: palette) == nil {
            throw ValidationError(
                "--palette \(palette): neither okabe-ito, tol nor print, nor colours like d55e00,56b4e9")
        }
    }

    private static func palette(named name: String) -> Palette? {
        switch name {
        case "okabe-ito": .okabeIto
        case "tol": .tol
        case "print": .print
        default: Palette(colors: name)
        }
    }

    func style() throws -> FigureStyle {
        var theme = (theme ?? .light).theme
        if let palette, let colors = Self.palette(named: palette) { theme.palette = colors }
        if let font {
            do { theme.typeface = try Typeface(family: font) } catch let error as FigureError {
                throw ValidationError("--font \(font): \(error.fault)")
            }
        }
        var style = FigureStyle(theme: theme)
        style.title = title
        style.showsCaption = !noCaption
        style.width = width
        style.dotsPerInch = dpi
        return style
    }
}

/// A theme by its name.
enum FigureTheme: String, ExpressibleByArgument, CaseIterable {
    case light, dark, print

    var theme: Theme {
        switch self {
        case .light: .light
        case .dark: .dark
        case .print: .print
        }
    }
}

/// A level by its name or number: `p3`, `c3`, `3`.
struct FigureLevel: ExpressibleByArgument {
    let index: Int

    init?(argument: String) {
        let digits = argument.hasPrefix("p") || argument.hasPrefix("c") ? argument.dropFirst() : argument[...]
        guard let index = Int(digits), index >= 0 else { return nil }
        self.index = index
    }
}

extension FigureFormat: ExpressibleByArgument {}

extension FigureFormat {
    /// The kind of file, for the permission to write over one.
    var kind: FileKind {
        switch self {
        case .png: .png
        case .svg: .svg
        case .pdf: .pdf
        }
    }
}
