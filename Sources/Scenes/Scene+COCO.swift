import COCO
import Geometry

extension SceneObject {
    /// The outline of the mask if it has one piece and no hole, otherwise nil. Its pixels, rasterised as COCO's tools
    /// do, have an IoU of at least 0.98 with the mask.
    ///
    /// Computed on each access by following the mask's border.
    package var polygons: [Polygon]? {
        isCrowd ? nil : mask.outline().map { [$0] }
    }

    /// The object as an entry of an annotation file, with polygons if the mask has an outline, otherwise with run
    /// lengths. The area is the mask's, in pixels.
    /// - Parameter exactly: whether to use run lengths always, which reproduce the mask exactly.
    package func annotation(id: Int, imageID: Int, exactly: Bool = false) -> Annotation {
        Annotation(
            id: id, imageID: imageID, categoryID: category.id, box: AnnotationBox(box),
            area: Double(mask.area),
            segmentation: (exactly ? nil : polygons).map { .polygons($0) } ?? .runLengths(RunLengths(mask)),
            isCrowd: isCrowd,
            keypoints: keypoints?.map { AnnotationKeypoint($0) }
                ?? (category == .person
                    ? [AnnotationKeypoint](
                        repeating: AnnotationKeypoint(x: 0, y: 0, visibility: 0),
                        count: PersonKeypoint.allCases.count) : nil))
    }
}

extension SceneCategory {
    /// The category as an entry of an annotation file; that of persons has the names and skeleton of COCO's keypoints.
    package var annotated: Category {
        var category = Category(id: id, name: name, supercategory: supercategory)
        if self == .person {
            category.keypoints = PersonKeypoint.allCases.map(\.name)
            // COCO counts keypoints from 1.
            category.skeleton = PersonKeypoint.skeleton.map { [$0.rawValue + 1, $1.rawValue + 1] }
        }
        return category
    }
}

/// A scene's annotations without the image, which takes much more memory.
package struct SceneRecord: Sendable {
    let size: PixelSize
    /// The annotations, without ids.
    let annotations: [Annotation]

    /// The annotations of a scene.
    /// - Parameter exactly: whether all masks are run lengths, which reproduce them exactly.
    package init(_ scene: Scene, exactly: Bool = false) {
        size = PixelSize(height: scene.picture.height, width: scene.picture.width)
        annotations = scene.objects.map { $0.annotation(id: 0, imageID: 0, exactly: exactly) }
    }
}

extension Dataset {
    /// A dataset with the categories of scenes and no images.
    package static var ofScenes: Dataset { Dataset(categories: SceneCategory.allCases.map(\.annotated)) }

    /// Adds an image and its objects, whose ids continue those already in the dataset, from 1.
    package mutating func add(_ scene: SceneRecord, id: Int, fileName: String) {
        images.append(Picture(id: id, fileName: fileName, size: scene.size))
        for var annotation in scene.annotations {
            annotation.imageID = id
            annotation.id = annotations.count + 1
            annotations.append(annotation)
        }
    }
}
