import Formats
import Foundation
import Inference

/// The metadata of this project's checkpoints, so that nothing has to be guessed when they are loaded: the
/// profile, the values of the configuration that do not follow from it or from the tensors, and the class
/// names.
///
/// In a safetensors file these are strings under `profile`, `configuration` and `classes`, the last two of
/// them JSON. For the metadata of older files see ``EarlierMetadata``.
public struct ModelMetadata: Sendable {
    /// The configuration: everything but the parameters.
    public var configuration: Configuration
    /// The class names and category ids.
    public var classes: ClassTable
    /// The values to write, by ``ConfigurationKey/name``.
    private let written: Set<String>

    /// The metadata of a model trained by this project, with all its settings.
    public init(_ model: Model) {
        configuration = model.configuration
        classes = model.classes
        let own = Profile.named(configuration.profileName)?.configuration(for: configuration.architecture)
        written = Set(
            ConfigurationKey.all.filter { [configuration] key in
                key.owner != .conventions
                    || own.map { key.value($0) != key.value(configuration) } ?? true
            }.map(\.name))
    }

    /// The metadata of a model loaded from a file. Values that are only assumed, because they are the
    /// profile's, are left out.
    public init(_ loaded: LoadedModel) {
        configuration = loaded.model.configuration
        classes = loaded.model.classes
        written = Set(
            ConfigurationKey.all.filter { key in
                key.owner == .architecture || loaded.sources[key.name] != nil
            }.map(\.name))
    }

    /// The keys of the strings.
    public static let keys = ["profile", "configuration", "classes"]

    private struct Class: Codable {
        var name: String, category: Int
    }

    /// The metadata as stored; equal contents give equal text.
    public var strings: [String: String] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let table = classes.names.indices.map {
                Class(name: classes.names[$0], category: classes.categories[$0])
            }
            return [
                "profile": configuration.profileName,
                "configuration": configuration.json { written.contains($0.name) },
                "classes": String(decoding: try encoder.encode(table), as: UTF8.self),
            ]
        }
    }

    /// The configuration in a file's metadata, in the present form; nil if there is none.
    /// - Throws: ``ConfigurationError`` for an unknown member.
    static func stated(in metadata: [String: String]) throws -> StatedConfiguration? {
        guard let text = metadata["configuration"],
            case .members(let members)? = try? ConfigurationValue(json: Data(text.utf8)),
            case .string? = members["profile"]
        else { return nil }
        return try StatedConfiguration(json: Data(text.utf8), origin: "from the file", isStrict: false)
    }

    /// The classes in a file's metadata.
    /// - Returns: the table, nil if the file has none or something else under that key; and whether it is
    ///   something else.
    static func classes(in metadata: [String: String], count: Int) -> (table: ClassTable?, isForeign: Bool) {
        guard let text = metadata["classes"] else {
            return (metadata[CheckpointNotes.classes].flatMap { classes(named: $0, count: count) }, false)
        }
        guard let table = try? JSONDecoder().decode([Class].self, from: Data(text.utf8)), table.count == count
        else { return (nil, true) }
        return (ClassTable(names: table.map(\.name), categories: table.map(\.category)), false)
    }

    /// The classes of a framework's file, which has only names; nil when their number is not the network's.
    private static func classes(named lines: String, count: Int) -> ClassTable? {
        let names = lines.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard names.count == count else { return nil }
        return names == ClassTable.coco.names ? .coco : ClassTable(names: names)
    }
}
