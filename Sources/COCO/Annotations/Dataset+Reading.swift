import Geometry

extension Dataset {
    /// Reads a COCO annotation file: instances, person keypoints, or any other with the three lists `images`,
    /// `annotations` and `categories`. Fields that ``Dataset`` does not have are ignored.
    /// - Throws: ``COCOError`` for the first broken entry; it names the file, the entry and the fault.
    public init(contentsOf path: String) throws {
        let file = try AnnotationFile(contentsOf: path)
        if let fault = EvaluationKind.allCases.compactMap({ file.faults[$0] }).first {
            throw COCOError(path: path, fault: fault)
        }
        self = file.dataset
    }

    /// Reads a COCO annotation file, skipping broken entries and entries that refer to them.
    /// - Parameter skipped: set to the counts of skipped entries.
    /// - Throws: ``COCOError`` when the file itself is unusable: unreadable, not JSON, or without the three
    ///   lists.
    public init(contentsOf path: String, skipping skipped: inout SkippedEntries) throws {
        let file = try AnnotationFile(contentsOf: path, skipsBroken: true)
        skipped = file.skipped
        self = file.dataset
    }
}

/// The result of reading a COCO annotation file: its contents, and remarks about them.
///
/// Files in practice deviate from COCO's own. Deviations that COCO's tools accept are accepted and noted in
/// ``remarks``: ids that are text, polygons of one or two points, images without names or sizes, missing
/// areas.
public struct AnnotationFile: Sendable {
    /// The contents of the file.
    public let dataset: Dataset
    /// The counts of skipped entries, if broken entries are skipped.
    public let skipped: SkippedEntries
    /// How deviations from COCO's format were interpreted, one line each, without the file name.
    public let remarks: [String]
    /// The first fault that affects only one kind of evaluation, such as a broken mask, by that kind. The
    /// entries are in the dataset without the broken part. Empty if broken entries are skipped.
    public let faults: [EvaluationKind: String]

    /// Reads the file at `path`.
    /// - Parameter skipsBroken: whether broken entries, and entries that refer to them, are left out. An
    ///   entry with a broken segmentation or broken keypoints loses only these.
    /// - Parameter needsObjects: whether a file without the lists `annotations` and `categories`, as for
    ///   images that are not annotated, is refused.
    /// - Throws: ``COCOError`` when the file itself is unusable (unreadable, not JSON, or without the three
    ///   lists) and, unless broken entries are skipped, for the first broken entry.
    public init(contentsOf path: String, skipsBroken: Bool = false, needsObjects: Bool = true) throws {
        var broken = BrokenEntries(of: path, areSkipped: skipsBroken)
        var oddities = Oddities()
        let file = try JSONFile(path: path)
        let lists = try AnnotationLists(file, needsObjects: needsObjects)
        var index = DatasetIndex()
        var dataset = Dataset()
        try dataset.readImages(file, lists.images, &index, &broken, &oddities)
        try dataset.readCategories(file, lists.categories, &index, &broken, &oddities)
        try dataset.readAnnotations(file, lists.annotations, index, &broken, &oddities)
        self.dataset = dataset
        skipped = broken.skipped
        remarks = oddities.remarks
        faults = broken.kindFaults
    }
}

extension Dataset {
    fileprivate mutating func readImages(
        _ file: JSONFile, _ starts: [Int], _ index: inout DatasetIndex, _ broken: inout BrokenEntries,
        _ oddities: inout Oddities
    ) throws {
        let entries = file.entries(at: starts, PictureEntry.init)
        let numbers = IdentifierNumbers(entries.lazy.compactMap { try? $0.get().identifier })
        var positions: [Int: Int] = [:]
        for (entry, start) in zip(entries, starts) {
            do throws(EntryFault) {
                let entry = try entry.get()
                guard let id = numbers[entry.identifier] else { continue }
                var picture = Picture(id: id, fileName: entry.fileName, size: entry.size)
                if case .text(let text) = entry.identifier { picture.textID = text }
                try index.add(picture)
                if let position = positions[id] {
                    images[position] = picture
                    oddities.add(.repeatedImage, of: "image \(entry.identifier)")
                } else {
                    positions[id] = images.count
                    images.append(picture)
                }
            } catch {
                try broken.add(error, of: file.name(ofEntryAt: start, kind: "image"))
            }
        }
    }

