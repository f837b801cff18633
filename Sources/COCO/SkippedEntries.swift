/// What is wrong with one entry of an annotation or results file.
struct EntryFault: Error, Hashable {
    /// The kind of fault, by which skipped entries are counted.
    let reason: SkippedEntries.Reason
    /// What exactly is wrong, without the name of the entry.
    let message: String

    init(_ reason: SkippedEntries.Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

/// How many broken entries of a file were left out, and why. Of an entry with a broken segmentation or broken keypoints
/// only these are left out; its box stays.
public struct SkippedEntries: Hashable, Sendable, CustomStringConvertible {
    /// Why an entry was left out.
    public enum Reason: String, CaseIterable, Sendable {
        /// A field is missing, or is not of the type that it should be.
        case form = "a field is missing or malformed"
        /// Another entry has the same id.
        case identifier = "an id that is not unique"
        /// It refers to a picture that is not in the file, or was itself left out.
        case image = "an image that does not exist"
        /// It refers to a category that is not in the file, or was itself left out.
        case category = "a category that does not exist"
        /// A size, box, area or score that cannot be.
        case number = "a number that cannot be"
        /// A polygon or mask that cannot be drawn in its picture.
        case segmentation = "a broken segmentation (only that is left out)"
        /// Keypoints that are no numbers, or not three numbers each.
        case keypoints = "broken keypoints (only these are left out)"
    }

    /// How many there were of each kind; kinds that did not occur are absent.
    public private(set) var counts: [Reason: Int] = [:]
    /// The first one, as it would have been refused.
    public private(set) var first: String?

    /// None.
    public init() {}

    /// How many there were.
    public var total: Int { counts.values.reduce(0, +) }

    /// One line: how many there were of each kind; `none` when there were none.
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

/// What becomes of entries that are broken.
struct BrokenEntries {
    let path: String?
    let areSkipped: Bool
    private(set) var skipped = SkippedEntries()
    /// The first fault that keeps results from being compared by a kind, where it is not left out.
    private(set) var kindFaults: [EvaluationKind: String] = [:]

    init(of path: String?, areSkipped: Bool) {
        self.path = path
        self.areSkipped = areSkipped
    }

    /// - Throws: ``COCOError`` unless broken entries are skipped.
    mutating func add(_ fault: EntryFault, of entry: String) throws {
        guard areSkipped else { throw COCOError(path: path, fault: "\(entry): \(fault.message)") }
        skipped.add(fault, of: entry)
    }

    /// A fault of one part of an entry, without which the entry still is of use.
    mutating func add(_ fault: EntryFault, ofPartOf entry: String) {
        if areSkipped {
            skipped.add(fault, of: entry)
        } else if let kind = fault.reason.kind, kindFaults[kind] == nil {
            kindFaults[kind] = "\(entry): \(fault.message)"
        }
    }
}

extension SkippedEntries.Reason {
    /// What cannot be evaluated for such a fault, if there are kinds that can.
    var kind: EvaluationKind? {
        switch self {
        case .number: .boxes
        case .segmentation: .masks
        case .keypoints: .keypoints
        default: nil
        }
    }
}
