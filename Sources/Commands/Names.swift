import ArgumentParser
import Figures
import Foundation
import Inference
import Walkthroughs

// Names of pages, stages and figures on the command line. What a name stands for, Destination decides everywhere.

/// The figures that names stand for: a figure's own name or number, or the page or the stage whose page shows it.
/// - Parameter stages: those that the model at hand has; asked for only where a name is no figure's.
func figures(named names: [String], stages: () throws -> [Stage]) throws -> [FigureName] {
    var figures: [FigureName] = []
    for name in names {
        let found: [FigureName]
        if let figure = FigureName(name: name.lowercased()) {
            found = [figure]
        } else if let number = Int(name) {
            guard let figure = FigureName.allCases.first(where: { $0.number == number }) else {
                throw ValidationError(
                    "\(name): is no figure; they are numbered 1 to \(FigureName.allCases.count)")
            }
            found = [figure]
        } else {
            let stages = try stages()
            guard let destination = Destination(name, stages: stages) else {
                throw ValidationError("\(name): \(Destination.fault(of: name, stages: stages))")
            }
            let shown = destination.chapters.flatMap { Chapter.figures[$0] }
            found = destination.figure.map { [$0] } ?? shown
            let pages = destination.chapters.map { Chapter.all[$0].page }.joined(separator: " and ")
            guard !found.isEmpty else { throw ValidationError("\(name): page \(pages) shows no figure") }
        }
        figures += found.filter { !figures.contains($0) }
    }
    return figures
}

extension Destination {
    /// The stages that are meant, among some.
    func stages(of all: [Stage]) -> [Stage] {
        all.filter { stage in
            chapters.contains { Chapter.all[$0].contains(stage) }
                && (prefix.map(stage.name.hasPrefix) ?? true)
        }
    }
}

/// What to say where a word stands in the place of a subcommand and is none; nil if that is not what is wrong.
func faultOfSubcommand(in arguments: [String]) -> String? {
    var choices = MaskRCNNCommand.configuration.subcommands
    var path: [String] = []
    for word in arguments {
        guard !choices.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
        if let next = choices.first(where: { $0.configuration.commandName == word }) {
            choices = next.configuration.subcommands
            path.append(word)
            continue
        }
        let names = choices.compactMap { $0.configuration.commandName }
        let fault = "\(visible(word)): is no command of \((["maskrcnn"] + path).joined(separator: " "))"
        if path == ["calculate"], let calculations = calculationsOnPages(of: word, among: names) {
            return fault + "; " + calculations
        }
        let similar = similarNames(to: word, among: names)
        return fault
            + (similar.isEmpty ? ": it has " + names.joined(separator: ", ") : ". " + didYouMean(similar))
    }
    return nil
}

/// What the pages that a name stands for calculate: "page 05-rpn has softmax and objectness".
private func calculationsOnPages(of name: String, among names: [String]) -> String? {
    let stages = StageTable.rows.map { Stage($0.family.rawValue) }
    guard let destination = Destination(name, stages: stages) else { return nil }
    let pages = destination.chapters.map { Chapter.all[$0].page }
    let used = pages.flatMap { page -> [String] in
        let commands = (try? PageLibrary.shipped(page).commands) ?? []
        return commands.compactMap { command in
            let words = command.text.split(whereSeparator: \.isWhitespace).prefix(3).map(String.init)
            return words.prefix(2) == ["maskrcnn", "calculate"] ? words.last : nil
        }
    }
    let known = names.filter(used.contains)
    guard !known.isEmpty else { return nil }
    return "page \(pages.joined(separator: " and ")) has calculate \(known.joined(separator: ", calculate "))"
}
