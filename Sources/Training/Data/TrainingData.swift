import COCO
import Formats
import Geometry
import Execution
import Inference

/// What a run trains on.
public struct TrainingData: Sendable {
    /// The examples.
    public let source: any ExampleSource
    /// The names of their classes.
    public let classes: ClassTable
    /// What was left out, and how the unusual was taken, in words.
    public let remarks: [String]
    /// What the objects have to train heads on; nil for scenes, which have everything.
    public let targets: TargetCounts?

    /// Examples from anywhere: files in another format, or drawn ones. They have a target for every head.
    public init(source: any ExampleSource, classes: ClassTable, remarks: [String] = []) {
        self.source = source
        self.classes = classes
        self.remarks = remarks
        targets = nil
    }

    /// The dataset in `folder`. Everything that training needs of it is checked here, before the first step: that each
    /// picture is there, can be decoded as far as its header tells, and is of the size that the annotations say.
    ///
    /// - Parameters:
    ///   - folder: has `annotations.json` and the pictures in `images`.
    ///   - classCount: how many classes the network tells apart. Where the file has more categories, but as many as that
    ///     with objects, these are taken.
    ///   - skipsBroken: whether broken annotations and pictures are left out rather than refused.
    ///   - turning: whether pictures are turned as EXIF says.
    /// - Throws: `COCOError`, which names the annotation, when one is broken; ``TrainingError`` when there is
    ///   nothing to train on, or pictures cannot be read, with all of them in one list.
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

    /// The categories that are classes, in the order of the file. Roboflow puts one without objects in front.
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
    /// Looks at the header of each picture with an object, and notes the sizes that the annotations lack.
    /// - Returns: what was left out.
    /// - Throws: ``TrainingError`` with all faults in one list, unless broken pictures are left out.
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
