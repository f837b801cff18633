import Geometry

/// What entries of annotation and results files refer to, by id; and whether what they say can be true.
struct DatasetIndex {
    /// The sizes of the pictures by id.
    private(set) var sizes: [Int: PixelSize] = [:]
    /// The number of keypoints of the categories by id.
    private(set) var keypointCounts: [Int: Int] = [:]

    /// An index of nothing.
    init() {}

    /// - Throws: ``COCOError`` for two entries with one id.
    init(_ dataset: Dataset) throws(COCOError) {
        for picture in dataset.images {
            if let fault = add(picture) { throw COCOError(fault: fault) }
        }
        for category in dataset.categories {
            if let fault = add(category) { throw COCOError(fault: fault) }
        }
    }

    /// Adds a picture, or says why not.
    mutating func add(_ picture: Picture) -> String? {
        guard (0...Self.longestSide).contains(picture.size.width),
            (0...Self.longestSide).contains(picture.size.height)
        else { return "image \(picture.id): its size \(picture.size) is negative or too large" }
        guard sizes.updateValue(picture.size, forKey: picture.id) == nil else {
            return "image \(picture.id): its id is not the only one of its kind"
        }
        return nil
    }

    /// Adds a category, or says why not.
    mutating func add(_ category: Category) -> String? {
        guard keypointCounts.updateValue(category.keypoints.count, forKey: category.id) == nil else {
            return "category \(category.id): its id is not the only one of its kind"
        }
        return nil
    }

    /// What is wrong with the references and numbers of an annotation; nil for nothing.
    func fault(of annotation: Annotation) -> String? {
        if !annotation.area.isFinite { return "its area is not a finite number" }
        if annotation.area < 0 { return "its area is negative" }
        if annotation.keypointCount < 0 { return "its number of keypoints is negative" }
        return fault(imageID: annotation.imageID, categoryID: annotation.categoryID)
            ?? annotation.box.fault
            ?? annotation.segmentation.flatMap { fault(of: $0, imageID: annotation.imageID) }
            ?? annotation.keypoints.flatMap { fault(of: $0, categoryID: annotation.categoryID) }
    }

    /// What is wrong with references to a picture and a category.
    func fault(imageID: Int, categoryID: Int) -> String? {
        if sizes[imageID] == nil { return "image \(imageID) does not exist" }
        if keypointCounts[categoryID] == nil { return "category \(categoryID) does not exist" }
        return nil
    }

    /// What is wrong with a mask of the given picture, which must exist.
    func fault(of segmentation: Segmentation, imageID: Int) -> String? {
        guard case .runLengths(let mask) = segmentation, let size = sizes[imageID], mask.size != size else {
            return nil
        }
        return "its mask is \(mask.size) pixels, image \(imageID) has \(size)"
    }

    /// What is wrong with keypoints of the given category, which must exist.
    func fault(of keypoints: [AnnotationKeypoint], categoryID: Int) -> String? {
        for keypoint in keypoints {
            guard keypoint.x.isFinite, keypoint.y.isFinite, keypoint.visibility.isFinite else {
                return "its keypoints are not finite numbers"
            }
        }
        // Some files leave the names out; then any number will do.
        guard let expected = keypointCounts[categoryID], expected > 0, keypoints.count != expected else {
            return nil
        }
        return "it has \(keypoints.count) keypoints, category \(categoryID) has \(expected)"
    }

    /// No picture is wider or higher; products of sides do not overflow.
    private static let longestSide = Int(Int32.max)
}

extension AnnotationBox {
    /// What is wrong with a box; nil for nothing.
    var fault: String? {
        guard x.isFinite, y.isFinite, width.isFinite, height.isFinite else {
            return "its box is not of finite numbers"
        }
        return width < 0 || height < 0 ? "its box has a negative size" : nil
    }
}
