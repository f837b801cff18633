import Formats
import Foundation
import Inference

/// Values that somebody states for a configuration: a file, an option, what a checkpoint says of itself. Any part of
/// a configuration may be stated; what is not is found elsewhere.
public struct StatedConfiguration: Sendable {
    /// One value, and who states it.
    package struct Statement: Sendable {
        package var value: ConfigurationValue
        /// Who states it: `config.json5`, `--set`, `the file's test_cfg.rcnn.score_thr`.
        package var origin: String
    }

    /// Who states all this, for people: a path, or `--set`.
    public let origin: String
    /// The profile to begin with.
    public internal(set) var profile: Profile?
    /// What is stated, by ``ConfigurationKey/name``.
    package private(set) var statements: [String: Statement] = [:]
    /// The names of the classes.
    package var classes: [String]?
    /// What is stated and cannot be followed, for people.
    package private(set) var remarks: [String] = []
    /// Whether a value that does not fit the model is an error rather than a remark: where its user wrote it for
    /// this program.
    package let isStrict: Bool
    /// Whether every value is stated, and not only what somebody chose.
    package private(set) var isComplete = false

    /// Nothing, as yet.
    package init(origin: String, isStrict: Bool = true) {
        self.origin = origin
        self.isStrict = isStrict
    }

    /// What is stated under a name.
    package subscript(_ name: String) -> Statement? { statements[name] }

    /// States a value.
    package mutating func state(_ name: String, _ value: ConfigurationValue, origin: String? = nil) {
        statements[name] = Statement(value: value, origin: origin ?? self.origin)
    }

    /// Says that something is stated and not followed.
    package mutating func remark(_ text: String) { remarks.append(text) }

    // MARK: Files

    /// Reads a configuration file: JSON5 as ``ConfigurationText`` writes it, or any part of that; or detectron2's
    /// `config.yaml`; or a configuration of MMDetection, whose text is not run.
    /// - Throws: `FileError`, in one line that names the member, when it cannot be read, or has an unknown name.
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

    /// Reads JSON5: sections with members, as ``ConfigurationText`` writes them, or keys with their dots.
    /// - Throws: ``ConfigurationError``.
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

    /// What a bundle's metadata state of the model that it was recorded from: the whole configuration, or, in those
    /// of other programs, at most the name of a profile. Nil when they state nothing.
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

    /// Values as on the command line: `boxes.detectionsPerImage=300`.
    /// - Throws: ``ConfigurationError``, in one line, for what is no assignment or an unknown name.
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

    /// Values that had another name.
    private static let renamed = [
        "proposals.candidatesPerLevel": "proposals.preNMSTopN", "proposals.count": "proposals.postNMSTopN",
        "proposals.anchorSizes": "anchors.sizes", "proposals.aspectRatios": "anchors.aspectRatios",
        "boxes.overlapThreshold": "boxes.nmsThreshold", "boxes.count": "boxes.detectionsPerImage",
        "input.shorterSide": "input.minimumSide", "input.longestSide": "input.maximumSide",
    ]
}
