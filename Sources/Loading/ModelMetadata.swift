import Formats
import Foundation
import Inference

/// What a checkpoint of this project says of itself besides its parameters, so that nothing has to be guessed
/// when it is loaded: the conventions, the whole configuration, the size of pictures, the names of classes.
///
/// In a safetensors file these are strings under `profile`, `configuration`, `input` and `classes`, the last
/// three of them JSON. Where a backbone expects other channels than the profile has, as in some files of other
/// frameworks, `channels` says which.
public struct ModelMetadata: Sendable {
    /// Numeric conventions, the input size among them.
    public var profile: Profile
    /// The network.
    public var configuration: Configuration
    /// Names and category ids.
    public var classes: ClassTable

    /// What `model` is.
    public init(_ model: Model) {
        profile = model.profile
        configuration = model.configuration
        classes = model.classes
    }

    /// Under which keys the strings stand.
    public static let keys = ["profile", "configuration", "input", "classes", "channels", "stride_placement"]

    private struct Input: Codable {
        var shorterSide: Int, longestSide: Int
    }

    private struct Class: Codable {
        var name: String, category: Int
    }

    /// As it is stored; the same contents give the same text.
    public var strings: [String: String] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            func json(_ value: some Encodable) throws -> String {
                String(decoding: try encoder.encode(value), as: UTF8.self)
            }
            let lengths = profile.input.resize.lengths
            let table = classes.names.indices.map {
                Class(name: classes.names[$0], category: classes.categories[$0])
            }
            var strings = [
                "profile": profile.name, "configuration": try json(configuration),
                "input": try json(Input(shorterSide: lengths.minimum, longestSide: lengths.maximum)),
                "classes": try json(table),
            ]
            strings["channels"] = channels
            return strings
        }
    }

    /// The input's channels, where the profile of that name has others.
    public var channels: String? {
        let own = InputChannels(profile.input)
        guard let named = Profile.named(profile.name), InputChannels(named.input) != own else { return nil }
        return own.text
    }

    /// The configuration that a file's metadata hold, if they do.
    /// - Throws: `FileError` when it is not one.
    static func configuration(in metadata: [String: String], path: String) throws -> Configuration? {
        guard let text = metadata["configuration"] else { return nil }
        do {
            let configuration = try JSONDecoder().decode(Configuration.self, from: Data(text.utf8))
            try configuration.validate()
            return configuration
        } catch let error as ConfigurationError {
            throw FileError(path: path, fault: "has a configuration that cannot be: \(error.description)")
        } catch {
            throw FileError(path: path, fault: "has a configuration in its metadata that cannot be read")
        }
    }

    /// The lengths of a picture's sides that a file's metadata hold, if they do.
    /// - Throws: `FileError` when they make no sense.
    static func lengths(in metadata: [String: String], path: String) throws -> (minimum: Int, maximum: Int)? {
        guard let text = metadata["input"] else { return nil }
        guard let input = try? JSONDecoder().decode(Input.self, from: Data(text.utf8)),
            (1...8192).contains(input.shorterSide), (1...8192).contains(input.longestSide)
        else { throw FileError(path: path, fault: "has an input size in its metadata that makes no sense") }
        return (input.shorterSide, input.longestSide)
    }

    /// The classes that a file's metadata hold, if they do.
    /// - Throws: `FileError` when they cannot be read, or are more or fewer than `count`.
    static func classes(in metadata: [String: String], count: Int, path: String) throws -> ClassTable? {
        guard let text = metadata["classes"] else {
            return metadata[CheckpointNotes.classes].flatMap { classes(named: $0, count: count) }
        }
        guard let table = try? JSONDecoder().decode([Class].self, from: Data(text.utf8)), table.count == count
        else { throw FileError(path: path, fault: "has a list of classes in its metadata that does not fit") }
        return ClassTable(names: table.map(\.name), categories: table.map(\.category))
    }
    /// The classes of a framework's file, which has names alone; nil when they are not as many as the network's.
    private static func classes(named lines: String, count: Int) -> ClassTable? {
        let names = lines.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard names.count == count else { return nil }
        return names == ClassTable.coco.names ? .coco : ClassTable(names: names)
    }
}
