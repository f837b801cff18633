/// Options for the program's commands that a page does not have: the reader's own picture and model.
package struct AddedOptions: Sendable {
    /// Options for commands that take a picture, such as `--image street.jpg`.
    package var picture: [String]
    /// Options for commands that take a model, such as `--weights model.pth`.
    package var model: [String]
    /// The commands that take the first: `figures`, `calculate iou`.
    package var pictureCommands: [String]
    /// The commands that take the second.
    package var modelCommands: [String]

    /// The commands that take a picture as their first argument, where a page leaves it out: `record`.
    package var argumentCommands: [String]

    /// Options, and the commands that take them.
    package init(
        picture: [String], model: [String], pictureCommands: [String], modelCommands: [String],
        argumentCommands: [String] = []
    ) {
        self.picture = picture
        self.model = model
        self.pictureCommands = pictureCommands
        self.modelCommands = modelCommands
        self.argumentCommands = argumentCommands
    }

    /// The arguments of a command with what it takes of them, unless the page itself says otherwise.
    func added(to arguments: [String]) -> [String] {
        var arguments = arguments
        func isCalled(_ names: [String]) -> Bool {
            let line = arguments.joined(separator: " ") + " "
            return names.contains { line.hasPrefix($0 + " ") }
        }
        if let path = picture.last, let name = arguments.first, argumentCommands.contains(name),
            arguments.count == 1 || arguments[1].hasPrefix("-")
        {
            arguments.insert(path, at: 1)
        }
        if isCalled(pictureCommands) && !arguments.contains("--image") { arguments += picture }
        if isCalled(modelCommands) && !arguments.contains("--weights")
            && !arguments.contains("--random-weights")
        {
            arguments += model
        }
        return arguments
    }

    /// Shell code that adds them to the arguments of a script, unless the page itself says otherwise.
    var shellCode: String {
        addingArgument + "\n" + adding(picture, to: pictureCommands, unless: "*' --image'*") + "\n"
            + adding(model, to: modelCommands, unless: "*' --weights'* | *' --random-weights'*")
    }

    private func adding(_ options: [String], to commands: [String], unless said: String) -> String {
        guard !options.isEmpty && !commands.isEmpty else { return "" }
        let patterns = commands.map { "'\($0) '*" }.joined(separator: " | ")
        return """
            case "$* " in
                \(said)) ;;
                \(patterns)) set -- "$@" \(options.map(shellQuoted).joined(separator: " ")) ;;
            esac
            """
    }

    private var addingArgument: String {
        guard let path = picture.last, !argumentCommands.isEmpty else { return "" }
        return """
            case "$1 $2" in
                \(argumentCommands.map { "'\($0) ' | '\($0) -'*" }.joined(separator: " | ")))
                    name=$1; shift; set -- "$name" \(shellQuoted(path)) "$@" ;;
            esac
            """
    }
}
