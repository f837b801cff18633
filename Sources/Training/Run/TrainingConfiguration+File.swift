import Foundation
import Formats
import Inference

extension TrainingConfiguration {
    /// Reads a configuration from a JSON5 file, which may have comments.
    /// - Throws: `FileError` naming the first member that is missing, unknown or of the wrong type or range.
    public init(contentsOf path: String) throws {
        let bytes = try readFile(path, limit: Self.largestFile)
        do {
            try self.init(Data(bytes))
        } catch let error as TrainingError {
            throw FileError(path: path, fault: error.description)
        }
    }

    private static let largestFile = 1 << 20

    /// The names of the shipped configurations.
    public static let shippedNames = ["small", "coco", "keypoints", "cityscapes"]

    /// The shipped configuration with this name, or else the one in the file at this path.
    /// - Throws: `FileError`, as for ``init(contentsOf:)``.
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
    /// - Throws: ``TrainingError`` naming the first invalid member.
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
            // For a fraction where an integer is required, Foundation reports invalid JSON.
            if case .dataCorrupted(let context) = error, context.codingPath.isEmpty,
                (try? decoder.decode(Members.self, from: data)) != nil
            {
                throw TrainingError("has a number that does not fit: a fraction, below zero, or too large")
            }
            throw TrainingError(error.line)
        }
        // A member that the file has and the encoded configuration lacks is unknown or misspelt.
        let written = try decoder.decode(Members.self, from: data)
        let understood = try decoder.decode(Members.self, from: try encoded())
        if let unknown = written.firstUnknown(comparedWith: understood) {
            throw TrainingError("unknown member “\(unknown)”")
        }
        try validate()
    }

    /// Members that were renamed or moved, by their paths.
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

/// The names of a JSON object's members, recursively.
private struct Members: Decodable {
    private var members: [String: Members] = [:]

    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        // Values other than objects have no members.
        guard let container = try? decoder.container(keyedBy: Name.self) else { return }
        for name in container.allKeys where try !container.decodeNil(forKey: name) {
            members[name.stringValue] = try container.decode(Members.self, forKey: name)
        }
    }

    /// Whether there is a member at a dot-separated path.
    func contains(_ path: String) -> Bool {
        var member: Members? = self
        for name in path.split(separator: ".") { member = member?.members[String(name)] }
        return member != nil
    }

    /// The path of the alphabetically first member that `other` lacks; nil if there is none. Members that are null are
    /// ignored.
    func firstUnknown(comparedWith other: Members) -> String? {
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            guard let counterpart = other.members[name] else { return name }
            if let unknown = member.firstUnknown(comparedWith: counterpart) { return "\(name).\(unknown)" }
        }
        return nil
    }
}

extension DecodingError {
    /// A one-line description that names the member and the fault.
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
