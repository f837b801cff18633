import Geometry

extension Dataset {
    /// Reads a COCO annotation file: instances, person keypoints, or any other with the three lists `images`,
    /// `annotations` and `categories`. Fields that ``Dataset`` has no place for are passed over.
    /// - Throws: ``COCOError`` that names the file, the entry and the fault, for the first broken entry.
    public init(contentsOf path: String) throws {
        var broken = BrokenEntries(of: path, areSkipped: false)
        try self.init(contentsOf: path, brokenEntries: &broken)
    }

    /// Reads a COCO annotation file and leaves out entries that are broken, and those that refer to them.
    /// - Parameter skipped: becomes what was left out.
    /// - Throws: ``COCOError`` when the file itself is broken: unreadable, not JSON, not made of the three
    ///   lists.
    public init(contentsOf path: String, skipping skipped: inout SkippedEntries) throws {
        var broken = BrokenEntries(of: path, areSkipped: true)
        try self.init(contentsOf: path, brokenEntries: &broken)
        skipped = broken.skipped
    }

    private init(contentsOf path: String, brokenEntries broken: inout BrokenEntries) throws {
        let file = try JSONFile(path: path)
        let lists = try AnnotationLists(file)
        var index = DatasetIndex()
        self.init()
        for (entry, start) in zip(file.entries(at: lists.images, Picture.init), lists.images) {
            do throws(EntryFault) {
                let picture = try entry.get()
                try index.add(picture)
                images.append(picture)
            } catch {
                try broken.add(error, of: file.name(ofEntryAt: start, kind: "image"))
            }
        }
        for (entry, start) in zip(file.entries(at: lists.categories, Category.init), lists.categories) {
            do throws(EntryFault) {
                let category = try entry.get()
                try index.add(category)
                categories.append(category)
            } catch {
                try broken.add(error, of: file.name(ofEntryAt: start, kind: "category"))
            }
        }
        let known = index
        let entries = file.entries(at: lists.annotations) { reader in
            let annotation = try Annotation(&reader)
            try known.check(annotation)
            return annotation
        }
        var ids: Set<Int> = []
        ids.reserveCapacity(entries.count)
        annotations.reserveCapacity(entries.count)
        for (entry, start) in zip(entries, lists.annotations) {
            do throws(EntryFault) {
                let annotation = try entry.get()
                guard ids.insert(annotation.id).inserted else { throw EntryFault.duplicate }
                annotations.append(annotation)
            } catch {
                try broken.add(error, of: file.name(ofEntryAt: start, kind: "annotation"))
            }
        }
    }
}

/// Where the entries of an annotation file's three lists begin.
private struct AnnotationLists {
    let images: [Int]
    let annotations: [Int]
    let categories: [Int]

    init(_ file: JSONFile) throws {
        var lists: [String: [Int]] = [:]
        try file.read { reader in
            guard reader.peek() == UInt8(ascii: "{") else {
                throw COCOError(path: file.path, fault: "is no COCO annotation file: it is not a JSON object")
            }
            try reader.object { reader, key in
                guard ["images", "annotations", "categories"].contains(key) else {
                    return try reader.skipValue()
                }
                guard reader.peek() == UInt8(ascii: "[") else {
                    throw COCOError(path: file.path, fault: "its \(key) are not a list")
                }
                lists[key] = try reader.elementStarts()
            }
        }
        func list(_ name: String) throws -> [Int] {
            guard let starts = lists[name] else {
                throw COCOError(path: file.path, fault: "is no COCO annotation file: it has no \(name)")
            }
            return starts
        }
        images = try list("images")
        annotations = try list("annotations")
        categories = try list("categories")
    }
}

extension JSONFile {
    /// What an entry is called in errors: by its id, or by its place in the file if it has none.
    fileprivate func name(ofEntryAt start: Int, kind: String) -> String {
        identifier(at: start).map { "\(kind) \($0)" } ?? "\(kind) at byte \(start)"
    }
}

extension Picture {
    fileprivate init(_ reader: inout JSONReader) throws {
        var id: Int?, fileName: String?, height: Int?, width: Int?
        try reader.object { reader, key in
            switch key {
            case "id": id = try reader.field(key) { try $0.integer() }
            case "file_name": fileName = try reader.field(key) { try $0.string() }
            case "height": height = try reader.field(key) { try $0.integer() }
            case "width": width = try reader.field(key) { try $0.integer() }
            default: try reader.skipValue()
            }
        }
        self.init(
            id: try required(id, "id"), fileName: try required(fileName, "file_name"),
            size: PixelSize(height: try required(height, "height"), width: try required(width, "width")))
    }
}

extension Category {
    fileprivate init(_ reader: inout JSONReader) throws {
        var id: Int?, name: String?, supercategory: String?, keypoints: [String] = [], skeleton: [[Int]] = []
        try reader.object { reader, key in
            switch key {
            case "id": id = try reader.field(key) { try $0.integer() }
            case "name": name = try reader.field(key) { try $0.string() }
            case "supercategory":
                supercategory = try reader.field(key) { try $0.skipNull() ? nil : try $0.string() }
            case "keypoints":
                keypoints = try reader.field(key) { try $0.values { try $0.string() } }
            case "skeleton":
                skeleton = try reader.field(key) { try $0.values { try $0.values { try $0.integer() } } }
            default: try reader.skipValue()
            }
        }
        self.init(
            id: try required(id, "id"), name: try required(name, "name"), supercategory: supercategory,
            keypoints: keypoints, skeleton: skeleton)
    }
}

extension Annotation {
    fileprivate init(_ reader: inout JSONReader) throws {
        var id: Int?, imageID: Int?, categoryID: Int?, box: AnnotationBox?, area: Double?
        var segmentation: Segmentation?, isCrowd = false, keypoints: [AnnotationKeypoint]?
        var keypointCount: Int?
        try reader.object { reader, key in
            switch key {
            case "id": id = try reader.field(key) { try $0.integer() }
            case "image_id": imageID = try reader.field(key) { try $0.integer() }
            case "category_id": categoryID = try reader.field(key) { try $0.integer() }
            case "bbox": box = try reader.field(key) { try $0.box() }
            case "area": area = try reader.field(key) { try $0.number() }
            case "segmentation": segmentation = try reader.field(key) { try $0.segmentation() }
            case "iscrowd": isCrowd = try reader.field(key) { try $0.flag() }
            case "keypoints": keypoints = try reader.field(key) { try $0.keypoints() }
            case "num_keypoints": keypointCount = try reader.field(key) { try $0.integer() }
            default: try reader.skipValue()
            }
        }
        self.init(
            id: try required(id, "id"), imageID: try required(imageID, "image_id"),
            categoryID: try required(categoryID, "category_id"), box: try required(box, "bbox"),
            area: try required(area, "area"), segmentation: segmentation, isCrowd: isCrowd,
            keypoints: keypoints, keypointCount: keypointCount)
    }
}
