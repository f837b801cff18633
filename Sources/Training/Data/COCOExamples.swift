import COCO
import Formats
import Foundation
import Geometry
import Inference
import Tensors

/// The images of a dataset in COCO's format, each read from disk when it is requested.
public struct COCOExamples: ExampleSource {
    /// The classes, in the order of the file's categories.
    public let classes: ClassTable
    private let folder: PictureFolder
    private let annotationPath: String
    private let pictures: [Picture]
    private let annotations: [Int: [Annotation]]
    private let labels: [Int: Int]

    /// The images of `dataset` that have at least one trainable object, as in torchvision, or all images.
    /// - Parameters:
    ///   - folder: the folder that contains the images.
    ///   - annotationPath: the path of the annotation file, for error messages.
    ///   - categories: the categories that become classes, in this order; nil for all.
    ///   - keepsEmptyPictures: whether images without an object are examples too.
    ///   - turning: whether images are rotated as their EXIF orientation says.
    public init(
        _ dataset: Dataset, folder: String, annotationPath: String = "the annotation file",
        categories: [COCO.Category]? = nil, keepsEmptyPictures: Bool = false,
        turning: ImageFile.Turning = .upright
    ) {
        let categories = categories ?? dataset.categories
        classes = ClassTable(names: categories.map(\.name), categories: categories.map(\.id))
        labels = Dictionary(
            categories.enumerated().map { ($1.id, $0 + 1) }, uniquingKeysWith: { first, _ in first })
        let annotations = Dictionary(grouping: dataset.annotations, by: \.imageID)
        self.annotations = annotations
        pictures = dataset.images.filter { picture in
            picture.hasPixels
                && (keepsEmptyPictures || (annotations[picture.id] ?? []).contains(where: \.isTrainable))
        }
        self.folder = PictureFolder(path: folder, turning: turning)
        self.annotationPath = annotationPath
    }

    /// The trainable objects of all images, image by image.
    var trainableAnnotations: some Sequence<Annotation> {
        pictures.lazy.flatMap { annotations[$0.id] ?? [] }.filter(\.isTrainable)
    }

    /// The number of images.
    public var count: Int { pictures.count }

    /// The size of an image as the annotations give it; 0 × 0 if they do not.
    public func size(of index: Int) -> PixelSize { pictures[index].size ?? PixelSize(height: 0, width: 0) }

    /// Reads an image and rasterises its masks.
    /// - Throws: `FileError` if the image is missing, broken, or differs in size from its annotations; `COCOError` for
    ///   an annotation whose polygon or run lengths cannot be rasterised.
    public func example(_ index: Int) throws -> Example {
        let picture = pictures[index]
        let image = try folder.image(of: picture, annotations: annotationPath)
        let size = PixelSize(height: image.height, width: image.width)
        return Example(
            image: image,
            objects: try (annotations[picture.id] ?? []).compactMap { annotation in
                guard annotation.isCrowd || annotation.isTrainable else { return nil }
                return try labelledObject(annotation, in: size)
            })
    }

    private func labelledObject(_ annotation: Annotation, in size: PixelSize) throws -> LabelledObject? {
        guard let label = labels[annotation.categoryID] else { return nil }
        let box = Box(
            x1: Float(annotation.box.x), y1: Float(annotation.box.y),
            x2: Float(annotation.box.x + annotation.box.width),
            y2: Float(annotation.box.y + annotation.box.height))
        return LabelledObject(
            label: label, box: box, mask: try annotation.segmentation?.rasterized(in: size).mask,
            keypoints: annotation.keypoints?.map {
                Keypoint(x: Float($0.x), y: Float($0.y), score: Float($0.visibility))
            },
            isCrowd: annotation.isCrowd)
    }
}

extension Annotation {
    /// Whether this is a single object, not a crowd, with a non-empty box.
    var isTrainable: Bool { !isCrowd && box.width > 0 && box.height > 0 }
}

extension Picture {
    /// False if the annotations give the image a width or height of 0.
    var hasPixels: Bool { size.map { $0.width > 0 && $0.height > 0 } ?? true }
}
