import Foundation
import Inference

/// The table of stages, or the stages of one model, as text and as JSON.
package struct StageListing: Sendable {
    /// One line of the listing.
    package struct Entry: Codable, Hashable, Sendable {
        /// The name in bundles; `#` stands for a number and `@` for a level if the entry describes several
        /// stages.
        package let name: String
        /// A regular expression for the names of the entry's stages; its group is the number or level.
        package let pattern: String
        /// The kind of value.
        package let kind: String
        /// The element type and the axes in a bundle.
        package let layout: String
        /// The stages from which it is computed: names or, in the table of all stages, descriptions.
        package let from: [String]
        /// The rows to which it belongs: those that are selected with it, or that it follows. Nil if it has
        /// no rows.
        package let rows: String?
        /// Whether its rows are selected in this stage.
        package let selects: Bool
        /// `once`, or that it repeats for each level together with neighbouring entries, and the order of the
        /// levels.
        package let repeats: String
        /// The step of the pipeline that computes it.
        package let step: String
        /// The page of the walkthroughs that explains it.
        package let page: String
        /// A sentence that explains it.
        package let sentence: String

        /// Whether it is about a stage.
        package func tells(of stage: Stage) -> Bool {
            stage.name == name || stage.name.range(of: pattern, options: .regularExpression) != nil
        }
    }

    /// The entries, in data-flow order.
    package private(set) var entries: [Entry]

    /// The entries for which `isWanted` says so.
    package func only(_ isWanted: (Entry) -> Bool) -> StageListing {
        var listing = self
        listing.entries = entries.filter(isWanted)
        return listing
    }

    /// The table: one entry for all stages that differ only in a level or number.
    package init() {
        entries = StageTable.rows.map { row in
            Entry(
                row, name: row.family.rawValue, pattern: row.family.pattern,
                from: row.inputTexts, sentence: row.sentence)
        }
    }

    /// The stages of a model, one entry each.
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

    /// A JSON object with `format`, and `stages` in data-flow order.
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

    /// Three lines per entry: name, kind and page; the explanation; the stages from which it is computed.
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