    fileprivate mutating func readCategories(
        _ file: JSONFile, _ starts: [Int], _ index: inout DatasetIndex, _ broken: inout BrokenEntries,
        _ oddities: inout Oddities
    ) throws {
        let entries = file.entries(at: starts, CategoryEntry.init)
        let numbers = IdentifierNumbers(entries.lazy.compactMap { try? $0.get().identifier })
        var positions: [Int: Int] = [:]
        for (entry, start) in zip(entries, starts) {
            do throws(EntryFault) {
                let entry = try entry.get()
                guard let id = numbers[entry.identifier] else { continue }
                let category = entry.category(id: id)
                index.add(category)
                if let position = positions[id] {
                    categories[position] = category
                    oddities.add(.repeatedCategory, of: "category \(entry.identifier)")
                } else {
                    positions[id] = categories.count
                    categories.append(category)
                }
            } catch {
                try broken.add(error, of: file.name(ofEntryAt: start, kind: "category"))
            }
        }
    }

    fileprivate mutating func readAnnotations(
        _ file: JSONFile, _ starts: [Int], _ index: DatasetIndex, _ broken: inout BrokenEntries,
        _ oddities: inout Oddities
    ) throws {
        let entries = file.entries(at: starts) { reader in
            try AnnotationEntry(&reader).resolved(by: index)
        }
        var ids: Set<Int> = []
        ids.reserveCapacity(entries.count)
        var unnumbered: [(position: Int, text: String?)] = []
        var largest = 0
        annotations.reserveCapacity(entries.count)
        for (entry, start) in zip(entries, starts) {
            do throws(EntryFault) {
                let entry = try entry.get()
                let name = { file.name(ofEntryAt: start, kind: "annotation") }
                switch entry.identifier {
                case .number(let id)?:
                    largest = max(largest, id)
                    if !ids.insert(id).inserted {
                        if broken.areSkipped { throw EntryFault.duplicate }
                        oddities.add(.repeatedAnnotation, of: name())
                    }
                case .text(let text)?: unnumbered.append((annotations.count, text))
                case nil:
                    unnumbered.append((annotations.count, nil))
                    oddities.add(.missingID, of: name())
                }
                for fault in entry.faults { broken.add(fault, ofPartOf: name()) }
                for oddity in entry.oddities { oddities.add(oddity, of: name()) }
                annotations.append(entry.annotation)
            } catch {
                try broken.add(error, of: file.name(ofEntryAt: start, kind: "annotation"))
            }
        }
        // Nothing refers to annotations, so those without an id can get any unused number.
        var next = largest < Int.max / 2 ? largest + 1 : Int.min
        var ofTexts: [String: Int] = [:]
        for (position, text) in unnumbered {
            let id = text.flatMap { ofTexts[$0] } ?? next
            if id == next {
                next += 1
            } else {
                oddities.add(.repeatedAnnotation, of: "annotation \(text ?? "")")
            }
            if let text { ofTexts[text] = id }
            annotations[position].id = id
        }
    }
}

/// The byte offsets at which the entries of an annotation file's three lists begin.
private struct AnnotationLists {
    let images: [Int]
    let annotations: [Int]
    let categories: [Int]

    init(_ file: JSONFile, needsObjects: Bool) throws {
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
        annotations = needsObjects ? try list("annotations") : lists["annotations"] ?? []
        categories = needsObjects ? try list("categories") : lists["categories"] ?? []
    }
}

extension JSONFile {
    /// The name of an entry in errors: its id, or its byte offset in the file if it has none.
    fileprivate func name(ofEntryAt start: Int, kind: String) -> String {
        identifier(at: start).map { "\(kind) \($0)" } ?? "\(kind) at byte \(start)"
    }
}

/// An entry of `images`, not yet checked.
private struct PictureEntry: Sendable {
    let identifier: Identifier
    let fileName: String?
    let size: PixelSize?

    init(_ reader: inout JSONReader) throws {
        var identifier: Identifier?, fileName: String?, height: Int?, width: Int?
        try reader.object { reader, key in
            switch key {
            case "id": identifier = try reader.optionalField(key) { try $0.identifier() }
            case "file_name": fileName = try reader.optionalField(key) { try $0.string() }
            case "height": height = try reader.optionalField(key) { try $0.integer() }
            case "width": width = try reader.optionalField(key) { try $0.integer() }
            default: try reader.skipValue()
            }
        }
        self.identifier = try required(identifier, "id")
        self.fileName = fileName
        if let height, let width { size = PixelSize(height: height, width: width) } else { size = nil }
    }
}

/// An entry of `categories`, not yet checked.
private struct CategoryEntry: Sendable {
    let identifier: Identifier
    private let name: String?
    private let supercategory: String?
    private let keypoints: [String]
    private let skeleton: [[Int]]

