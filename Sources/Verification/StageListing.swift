import Foundation
import Inference

/// The table of stages, or the stages of one model, for people and for programs.
package struct StageListing: Sendable {
    /// One line of the listing.
    package struct Entry: Codable, Hashable, Sendable {
        /// As in bundles; `#` stands for a number and `@` for a level where the entry is about several stages.
        package let name: String
        /// A regular expression for the names that the entry is about; its group is the number or level.
        package let pattern: String
        /// What kind of value it is.
        package let kind: String
        /// The element type and the axes in a bundle.
        package let layout: String
        /// What it is computed from: names, or in the table of all stages words.
        package let from: [String]
        /// Whose rows it has: those that are selected with it, or that it follows. Nil if it has no rows.
        package let rows: String?
        /// Whether its rows are selected here.
        package let selects: Bool
        /// `once`, or for each level together with the entries beside it, and in which order the levels come.
        package let repeats: String
        /// The step of the pipeline that makes it.
        package let step: String
        /// The page of the walkthroughs that is about it.
        package let page: String
        /// What it is.
        package let sentence: String
    }

    /// In the order in which data flows.
    package let entries: [Entry]

    /// The table: one entry for all stages that differ in a level or number only.
    package init() {
        entries = StageTable.rows.map { row in
            Entry(
                row, name: row.family.rawValue, pattern: row.family.pattern,
                from: row.inputTexts, sentence: row.sentence)
        }
    }

    /// The stages of a model, one by one.
    package init(_ model: Model) {
        let stages = model.stages
        let known = Set(stages)
        entries = stages.compactMap { stage in
            stage.row.map { row in
                Entry(
                    row, name: stage.name, pattern: stage.name.replacing(".", with: "\\."),
                    from: model.inputs(of: stage, among: known).map(\.stage.name), sentence: stage.sentence)
            }
        }
    }

    /// One JSON object: `format`, and `stages` in the order in which data flows.
    package func json() throws -> String {
        struct Contents: Encodable {
            let format: String
            let stages: [Entry]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let contents = Contents(format: "maskrcnn-stages/1", stages: entries)
        return String(decoding: try encoder.encode(contents), as: UTF8.self)
    }

    /// Three lines an entry: name, kind and page; what it is; what it is computed from.
    package var text: String {
        entries.map { entry in
            let from = entry.from.isEmpty ? "" : "\n    from \(entry.from.joined(separator: ", "))"
            return "\(entry.name)  \(entry.kind), \(entry.layout); page \(entry.page)\n"
                + "    \(entry.sentence)\(from)"
        }.joined(separator: "\n")
    }
}

extension StageListing.Entry {
    fileprivate init(_ row: StageRow, name: String, pattern: String, from: [String], sentence: String) {
        self.name = name
        self.pattern = "^\(pattern)$"
        kind = row.kind.rawValue
        layout = row.kind.layout
        self.from = from
        switch row.rows {
        case .none: (rows, selects) = (nil, false)
        case .selected(let selection): (rows, selects) = (selection.rawValue, true)
        case .following(let selection): (rows, selects) = (selection.rawValue, false)
        }
        repeats = row.repetition.rawValue
        step = row.step.rawValue
        page = row.page
        self.sentence = sentence
    }
}
