import Geometry

extension Results {
    /// Reads a COCO results file: a list with one object a detection.
    /// - Parameter dataset: the pictures and categories that detections refer to.
    /// - Throws: ``COCOError`` that names the file, the detection (from 1) and the fault, for the first broken
    ///   detection.
    public init(contentsOf path: String, of dataset: Dataset) throws {
        let file = try ResultsFile(contentsOf: path, of: dataset)
        if let fault = EvaluationKind.allCases.compactMap({ file.faults[$0] }).first {
            throw COCOError(path: path, fault: fault)
        }
        self = file.results
    }

    /// Reads a COCO results file and leaves out what is broken, or refers to pictures or categories that `dataset` does
    /// not have.
    /// - Parameter skipped: becomes what was left out.
    /// - Throws: ``COCOError`` when the file itself is broken: unreadable, not JSON, not a list.
    public init(contentsOf path: String, of dataset: Dataset, skipping skipped: inout SkippedEntries) throws {
        let file = try ResultsFile(contentsOf: path, of: dataset, skipsBroken: true)
        skipped = file.skipped
        self = file.results
    }
}

/// A COCO results file as it was read: what it holds, and what is to be said of it.
public struct ResultsFile: Sendable {
    /// What the file holds.
    public private(set) var results = Results()
    /// What was left out, if broken detections are skipped.
    public let skipped: SkippedEntries
    /// How the unusual was taken, one line each, without the name of the file.
    public let remarks: [String]
    /// The first fault of each kind, such as a broken mask, of detections that are of use for other kinds: they are in
    /// the results, without that part. Empty if broken detections are skipped.
    public let faults: [EvaluationKind: String]

    /// Reads the file at `path`.
    /// - Parameters:
    ///   - dataset: the pictures and categories that detections refer to.
    ///   - skipsBroken: whether broken detections, and those of pictures or categories that `dataset` does not have, are
    ///     left out. Of a detection with a broken segmentation or broken keypoints only these are.
    /// - Throws: ``COCOError`` when the file itself is broken: unreadable, not JSON, not a list; and unless broken
    ///   detections are skipped, for the first one.
    public init(contentsOf path: String, of dataset: Dataset, skipsBroken: Bool = false) throws {
        var broken = BrokenEntries(of: path, areSkipped: skipsBroken)
        var oddities = Oddities()
        let index = try DatasetIndex(dataset)
        let file = try JSONFile(path: path)
        let list = try ResultsList(file)
        if list.isWrapped { oddities.add(.wrapped, of: "") }
        let entries = file.entries(at: list.starts) { reader in
            try DetectionEntry(&reader).resolved(by: index)
        }
        if list.isWrapped, case .failure(let fault)? = entries.first, fault == .missingScore {
            throw COCOError(
                path: path,
                fault: "is no COCO results file: its annotations have no score, those of results have one")
        }
        results.detections.reserveCapacity(entries.count)
        for (number, entry) in entries.enumerated() {
            do throws(EntryFault) {
                let entry = try entry.get()
                for fault in entry.faults { broken.add(fault, ofPartOf: "detection \(number + 1)") }
                for oddity in entry.oddities { oddities.add(oddity, of: "detection \(number + 1)") }
                results.detections.append(entry.detection)
            } catch {
                try broken.add(error, of: "detection \(number + 1)")
            }
        }
        skipped = broken.skipped
        remarks = oddities.remarks
        faults = broken.kindFaults
    }
}

/// Where the detections of a results file begin. COCO's results are a list; some tools write an annotation file with
/// scores instead.
private struct ResultsList {
    let starts: [Int]
    let isWrapped: Bool

    init(_ file: JSONFile) throws {
        var starts: [Int]?, isWrapped = false
        try file.read { reader in
            switch reader.peek() {
            case UInt8(ascii: "["): starts = try reader.elementStarts()
            case UInt8(ascii: "{"):
                isWrapped = true
                try reader.object { reader, key in
                    if key == "annotations", reader.peek() == UInt8(ascii: "[") {
                        starts = try reader.elementStarts()
                    } else {
                        try reader.skipValue()
                    }
                }
            default: try reader.skipValue()
            }
        }
        guard let starts else {
            throw COCOError(path: file.path, fault: "is no COCO results file: it is not a JSON list")
        }
        self.starts = starts
        self.isWrapped = isWrapped
    }
}

