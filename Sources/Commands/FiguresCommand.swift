import ArgumentParser
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

    @Option(help: ArgumentHelp("What the figure is drawn on: light or dark.", valueName: "colour"))
    var background: PaperColor = .light

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The folder for the figures.", valueName: "folder"),
        completion: .directory)
    var output = "figures"

    @OptionGroup var writing: OutputOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    func run(in session: PictureSession) throws { try model.withSettings { try perform(in: session) } }

    private func perform(in session: PictureSession) throws {
        let names =
            try names.isEmpty
            ? FigureName.allCases : figures(named: names) { try model.load().model.stages }
        let permission = writing.permission(reading: [image, model.weights])
        // In a folder that is yet to be made, nothing can be lost.
        if FileManager.default.fileExists(atPath: output) {
            for name in names {
                for format in format { try permission.check(path(name, format), format.kind) }
            }
        }
        var run = try session.run(model, on: image)
        if image == nil { run.annotations = try ShippedScene.annotations() }
        try makeFolder(output)
        let gallery = Gallery(run, background: background == .light ? .light : .dark)
        for name in names {
            do {
                let figure = try gallery.figure(name)
                for format in format {
                    let path = path(name, format)
                    try format.write(figure, to: path)
                    print(path)
                }
            } catch let reason as NothingToDraw {
                print("\(name.fileName): \(reason)")
            }
        }
    }

    private func path(_ name: FigureName, _ format: FigureFormat) -> String {
        "\(output)/\(name.fileName).\(format.rawValue)"
    }
}

/// The paper of a figure.
enum PaperColor: String, ExpressibleByArgument, CaseIterable {
    case light, dark
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
