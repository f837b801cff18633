import Geometry

/// What entries of annotation and results files refer to, by id; and whether what they say can be true.
struct DatasetIndex: Sendable {
    /// The sizes of the pictures by id.
    private(set) var sizes: [Int: PixelSize] = [:]
    /// The number of keypoints of the categories by id.
    private(set) var keypointCounts: [Int: Int] = [:]

    /// An index of nothing.
    init() {}

    /// - Throws: ``COCOError`` for two entries with one id, or a picture of negative size.
    init(_ dataset: Dataset) throws(COCOError) {
        for picture in dataset.images {
            do { try add(picture) } catch {
                throw COCOError(fault: "image \(picture.id): \(error.message)")
            }
        }
        for category in dataset.categories {
            do { try add(category) } catch {
                throw COCOError(fault: "category \(category.id): \(error.message)")
            }
        }
    }

    /// Adds a picture whose id is new.
    mutating func add(_ picture: Picture) throws(EntryFault) {
        guard (0...Self.longestSide).contains(picture.size.width),
            (0...Self.longestSide).contains(picture.size.height)
        else { throw EntryFault(.number, "its size \(picture.size) is negative or too large") }
        guard sizes[picture.id] == nil else { throw .duplicate }
        sizes[picture.id] = picture.size
    }

    /// Adds a category whose id is new.
    mutating func add(_ category: Category) throws(EntryFault) {
        guard keypointCounts[category.id] == nil else { throw .duplicate }
        keypointCounts[category.id] = category.keypoints.count
    }

    /// Throws when the references or numbers of an annotation cannot be true.
    func check(_ annotation: Annotation) throws(EntryFault) {
        try check(imageID: annotation.imageID, categoryID: annotation.categoryID)
        try annotation.box.check()
        guard annotation.area.isFinite else { throw EntryFault(.number, "its area is not a finite number") }
        guard annotation.area >= 0 else { throw EntryFault(.number, "its area is negative") }
        guard annotation.keypointCount >= 0 else {
            throw EntryFault(.keypoints, "its number of keypoints is negative")
        }
        if let segmentation = annotation.segmentation { try check(segmentation, imageID: annotation.imageID) }
        if let keypoints = annotation.keypoints { try check(keypoints, categoryID: annotation.categoryID) }
    }

    /// Throws when a picture or a category does not exist.
    func check(imageID: Int, categoryID: Int) throws(EntryFault) {
        guard sizes[imageID] != nil else { throw EntryFault(.image, "image \(imageID) does not exist") }
        guard keypointCounts[categoryID] != nil else {
            throw EntryFault(.category, "category \(categoryID) does not exist")
        }
    }

    /// Throws when a mask is not of its picture's size, or a polygon is far away from it: outlines are drawn step
    /// by step, and a small file could ask for hours of that.
    func check(_ segmentation: Segmentation, imageID: Int) throws(EntryFault) {
        guard let size = sizes[imageID] else { return }
        switch segmentation {
        case .runLengths(let mask):
            guard mask.size != size else { return }
            throw EntryFault(.segmentation, "its mask is of \(mask.size) pixels, image \(imageID) of \(size)")
        case .polygons(let polygons):
            let limit = Double(10 * max(size.height, size.width, 100))
            for polygon in polygons {
                for vertex in polygon.vertices where abs(vertex.x) > limit || abs(vertex.y) > limit {
                    throw EntryFault(.segmentation, "a polygon lies far outside of image \(imageID)")
                }
            }
        }
    }

    /// Throws when keypoints are not finite, or not as many as their category has.
    func check(_ keypoints: [AnnotationKeypoint], categoryID: Int) throws(EntryFault) {
        for keypoint in keypoints {
            guard keypoint.x.isFinite, keypoint.y.isFinite, keypoint.visibility.isFinite else {
                throw EntryFault(.keypoints, "its keypoints are not finite numbers")
            }
        }
        // Some files leave the names out; then any number will do.
        guard let expected = keypointCounts[categoryID], expected > 0, keypoints.count != expected else {
            return
        }
        throw EntryFault(
            .keypoints, "it has \(keypoints.count) keypoints, category \(categoryID) has \(expected)")
    }

    /// No picture is wider or higher: products of sides do not overflow.
    private static let longestSide = Int(Int32.max)
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