    init(_ reader: inout JSONReader) throws {
        var identifier: Identifier?, name: String?, supercategory: String?
        var keypoints: [String]?, skeleton: [[Int]]?
        try reader.object { reader, key in
            switch key {
            case "id": identifier = try reader.optionalField(key) { try $0.identifier() }
            case "name": name = try reader.optionalField(key) { try $0.string() }
            case "supercategory": supercategory = try reader.optionalField(key) { try $0.string() }
            case "keypoints":
                keypoints = try reader.optionalField(key) { try $0.values { try $0.string() } }
            case "skeleton":
                skeleton = try reader.optionalField(key) {
                    try $0.values { try $0.values { try $0.integer() } }
                }
            default: try reader.skipValue()
            }
        }
        self.identifier = try required(identifier, "id")
        self.name = name
        self.supercategory = supercategory
        self.keypoints = keypoints ?? []
        self.skeleton = skeleton ?? []
    }

    func category(id: Int) -> Category {
        var category = Category(
            id: id, name: name ?? "category \(identifier)", supercategory: supercategory,
            keypoints: keypoints,
            skeleton: skeleton)
        if case .text(let text) = identifier { category.textID = text }
        return category
    }
}

/// An entry of `annotations`, not yet checked; missing values are filled in once its image is known.
private struct AnnotationEntry {
    private var identifier: Identifier?
    private var imageID: Identifier?
    private var categoryID: Identifier?
    private var box: AnnotationBox?
    private var area: Double?
    private var segmentation = ReadSegmentation()
    private var isCrowd = false
    private var keypoints: [AnnotationKeypoint]?
    private var keypointCount: Int?
    private var faults: [EntryFault] = []

    init(_ reader: inout JSONReader) throws {
        try reader.object { reader, key in
            switch key {
            case "id": identifier = try reader.optionalField(key) { try $0.identifier() }
            case "image_id": imageID = try reader.optionalField(key) { try $0.identifier() }
            case "category_id": categoryID = try reader.optionalField(key) { try $0.identifier() }
            case "bbox": box = try reader.part(key, .number, faults: &faults) { try $0.box() }
            case "area": area = try reader.optionalField(key) { try $0.number() }
            case "segmentation":
                let read = try reader.part(key, .segmentation, faults: &faults) { try $0.segmentation() }
                segmentation = read ?? ReadSegmentation()
            case "iscrowd": isCrowd = try reader.optionalField(key) { try $0.flag() } ?? false
            case "keypoints":
                keypoints = try reader.part(key, .keypoints, faults: &faults) { try $0.keypoints() }
            case "num_keypoints": keypointCount = try reader.optionalField(key) { try $0.integer() }
            default: try reader.skipValue()
            }
        }
    }

    /// The annotation, with its deviations from the format and the faults of its broken parts.
    struct Resolved: Sendable {
        /// Nil if the entry has no id.
        let identifier: Identifier?
        /// Has the id of the entry if that is a number.
        let annotation: Annotation
        let oddities: [Oddity]
        let faults: [EntryFault]
    }

    /// - Throws: `EntryFault` when the image or category does not exist, or there is no box.
    consuming func resolved(by index: DatasetIndex) throws -> Resolved {
        var oddities = segmentation.oddities
        let image = try index.image(try required(imageID, "image_id"), &oddities)
        let category = try index.category(try required(categoryID, "category_id"), &oddities)
        var outline = segmentation.value
        index.check(.segmentation, &faults) { () throws(EntryFault) in
            if let outline { try index.check(outline, imageID: image) }
        }
        if faults.contains(where: { $0.reason == .segmentation }) { outline = nil }
        index.check(.keypoints, &faults) { () throws(EntryFault) in
            if let keypoints { try keypoints.check() }
            if let keypointCount, keypointCount < 0 {
                throw EntryFault(.keypoints, "its number of keypoints is negative")
            }
        }
        if faults.contains(where: { $0.reason == .keypoints }) { (keypoints, keypointCount) = (nil, nil) }
        index.check(.number, &faults) { () throws(EntryFault) in try box?.check() }
        let boxFault = faults.first { $0.reason == .number }
        if boxFault != nil { box = nil }
        if box == nil, let derived = outline?.bounds {
            box = derived
            oddities.append(.missingBox)
        }
        guard let box else { throw boxFault ?? EntryFault(.form, "has no bbox") }
        if area == nil {
            area = index.area(of: outline, imageID: image) ?? box.area
            oddities.append(.missingArea)
        } else if let area, !(area >= 0 && area.isFinite) {
            oddities.append(.strangeArea)
        }
        let id = if case .number(let number)? = identifier { number } else { 0 }
        let annotation = Annotation(
            id: id, imageID: image, categoryID: category, box: box, area: area ?? box.area,
            segmentation: outline,
            isCrowd: isCrowd, keypoints: keypoints, keypointCount: keypointCount)
        return Resolved(identifier: identifier, annotation: annotation, oddities: oddities, faults: faults)
    }
}
