import Formats
import Foundation
import Inference

/// What a checkpoint of this project says of itself besides its parameters, so that nothing has to be guessed
/// when it is loaded: the profile, what of the configuration does not follow from that and from the tensors, and the
/// names of the classes.
///
/// In a safetensors file these are strings under `profile`, `configuration` and `classes`, the last two of them
/// JSON. What older files say instead is in ``EarlierMetadata``.
public struct ModelMetadata: Sendable {
    /// All but the parameters.
    public var configuration: Configuration
    /// Names and category ids.
    public var classes: ClassTable
    /// The values to be written, by ``ConfigurationKey/name``.
    private let written: Set<String>

    /// What `model` is, with all its settings: of a model that was trained here.
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

    /// What a model from a file is. What is only assumed of it, because its profile has it so, is left to the
    /// profile.
    public init(_ loaded: LoadedModel) {
        configuration = loaded.model.configuration
        classes = loaded.model.classes
        written = Set(
            ConfigurationKey.all.filter { key in
                key.owner == .architecture || loaded.sources[key.name] != nil
            }.map(\.name))
    }

    /// Under which keys the strings stand.
    public static let keys = ["profile", "configuration", "classes"]

    private struct Class: Codable {
        var name: String, category: Int
    }

    /// As it is stored; the same contents give the same text.
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

    /// The configuration that a file's metadata state in the present form; nil if they have none.
    /// - Throws: ``ConfigurationError`` for one that has an unknown member.
    static func stated(in metadata: [String: String]) throws -> StatedConfiguration? {
        guard let text = metadata["configuration"],
            case .members(let members)? = try? ConfigurationValue(json: Data(text.utf8)),
            case .string? = members["profile"]
        else { return nil }
        return try StatedConfiguration(json: Data(text.utf8), origin: "from the file", isStrict: false)
    }

    /// The classes that a file's metadata hold.
    /// - Returns: nil for a table if the file has none, or has something else under that name.
    static func classes(in metadata: [String: String], count: Int) -> (table: ClassTable?, isForeign: Bool) {
        guard let text = metadata["classes"] else {
            return (metadata[CheckpointNotes.classes].flatMap { classes(named: $0, count: count) }, false)
        }
        guard let table = try? JSONDecoder().decode([Class].self, from: Data(text.utf8)), table.count == count
        else { return (nil, true) }
        return (ClassTable(names: table.map(\.name), categories: table.map(\.category)), false)
    }

    /// The classes of a framework's file, which has names alone; nil when they are not as many as the network's.
    private static func classes(named lines: String, count: Int) -> ClassTable? {
        let names = lines.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard names.count == count else { return nil }
        return names == ClassTable.coco.names ? .coco : ClassTable(names: names)
    }
}
