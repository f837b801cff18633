import Formats
import Foundation
import Inference

/// Values for a configuration from one source: a file, an option, or a checkpoint's metadata. Any part of a
/// configuration may be given; other values come from other sources.
public struct StatedConfiguration: Sendable {
    /// A value and its source.
    package struct Statement: Sendable {
        /// The value, not yet checked against a model.
        package var value: ConfigurationValue
        /// The source of the value: `config.json5`, `--set`, `the file's test_cfg.rcnn.score_thr`.
        package var origin: String
    }

    /// The source of all values, for messages: a path, or `--set`.
    public let origin: String
    /// The profile that the source names; nil if none.
    public internal(set) var profile: Profile?
    /// The values, by ``ConfigurationKey/name``.
    package private(set) var statements: [String: Statement] = [:]
    /// The class names; nil if the source has none.
    package var classes: [String]?
    /// Notes on values that are not supported, for messages.
    package private(set) var remarks: [String] = []
    /// Whether a value that does not fit the model is an error rather than a remark: true if it was written
    /// for this program.
    package let isStrict: Bool
    /// Whether the source has every value, not only those that a user chose.
    package private(set) var isComplete = false

    /// No values yet.
    package init(origin: String, isStrict: Bool = true) {
        self.origin = origin
        self.isStrict = isStrict
    }

    /// The value with the given name; nil if there is none.
    package subscript(_ name: String) -> Statement? { statements[name] }

    /// Adds a value.
    package mutating func state(_ name: String, _ value: ConfigurationValue, origin: String? = nil) {
        statements[name] = Statement(value: value, origin: origin ?? self.origin)
    }

    /// Adds a remark on a value that is not supported.
    package mutating func remark(_ text: String) { remarks.append(text) }

    // MARK: Files

    /// Reads a configuration file: JSON5 as written by ``ConfigurationText``, or any part of it; detectron2's
    /// `config.yaml`; or an MMDetection configuration, whose Python is not executed.
    /// - Throws: `FileError` when it cannot be read, or has an unknown member, which the error names.
    public init(contentsOf path: String) throws {
        let bytes = try readFile(path, limit: 1 << 20)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let type = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        do {
            switch type {
            case "yaml", "yml":
                self = try Detectron2Configuration(String(decoding: bytes, as: UTF8.self)).stated(by: name)
            case "py":
                self = MMDetectionConfiguration(String(decoding: bytes, as: UTF8.self)).stated(by: name)
            default: try self.init(json: Data(bytes), origin: name)
            }
        } catch let error as ConfigurationError {
            throw FileError(path: path, fault: error.description)
        }
    }

    /// Reads JSON5: sections with members, as written by ``ConfigurationText``, or dotted keys.
    /// - Throws: ``ConfigurationError`` for malformed JSON5 or an unknown member.
    package init(json data: Data, origin: String, isStrict: Bool = true) throws {
        self.init(origin: origin, isStrict: isStrict)
        let value: ConfigurationValue
        do {
            value = try ConfigurationValue(json: data)
        } catch {
            throw ConfigurationError(description: "is not JSON5")
        }
        guard case .members(let sections) = value else {
            throw ConfigurationError(description: "must be an object with members, in braces")
        }
        for (name, section) in sections.sorted(by: { $0.key < $1.key }) {
            guard !name.contains("."), name != "profile", case .members(let members) = section else {
                try add(name, section)
                continue
            }
            for (member, value) in members.sorted(by: { $0.key < $1.key }) {
                try add("\(name).\(member)", value)
            }
        }
    }

    /// The configuration in a bundle's metadata: the whole configuration or, in bundles of other programs, at
    /// most the name of a profile. Nil when there is neither.
    public init?(bundleMetadata metadata: [String: String]) {
        if let text = metadata[LoadedModel.configurationKey],
            let stated = try? StatedConfiguration(
                json: Data(text.utf8), origin: "from the bundle", isStrict: false)
        {
            self = stated
            isComplete = true
            return
        }
        guard let profile = metadata["profile"].flatMap(Profile.named) else { return nil }
        self.init(origin: "from the bundle", isStrict: false)
        self.profile = profile
    }

    // MARK: Options

    /// Reads values from the command line: `boxes.detectionsPerImage=300`.
    /// - Throws: ``ConfigurationError`` for text that is not an assignment, or an unknown name.
    public init(assignments: [String]) throws {
        self.init(origin: "--set")
        for assignment in assignments {
            guard let equals = assignment.firstIndex(of: "=") else {
                throw ConfigurationError(description: "'\(assignment)': expected key=value")
            }
            let name = assignment[..<equals].trimmingCharacters(in: .whitespaces)
            let text = assignment[assignment.index(after: equals)...].trimmingCharacters(in: .whitespaces)
            try add(name, ConfigurationValue(argument: text))
        }
    }

    private mutating func add(_ name: String, _ value: ConfigurationValue) throws {
        if name == "profile" {
            guard case .string(let text) = value, let known = Profile.named(text) else {
                throw ConfigurationError(
                    description: "profile must be one of \(Profile.all.map(\.name).joined(separator: ", ")), "
                        + "not \(value.text)")
            }
            profile = known
            return
        }
        if let new = Self.renamed[name] {
            throw ConfigurationError(description: "\(name) is called \(new) now")
        }
        guard ConfigurationKey.named(name) != nil else {
            throw ConfigurationError(
                description: "there is no \(name); the nearest: "
                    + ConfigurationKey.nearest(to: name).joined(separator: ", "))
        }
        state(name, value)
    }

    /// The earlier names of values.
    private static let renamed = [
        "proposals.candidatesPerLevel": "proposals.preNMSTopN", "proposals.count": "proposals.postNMSTopN",
        "proposals.anchorSizes": "anchors.sizes", "proposals.aspectRatios": "anchors.aspectRatios",
        "boxes.overlapThreshold": "boxes.nmsThreshold", "boxes.count": "boxes.detectionsPerImage",
        "input.shorterSide": "input.minimumSide", "input.longestSide": "input.maximumSide",
    ]
}
