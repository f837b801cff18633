import Geometry

extension Results {
    /// Reads a COCO results file: a list with one object a detection.
    /// - Parameter dataset: the pictures and categories that detections refer to.
    /// - Throws: ``COCOError`` that names the file, the detection (from 1) and the fault, for the first broken
    ///   detection.
    public init(contentsOf path: String, of dataset: Dataset) throws {
        var broken = BrokenEntries(of: path, areSkipped: false)
        try self.init(contentsOf: path, of: dataset, brokenEntries: &broken)
    }

    /// Reads a COCO results file and leaves out detections that are broken, or refer to pictures or categories
    /// that `dataset` does not have.
    /// - Parameter skipped: becomes what was left out.
    /// - Throws: ``COCOError`` when the file itself is broken: unreadable, not JSON, not a list.
    public init(contentsOf path: String, of dataset: Dataset, skipping skipped: inout SkippedEntries) throws {
        var broken = BrokenEntries(of: path, areSkipped: true)
        try self.init(contentsOf: path, of: dataset, brokenEntries: &broken)
        skipped = broken.skipped
    }

    private init(
        contentsOf path: String, of dataset: Dataset, brokenEntries broken: inout BrokenEntries
    ) throws {
        let index = try DatasetIndex(dataset)
        let file = try JSONFile(path: path)
        var starts: [Int] = []
        try file.read { reader in
            guard reader.peek() == UInt8(ascii: "[") else {
                throw COCOError(path: path, fault: "is no COCO results file: it is not a JSON list")
            }
            starts = try reader.elementStarts()
        }
        let entries = file.entries(at: starts) { reader in
            let detection = try Detection(&reader)
            try index.check(detection)
            return detection
        }
        self.init()
        detections.reserveCapacity(entries.count)
        for (number, entry) in entries.enumerated() {
            do throws(EntryFault) {
                detections.append(try entry.get())
            } catch {
                try broken.add(error, of: "detection \(number + 1)")
            }
        }
    }
}

extension Detection {
    fileprivate init(_ reader: inout JSONReader) throws {
        var imageID: Int?, categoryID: Int?, score: Double?, box: AnnotationBox?
        var segmentation: Segmentation?, keypoints: [AnnotationKeypoint]?
        try reader.object { reader, key in
            switch key {
            case "image_id": imageID = try reader.field(key) { try $0.integer() }
            case "category_id": categoryID = try reader.field(key) { try $0.integer() }
            case "score": score = try reader.field(key) { try $0.number() }
            case "bbox": box = try reader.field(key) { try $0.box() }
            case "segmentation": segmentation = try reader.field(key) { try $0.segmentation() }
            case "keypoints": keypoints = try reader.field(key) { try $0.keypoints() }
            default: try reader.skipValue()
            }
        }
        self.init(
            imageID: try required(imageID, "image_id"), categoryID: try required(categoryID, "category_id"),
            score: try required(score, "score"), box: box, segmentation: segmentation, keypoints: keypoints)
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
            try check(keypoints, categoryID: detection.categoryID)
        }
        guard detection.box != nil || detection.segmentation != nil || detection.keypoints != nil else {
            throw EntryFault(.form, "has neither a bbox, a segmentation nor keypoints")
        }
    }
}
