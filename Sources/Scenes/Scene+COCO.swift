import COCO
import Geometry

extension SceneObject {
    /// The outline of the mask, if it is one piece without a hole. The pixels that COCO's tools see in it agree
    /// with the mask to an intersection over union of 0.98 or more.
    ///
    /// Takes a walk along the mask's border each time.
    package var polygons: [Polygon]? {
        isCrowd ? nil : mask.outline().map { [$0] }
    }

    /// The object as an entry of an annotation file: with polygons where they say it all, with run lengths
    /// otherwise. The area is the mask's.
    /// - Parameter exactly: always with run lengths, which say every pixel.
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
    /// The category as an entry of an annotation file; a person's has the names and the skeleton of COCO's
    /// keypoints.
    package var annotated: Category {
        var category = Category(id: id, name: name, supercategory: supercategory)
        if self == .person {
            category.keypoints = PersonKeypoint.allCases.map(\.name)
            // Positions count from 1.
            category.skeleton = PersonKeypoint.skeleton.map { [$0.rawValue + 1, $1.rawValue + 1] }
        }
        return category
    }
}

/// What an annotation file says of a scene: all but the picture, which is large.
package struct SceneRecord: Sendable {
    let size: PixelSize
    /// With no ids yet.
    let annotations: [Annotation]

    /// What is said of a scene.
    /// - Parameter exactly: with all masks as run lengths, which say every pixel.
    package init(_ scene: Scene, exactly: Bool = false) {
        size = PixelSize(height: scene.picture.height, width: scene.picture.width)
        annotations = scene.objects.map { $0.annotation(id: 0, imageID: 0, exactly: exactly) }
    }
}

extension Dataset {
    /// A dataset of drawn scenes that has none yet, only their categories.
    package static var ofScenes: Dataset { Dataset(categories: SceneCategory.allCases.map(\.annotated)) }

    /// Adds a picture and its objects, whose ids go on from those before and begin at 1.
    package mutating func add(_ scene: SceneRecord, id: Int, fileName: String) {
        images.append(Picture(id: id, fileName: fileName, size: scene.size))
        for var annotation in scene.annotations {
            annotation.imageID = id
            annotation.id = annotations.count + 1
            annotations.append(annotation)
        }
    }
}
