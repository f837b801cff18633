import Geometry

/// What entries of annotation and results files refer to, by id; and whether what they say can be true.
struct DatasetIndex: Sendable {
    /// The pictures by id, with their sizes where these are known.
    private var sizes: [Int: PixelSize?] = [:]
    private var categories: Set<Int> = []
    /// The ids that stand for text.
    private var textImages = TextIdentifiers(), textCategories = TextIdentifiers()

    /// An index of nothing.
    init() {}

    /// - Throws: ``COCOError`` for two entries with one id, or a picture of negative size.
    init(_ dataset: Dataset) throws(COCOError) {
        for picture in dataset.images {
            do throws(EntryFault) {
                guard sizes[picture.id] == nil else { throw .duplicate }
                try add(picture)
            } catch {
                throw COCOError(fault: "image \(picture.id): \(error.message)")
            }
        }
        for category in dataset.categories {
            guard !categories.contains(category.id) else {
                throw COCOError(fault: "category \(category.id): \(EntryFault.duplicate.message)")
            }
            add(category)
        }
    }

    /// Adds a picture, in place of an earlier one with its id.
    mutating func add(_ picture: Picture) throws(EntryFault) {
        if let size = picture.size {
            guard (0...Self.longestSide).contains(size.width), (0...Self.longestSide).contains(size.height)
            else { throw EntryFault(.number, "its size \(size) is negative or too large") }
        }
        sizes[picture.id] = .some(picture.size)
        if let text = picture.textID { textImages.add(text, picture.id) }
    }

    /// Adds a category, in place of an earlier one with its id.
    mutating func add(_ category: Category) {
        categories.insert(category.id)
        if let text = category.textID { textCategories.add(text, category.id) }
    }

    /// The number that stands for the picture of that id.
    /// - Throws: `EntryFault` when there is none.
    func image(_ identifier: Identifier, _ oddities: inout [Oddity]) throws(EntryFault) -> Int {
        if let id = image(identifier) { return id }
        guard let id = identifier.counterpart.flatMap(image) else {
            throw EntryFault(.image, "image \(identifier) does not exist")
        }
        oddities.append(.otherSpelling)
        return id
    }

    /// The number that stands for the category of that id.
    /// - Throws: `EntryFault` when there is none.
    func category(_ identifier: Identifier, _ oddities: inout [Oddity]) throws(EntryFault) -> Int {
        if let id = category(identifier) { return id }
        guard let id = identifier.counterpart.flatMap(category) else {
            throw EntryFault(.category, "category \(identifier) does not exist")
        }
        oddities.append(.otherSpelling)
        return id
    }

    private func image(_ identifier: Identifier) -> Int? {
        switch identifier {
        case .number(let id): sizes[id] != nil && !textImages.contains(id) ? id : nil
        case .text(let text): textImages[text]
        }
    }

    private func category(_ identifier: Identifier) -> Int? {
        switch identifier {
        case .number(let id): categories.contains(id) && !textCategories.contains(id) ? id : nil
        case .text(let text): textCategories[text]
        }
    }

    /// Throws when the references or numbers of an annotation cannot be true.
    func check(_ annotation: Annotation) throws(EntryFault) {
        try check(imageID: annotation.imageID, categoryID: annotation.categoryID)
        try annotation.box.check()
        guard annotation.keypointCount >= 0 else {
            throw EntryFault(.keypoints, "its number of keypoints is negative")
        }
        if let segmentation = annotation.segmentation { try check(segmentation, imageID: annotation.imageID) }
        if let keypoints = annotation.keypoints { try keypoints.check() }
    }

    /// Throws when a picture or a category does not exist.
    func check(imageID: Int, categoryID: Int) throws(EntryFault) {
        guard sizes[imageID] != nil else { throw EntryFault(.image, "image \(imageID) does not exist") }
        guard categories.contains(categoryID) else {
            throw EntryFault(.category, "category \(categoryID) does not exist")
        }
    }

    /// Makes a check, unless a fault of that reason is known already, and notes what it throws.
    func check(
        _ reason: SkippedEntries.Reason, _ faults: inout [EntryFault], _ body: () throws(EntryFault) -> Void
    ) {
        guard !faults.contains(where: { $0.reason == reason }) else { return }
        do { try body() } catch { faults.append(error) }
    }

    /// Throws when a mask is not of its picture's size, or a polygon is far away from it: outlines are drawn step
    /// by step, and a small file could ask for hours of that.
    func check(_ segmentation: Segmentation, imageID: Int) throws(EntryFault) {
        guard let size = sizes[imageID] ?? nil else { return }
        let limit = Double(10 * max(size.height, size.width, 100))
        switch segmentation {
        case .runLengths(let mask):
            guard mask.size != size else { return }
            throw EntryFault(
                .segmentation,
                "its mask is \(mask.size.width)×\(mask.size.height) pixels (width × height), image \(imageID) is "
                    + "\(size.width)×\(size.height)")
        case .polygons(let polygons):
            for polygon in polygons {
                for vertex in polygon.vertices where abs(vertex.x) > limit || abs(vertex.y) > limit {
                    throw EntryFault(.segmentation, "a polygon lies far outside of image \(imageID)")
                }
            }
        }
    }

    /// The number of pixels that a segmentation covers; nil where there is none, or the picture's size is not known.
    func area(of segmentation: Segmentation?, imageID: Int) -> Double? {
        switch segmentation {
        case nil: return nil
        case .runLengths(let mask)?: return Double(mask.area)
        case let outline?:
            guard let size = sizes[imageID] ?? nil, let mask = try? outline.rasterized(in: size) else {
                return nil
            }
            return Double(mask.area)
        }
    }

    /// No picture is wider or higher: products of sides do not overflow.
    private static let longestSide = Int(Int32.max)
}

/// The numbers that stand for ids which are text. Such a number is itself no id of the file.
private struct TextIdentifiers: Sendable {
    private var numbers: [String: Int] = [:]
    private var inUse: Set<Int> = []

    mutating func add(_ text: String, _ number: Int) {
        numbers[text] = number
        inUse.insert(number)
    }

    subscript(text: String) -> Int? { numbers[text] }

    func contains(_ number: Int) -> Bool { !inUse.isEmpty && inUse.contains(number) }
}

extension EntryFault {
    /// An id that another entry of the same list has.
    static let duplicate = EntryFault(.identifier, "another one has the same id")
}

extension AnnotationBox {
    /// Throws when a number is not finite, or the size is negative.
    func check() throws(EntryFault) {
        guard x.isFinite, y.isFinite, width.isFinite, height.isFinite else {
            throw EntryFault(.number, "its box is not of finite numbers")
        }
        guard width >= 0, height >= 0 else { throw EntryFault(.number, "its box has a negative size") }
    }
}

extension [AnnotationKeypoint] {
    /// Throws when a keypoint is not of finite numbers.
    func check() throws(EntryFault) {
        for keypoint in self {
            guard keypoint.x.isFinite, keypoint.y.isFinite, keypoint.visibility.isFinite else {
                throw EntryFault(.keypoints, "its keypoints are not finite numbers")
            }
        }
    }
}
