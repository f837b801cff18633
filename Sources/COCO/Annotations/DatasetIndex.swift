import Geometry

/// The ids that entries of annotation and results files may refer to, and the checks of those entries.
struct DatasetIndex: Sendable {
    /// The size of each image by id; nil if it is not known.
    private var sizes: [Int: PixelSize?] = [:]
    private var categories: Set<Int> = []
    /// The numbers assigned to ids that are text.
    private var textImages = TextIdentifiers(), textCategories = TextIdentifiers()

    /// An empty index.
    init() {}

    /// - Throws: ``COCOError`` for duplicate ids, or an image whose size is negative or too large.
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

    /// Adds an image, replacing an earlier one with the same id.
    mutating func add(_ picture: Picture) throws(EntryFault) {
        if let size = picture.size {
            guard (0...Self.longestSide).contains(size.width), (0...Self.longestSide).contains(size.height)
            else { throw EntryFault(.number, "its size \(size) is negative or too large") }
        }
        sizes[picture.id] = .some(picture.size)
        if let text = picture.textID { textImages.add(text, picture.id) }
    }

    /// Adds a category, replacing an earlier one with the same id.
    mutating func add(_ category: Category) {
        categories.insert(category.id)
        if let text = category.textID { textCategories.add(text, category.id) }
    }

    /// The number of the image with that id.
    /// - Throws: `EntryFault` when there is none.
    func image(_ identifier: Identifier, _ oddities: inout [Oddity]) throws(EntryFault) -> Int {
        if let id = image(identifier) { return id }
        guard let id = identifier.counterpart.flatMap(image) else {
            throw EntryFault(.image, "image \(identifier) does not exist")
        }
        oddities.append(.otherSpelling)
        return id
    }

    /// The number of the category with that id.
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

    /// Throws when an annotation's references or numbers are invalid.
    func check(_ annotation: Annotation) throws(EntryFault) {
        try check(imageID: annotation.imageID, categoryID: annotation.categoryID)
        try annotation.box.check()
        guard annotation.keypointCount >= 0 else {
            throw EntryFault(.keypoints, "its number of keypoints is negative")
        }
        if let segmentation = annotation.segmentation { try check(segmentation, imageID: annotation.imageID) }
        if let keypoints = annotation.keypoints { try keypoints.check() }
    }

    /// Throws when the image or the category does not exist.
    func check(imageID: Int, categoryID: Int) throws(EntryFault) {
        guard sizes[imageID] != nil else { throw EntryFault(.image, "image \(imageID) does not exist") }
        guard categories.contains(categoryID) else {
            throw EntryFault(.category, "category \(categoryID) does not exist")
        }
    }

    /// Runs a check, unless a fault with that reason is known already, and appends what it throws to
    /// `faults`.
    func check(
        _ reason: SkippedEntries.Reason, _ faults: inout [EntryFault], _ body: () throws(EntryFault) -> Void
    ) {
        guard !faults.contains(where: { $0.reason == reason }) else { return }
        do { try body() } catch { faults.append(error) }
    }

    /// Throws when a mask does not have its image's size, or a polygon reaches far outside the image:
    /// outlines are walked step by step, so that a small file could otherwise cost hours.
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

    /// The area of a segmentation in pixels; nil without a segmentation, or if the image's size is not known.
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

    /// The largest width or height of an image: products of sides do not overflow.
    private static let longestSide = Int(Int32.max)
}

/// The numbers assigned to ids that are text. Such a number is not itself an id in the file.
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
    /// Another entry of the same list has the same id.
    static let duplicate = EntryFault(.identifier, "another one has the same id")
}

extension AnnotationBox {
    /// Throws when a value is not finite, or the size is negative.
    func check() throws(EntryFault) {
        guard x.isFinite, y.isFinite, width.isFinite, height.isFinite else {
            throw EntryFault(.number, "its box is not of finite numbers")
        }
        guard width >= 0, height >= 0 else { throw EntryFault(.number, "its box has a negative size") }
    }
}

extension [AnnotationKeypoint] {
    /// Throws when a value of a keypoint is not finite.
    func check() throws(EntryFault) {
        for keypoint in self {
            guard keypoint.x.isFinite, keypoint.y.isFinite, keypoint.visibility.isFinite else {
                throw EntryFault(.keypoints, "its keypoints are not finite numbers")
            }
        }
    }
}
