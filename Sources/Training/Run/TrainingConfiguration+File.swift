import Foundation
import Formats
import Inference

extension TrainingConfiguration {
    /// Reads a configuration: JSON5, so that it can have comments.
    /// - Throws: `FileError`, in one line that names the member, when one is missing, unknown or of another kind.
    public init(contentsOf path: String) throws {
        let bytes = try readFile(path, limit: Self.largestFile)
        do {
            try self.init(Data(bytes))
        } catch let error as TrainingError {
            throw FileError(path: path, fault: error.description)
        }
    }

    private static let largestFile = 1 << 20

    /// The configurations that come with the project, by name.
    public static let shippedNames = ["small", "coco", "keypoints", "cityscapes"]

    /// A configuration that comes with the project, or else the one in the file of that name.
    /// - Throws: `FileError` as for a file.
    public init(named name: String) throws {
        guard Self.shippedNames.contains(name) else {
            try self.init(contentsOf: name)
            return
        }
        guard let path = Bundle.module.path(forResource: name, ofType: "json5", inDirectory: "Configurations")
        else { throw TrainingError("the configuration “\(name)” is missing from the installation") }
        try self.init(contentsOf: path)
    }

    /// Reads a configuration from the bytes of a file.
    /// - Throws: ``TrainingError``.
    public init(_ data: Data) throws {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        if let members = try? decoder.decode(Members.self, from: data),
            let (old, new) = Self.renamed.first(where: { members.contains($0.old) })
        {
            throw TrainingError("“\(old)” is called “\(new)” now")
        }
        do {
            self = try decoder.decode(Self.self, from: data)
        } catch let error as DecodingError {
            // Of a fraction where a whole number is needed, Foundation says that this is no JSON at all.
            if case .dataCorrupted(let context) = error, context.codingPath.isEmpty,
                (try? decoder.decode(Members.self, from: data)) != nil
            {
                throw TrainingError("has a number that does not fit: a fraction, below zero, or too large")
            }
            throw TrainingError(error.line)
        }
        // What the file has and the configuration has not was misspelt.
        let written = try decoder.decode(Members.self, from: data)
        let understood = try decoder.decode(Members.self, from: try encoded())
        if let unknown = written.firstUnknown(comparedWith: understood) {
            throw TrainingError("unknown member “\(unknown)”")
        }
        try validate()
    }

    /// Members that had another name or place.
    private static let renamed: [(old: String, new: String)] = [
        ("network.proposals.candidatesPerLevel", "testing.proposals.preNMSTopN"),
        ("network.proposals.count", "testing.proposals.postNMSTopN"),
        ("network.boxes.scoreThreshold", "testing.boxes.scoreThreshold"),
        ("network.boxes.overlapThreshold", "testing.boxes.nmsThreshold"),
        ("network.boxes.count", "testing.boxes.detectionsPerImage"),
        ("proposals.candidatesPerLevel", "proposals.preNMSTopN"),
        ("proposals.count", "proposals.postNMSTopN"),
    ]

    /// The configuration as JSON, members in alphabetical order.
    public func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try encoder.encode(self)
    }
}

/// The names of a JSON object's members, and of theirs.
private struct Members: Decodable {
    private var members: [String: Members] = [:]

    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        // What is no object has no members.
        guard let container = try? decoder.container(keyedBy: Name.self) else { return }
        for name in container.allKeys where try !container.decodeNil(forKey: name) {
            members[name.stringValue] = try container.decode(Members.self, forKey: name)
        }
    }

    /// Whether there is a member at a path, whose parts are joined by dots.
    func contains(_ path: String) -> Bool {
        var member: Members? = self
        for name in path.split(separator: ".") { member = member?.members[String(name)] }
        return member != nil
    }

    /// The path of a member that `other` does not have; alphabetically the first. Members that are null are no
    /// members.
    func firstUnknown(comparedWith other: Members) -> String? {
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            guard let counterpart = other.members[name] else { return name }
            if let unknown = member.firstUnknown(comparedWith: counterpart) { return "\(name).\(unknown)" }
        }
        return nil
    }
}

extension DecodingError {
    /// One line: which member, and what is wrong with it.
    fileprivate var line: String {
        func place(_ context: Context, _ last: String? = nil) -> String {
            let path =
                context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
                + [last].compactMap { $0 }
            return path.isEmpty ? "the file" : "“\(path.joined(separator: "."))”"
        }
        switch self {
        case .keyNotFound(let key, let context): return "\(place(context, key.stringValue)) is missing"
        case .typeMismatch(let type, let context): return "\(place(context)) is not of type \(type)"
        case .valueNotFound(_, let context): return "\(place(context)) has no value"
        case .dataCorrupted(let context):
            let fault = context.debugDescription.split(separator: "\n").joined(separator: " ")
            return context.codingPath.isEmpty ? "is not JSON5: \(fault)" : "\(place(context)): \(fault)"
        @unknown default: return "cannot be read"
        }
    }
}
