import COCO
import Formats
import Geometry
import Execution
import Inference

/// The data that a run trains on.
public struct TrainingData: Sendable {
    /// The examples.
    public let source: any ExampleSource
    /// The names and category ids of their classes.
    public let classes: ClassTable
    /// Remarks on what was left out, and on how unusual input was interpreted.
    public let remarks: [String]
    /// The numbers of targets for each head; nil for sources in which every object has all targets.
    public let targets: TargetCounts?

    /// Examples from any source, such as files in another format or drawn scenes. They must have targets for every
    /// head.
    public init(source: any ExampleSource, classes: ClassTable, remarks: [String] = []) {
        self.source = source
        self.classes = classes
        self.remarks = remarks
        targets = nil
    }

    /// Reads the dataset in `folder`. Everything that training needs is checked here, before the first step: that each
    /// image exists, that its header is valid, and that its size matches the annotations.
    ///
    /// - Parameters:
    ///   - folder: the folder that contains `annotations.json` and, in `images`, the images.
    ///   - classCount: the number of the network's classes. If the file has another number of categories, but exactly
    ///     this many with objects, only those become classes.
    ///   - skipsBroken: whether broken annotations and images are left out instead of causing an error.
    ///   - turning: whether images are rotated as their EXIF orientation says.
    /// - Throws: `COCOError` naming a broken annotation; ``TrainingError`` if there is nothing to train on or images
    ///   cannot be read, with a list of them.
    public init(
        folder: String, classCount: Int? = nil, skipsBroken: Bool = false,
        turning: ImageFile.Turning = .upright
    ) throws {
        let path = folder + "/annotations.json"
        let pictures = PictureFolder(path: folder + "/images", turning: turning)
        let file = try AnnotationFile(contentsOf: path, skipsBroken: skipsBroken)
        if let fault = EvaluationKind.allCases.compactMap({ file.faults[$0] }).first {
            throw COCOError(path: path, fault: fault)
        }
        var remarks: [String] = []
        if file.skipped.total > 0 {
            remarks.append("\(path): left out \(file.skipped) (first: \(file.skipped.first ?? ""))")
        }
        remarks += file.remarks.map { "\(path): \($0)" }
        if let remark = pictures.remark(on: file.dataset.images) { remarks.append("\(path): \(remark)") }

        var dataset = file.dataset
        let (categories, remark) = Self.categories(of: dataset, classCount: classCount)
        if let remark { remarks.append("\(path): \(remark)") }
        if let remark = try dataset.checkPictures(in: pictures, annotations: path, skipsBroken: skipsBroken) {
            remarks.append(remark)
        }
        let examples = COCOExamples(
            dataset, folder: pictures.path, annotationPath: path, categories: categories, turning: turning)
        guard examples.count > 0 else { throw TrainingError("\(path) has no picture with an object") }
        source = examples
        classes = examples.classes
        targets = TargetCounts(examples.trainableAnnotations)
        self.remarks = remarks
    }

    /// The categories that become classes, in the file's order. (Roboflow adds one without objects at the front.)
    private static func categories(
        of dataset: Dataset, classCount: Int?
    ) -> (categories: [COCO.Category], remark: String?) {
        let all = dataset.categories
        guard let classCount, all.count != classCount else { return (all, nil) }
        let occurring = Set(dataset.annotations.lazy.map(\.categoryID))
        let used = all.filter { occurring.contains($0.id) }
        guard used.count == classCount else { return (all, nil) }
        let unused = all.filter { !occurring.contains($0.id) }.map { "'\($0.name)'" }
        return (
            used,
            "no object is of \(unused.prefix(5).joined(separator: ", "))\(unused.count > 5 ? ", …" : "")"
                + ", which are no classes then"
        )
    }
}

extension Dataset {
    /// Reads the header of each image with an object, and fills in sizes that the annotations lack.
    /// - Returns: a remark on what was left out; nil if nothing was.
    /// - Throws: ``TrainingError`` with a list of the faults, unless `skipsBroken`.
    fileprivate mutating func checkPictures(
        in folder: PictureFolder, annotations path: String, skipsBroken: Bool
    ) throws -> String? {
        let wanted = Set(annotations.lazy.filter(\.isTrainable).map(\.imageID))
        let pictures = images.filter { wanted.contains($0.id) && $0.hasPixels }
        let found = parallelMap(pictures.count) { index in
            Result { try folder.size(of: pictures[index], annotations: path) }
        }
        var sizes: [Int: PixelSize] = [:]
        var faults: [String] = []
        for (picture, result) in zip(pictures, found) {
            do { sizes[picture.id] = try result.get() } catch { faults.append("\(error)") }
        }
        let shown = faults.prefix(10).joined(separator: "; ") + (faults.count > 10 ? "; …" : "")
        let summary = "\(faults.count) of \(pictures.count) pictures of \(path)"
        guard skipsBroken || faults.isEmpty else {
            throw TrainingError("\(summary) cannot be trained on (--skip-broken leaves them out): \(shown)")
        }
        images = images.compactMap { picture in
            guard wanted.contains(picture.id), picture.hasPixels else { return picture }
            guard let size = sizes[picture.id] else { return nil }
            var picture = picture
            picture.size = size
            return picture
        }
        return faults.isEmpty ? nil : "left out \(summary): \(shown)"
    }
}
