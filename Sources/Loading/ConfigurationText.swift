import Inference

/// A configuration as a commented JSON5 file: a section for each part of the pipeline, with an explanation
/// and the source of each value. ``StatedConfiguration/init(contentsOf:)`` reads it back.
public struct ConfigurationText {
    /// The file's contents.
    public let text: String

    /// - Parameters:
    ///   - configuration: the configuration to write.
    ///   - sources: the source of each value, by ``ConfigurationKey/name``; values without one are the
    ///     profile's.
    ///   - title: the text of the first line.
    public init(_ configuration: Configuration, sources: [String: String] = [:], title: String) {
        var lines = [
            "// \(title)", "//",
            "// A value's source stands behind it. Read back with --configuration FILE; any part of it will do.",
            "{",
            "  profile: \(ConfigurationValue.string(configuration.profileName).text),"
                + Self.note(sources["profile"]),
        ]
        var section = ""
        for key in ConfigurationKey.all {
            guard let value = key.value(configuration) else { continue }
            let parts = key.name.split(separator: ".", maxSplits: 1).map(String.init)
            if parts[0] != section {
                if !section.isEmpty { lines.append("  },") }
                section = parts[0]
                lines += ["", "  \(section): {"]
            }
            lines.append("    // \(key.comment)")
            lines.append(
                "    \(parts[1]): \(value.text),"
                    + Self.note(sources[key.name] ?? "profile \(configuration.profileName)"))
        }
        lines += ["  },", "}"]
        text = lines.joined(separator: "\n")
    }

    private static func note(_ source: String?) -> String {
        source.map { "  // \($0.split(whereSeparator: \.isNewline).joined(separator: " "))" } ?? ""
    }
}

extension Configuration {
    /// The values of the given keys as JSON in one line, for the metadata of files and bundles.
    package func json(_ isWritten: (ConfigurationKey) -> Bool = { _ in true }) -> String {
        var sections: [String: ConfigurationValue] = ["profile": .string(profileName)]
        for key in ConfigurationKey.all where isWritten(key) {
            guard let value = key.value(self) else { continue }
            let parts = key.name.split(separator: ".", maxSplits: 1).map(String.init)
            guard case .members(var members) = sections[parts[0]] ?? .members([:]) else { continue }
            members[parts[1]] = value
            sections[parts[0]] = .members(members)
        }
        return ConfigurationValue.members(sections).text
    }
}
