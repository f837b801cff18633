/// A fault of one entry of an annotation or results file.
struct EntryFault: Error, Hashable {
    /// The kind of fault, by which skipped entries are counted.
    let reason: SkippedEntries.Reason
    /// The fault, without the name of the entry.
    let message: String

    init(_ reason: SkippedEntries.Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

/// How many broken entries of a file were left out, and why. An entry with a broken segmentation or broken
/// keypoints loses only these; its box stays.
public struct SkippedEntries: Hashable, Sendable, CustomStringConvertible {
    /// Why an entry was left out.
    public enum Reason: String, CaseIterable, Sendable {
        /// A field is missing or has the wrong type.
        case form = "a field is missing or malformed"
        /// Another entry has the same id.
        case identifier = "an id that is not unique"
        /// It refers to an image that is not in the file, or was itself left out.
        case image = "an image that does not exist"
        /// It refers to a category that is not in the file, or was itself left out.
        case category = "a category that does not exist"
        /// A size, box, area or score is invalid.
        case number = "a number that cannot be"
        /// A polygon or mask cannot be rasterised in its image.
        case segmentation = "a broken segmentation (only that is left out)"
        /// The keypoints are not numbers, or not three numbers each.
        case keypoints = "broken keypoints (only these are left out)"
    }

    /// The number of faults by reason; reasons that did not occur are absent.
    public private(set) var counts: [Reason: Int] = [:]
    /// The message of the first fault.
    public private(set) var first: String?

    /// No skipped entries.
    public init() {}

    /// The number of faults.
    public var total: Int { counts.values.reduce(0, +) }

    /// One line with the number of faults by reason; `none` when there are none.
    public var description: String {
        let parts = Reason.allCases.compactMap { reason in
            counts[reason].map { "\($0) with \(reason.rawValue)" }
        }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }

    mutating func add(_ fault: EntryFault, of entry: String) {
        counts[fault.reason, default: 0] += 1
        first = first ?? "\(entry): \(fault.message)"
    }
}

/// Skips or refuses broken entries, as the caller wants.
struct BrokenEntries {
    let path: String?
    let areSkipped: Bool
    private(set) var skipped = SkippedEntries()
    /// The first fault that prevents each kind of evaluation, if broken entries are not skipped.
    private(set) var kindFaults: [EvaluationKind: String] = [:]

    init(of path: String?, areSkipped: Bool) {
        self.path = path
        self.areSkipped = areSkipped
    }

    /// Notes a broken entry.
    /// - Throws: ``COCOError`` unless broken entries are skipped.
    mutating func add(_ fault: EntryFault, of entry: String) throws {
        guard areSkipped else { throw COCOError(path: path, fault: "\(entry): \(fault.message)") }
        skipped.add(fault, of: entry)
    }

    /// Notes a fault of one part of an entry; the entry is used without it.
    mutating func add(_ fault: EntryFault, ofPartOf entry: String) {
        if areSkipped {
            skipped.add(fault, of: entry)
        } else if let kind = fault.reason.kind, kindFaults[kind] == nil {
            kindFaults[kind] = "\(entry): \(fault.message)"
        }
    }
}

extension SkippedEntries.Reason {
    /// The only kind of evaluation that such a fault prevents; nil if it prevents all.
    var kind: EvaluationKind? {
        switch self {
        case .number: .boxes
        case .segmentation: .masks
        case .keypoints: .keypoints
        default: nil
        }
    }
}
