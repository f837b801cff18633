import Geometry

extension Results {
    /// Reads a COCO results file: a list with one JSON object per detection.
    /// - Parameter dataset: the dataset whose images and categories the detections refer to.
    /// - Throws: ``COCOError`` for the first broken detection; it names the file, the detection (counted from
    ///   1) and the fault.
    public init(contentsOf path: String, of dataset: Dataset) throws {
        let file = try ResultsFile(contentsOf: path, of: dataset)
        if let fault = EvaluationKind.allCases.compactMap({ file.faults[$0] }).first {
            throw COCOError(path: path, fault: fault)
        }
        self = file.results
    }

    /// Reads a COCO results file, skipping detections that are broken or refer to images or categories that
    /// `dataset` does not have.
    /// - Parameter skipped: set to the counts of skipped detections.
    /// - Throws: ``COCOError`` when the file itself is unusable: unreadable, not JSON, or not a list.
    public init(contentsOf path: String, of dataset: Dataset, skipping skipped: inout SkippedEntries) throws {
        let file = try ResultsFile(contentsOf: path, of: dataset, skipsBroken: true)
        skipped = file.skipped
        self = file.results
    }
}

/// The result of reading a COCO results file: its contents, and remarks about them.
public struct ResultsFile: Sendable {
    /// The contents of the file.
    public private(set) var results = Results()
    /// The counts of skipped detections, if broken detections are skipped.
    public let skipped: SkippedEntries
    /// How deviations from COCO's format were interpreted, one line each, without the file name.
    public let remarks: [String]
    /// The first fault that affects only one kind of evaluation, such as a broken mask, by that kind. The
    /// detections are in the results without the broken part. Empty if broken detections are skipped.
    public let faults: [EvaluationKind: String]

    /// Reads the file at `path`.
    /// - Parameters:
    ///   - dataset: the dataset whose images and categories the detections refer to.
    ///   - skipsBroken: whether broken detections, and those of images or categories that `dataset` does not
    ///     have, are left out. A detection with a broken segmentation or broken keypoints loses only these.
    /// - Throws: ``COCOError`` when the file itself is unusable (unreadable, not JSON, or not a list) and,
    ///   unless broken detections are skipped, for the first broken detection.
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

/// The byte offsets at which the detections of a results file begin. COCO's results are a list; some tools
/// write an annotation file with scores instead.
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
    /// The missing score that tells an annotation from a detection.
    fileprivate static let missingScore = EntryFault(.form, "has no score")
}

/// An entry of a results file, not yet checked.
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

    /// The detection, with its deviations from the format and the faults of its broken parts.
    struct Resolved: Sendable {
        let detection: Detection
        let oddities: [Oddity]
        let faults: [EntryFault]
    }

    /// - Throws: `EntryFault` when the image or category does not exist, or there is nothing to compare.
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
    /// Throws when a detection's references or numbers are invalid.
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
