import ArgumentParser
import Explanations
import Figures
import Formats
import Foundation
import Scenes

struct FiguresCommand: ParsableCommand {
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
            "Names of figures: \(FigureName.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "name"))
    var names: [FigureName] = []

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

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        let names = names.isEmpty ? FigureName.allCases : names
        let permission = writing.permission(reading: [image, model.weights])
        // In a folder that is yet to be made, nothing can be lost.
        if FileManager.default.fileExists(atPath: output) {
            for name in names {
                for format in format { try permission.check(path(name, format), format.kind) }
            }
        }
        let picture = try readPicture(image)
        let run = PictureRun(
            try model.load(), on: picture, named: image ?? "a drawn scene",
            annotations: try image == nil ? ShippedScene.annotations() : nil)
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

extension FigureName: ExpressibleByArgument {}

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