extension EntryFault {
    /// What tells an annotation from a detection.
    fileprivate static let missingScore = EntryFault(.form, "has no score")
}

/// A detection as its entry has it.
private struct DetectionEntry {
    private var imageID: Identifier?
    private var categoryID: Identifier?
    private var score: Double?
    private var box: AnnotationBox?
    private var segmentation = ReadSegmentation()
    private var keypoints: [AnnotationKeypoint]?
    private var faults: [EntryFault] = []

    init(_ reader: inout JSONReader) throws {
        try reader.object { reader, key in
            switch key {
            case "image_id": imageID = try reader.optionalField(key) { try $0.identifier() }
            case "category_id": categoryID = try reader.optionalField(key) { try $0.identifier() }
            case "score": score = try reader.optionalField(key) { try $0.number() }
            case "bbox": box = try reader.part(key, .number, faults: &faults) { try $0.box() }
            case "segmentation":
                let read = try reader.part(key, .segmentation, faults: &faults) { try $0.segmentation() }
                segmentation = read ?? ReadSegmentation()
            case "keypoints":
                keypoints = try reader.part(key, .keypoints, faults: &faults) { try $0.keypoints() }
            default: try reader.skipValue()
            }
        }
    }

    /// The detection, with what was odd about it and which parts of it are broken.
    struct Resolved: Sendable {
        let detection: Detection
        let oddities: [Oddity]
        let faults: [EntryFault]
    }

    /// - Throws: `EntryFault` for a picture or category that does not exist, and where there is nothing to compare.
    consuming func resolved(by index: DatasetIndex) throws -> Resolved {
        var oddities = segmentation.oddities
        guard let score else { throw EntryFault.missingScore }
        guard score.isFinite else { throw EntryFault(.number, "its score is not a finite number") }
        let image = try index.image(try required(imageID, "image_id"), &oddities)
        let category = try index.category(try required(categoryID, "category_id"), &oddities)
        index.check(.number, &faults) { () throws(EntryFault) in try box?.check() }
        index.check(.segmentation, &faults) { () throws(EntryFault) in
            if let outline = segmentation.value { try index.check(outline, imageID: image) }
        }
        index.check(.keypoints, &faults) { () throws(EntryFault) in try keypoints?.check() }
        for fault in faults {
            switch fault.reason {
            case .number: box = nil
            case .segmentation: segmentation.value = nil
            default: keypoints = nil
            }
        }
        if keypoints?.isEmpty == true { keypoints = nil }
        guard box != nil || segmentation.value != nil || keypoints != nil else {
            throw faults.first ?? EntryFault(.form, "has neither a bbox, a segmentation nor keypoints")
        }
        let detection = Detection(
            imageID: image, categoryID: category, score: score, box: box, segmentation: segmentation.value,
            keypoints: keypoints)
        return Resolved(detection: detection, oddities: oddities, faults: faults)
    }
}

extension DatasetIndex {
    /// Throws when the references or numbers of a detection cannot be true.
    func check(_ detection: Detection) throws(EntryFault) {
        try check(imageID: detection.imageID, categoryID: detection.categoryID)
        guard detection.score.isFinite else { throw EntryFault(.number, "its score is not a finite number") }
        if let box = detection.box { try box.check() }
        if let segmentation = detection.segmentation { try check(segmentation, imageID: detection.imageID) }
        if let keypoints = detection.keypoints {
            guard !keypoints.isEmpty else { throw EntryFault(.keypoints, "its list of keypoints is empty") }
            try keypoints.check()
        }
        guard detection.box != nil || detection.segmentation != nil || detection.keypoints != nil else {
            throw EntryFault(.form, "has neither a bbox, a segmentation nor keypoints")
        }
    }
}
