import Geometry
import Tensors

/// A drawn image with exact annotations.
package struct Scene: Sendable {
    /// The image, as the simulated camera took it.
    package let picture: Image
    /// Its objects, back to front. Their masks are disjoint.
    package let objects: [SceneObject]
}

/// One object of a scene, or one crowd of objects of one category.
package struct SceneObject: Sendable {
    /// The object's category.
    package let category: SceneCategory
    /// The object's visible pixels: those that it covers by at least half, without those covered by objects in front.
    package let mask: InstanceMask
    /// The smallest box around the mask, in pixels from the image's upper left corner; `x2` and `y2` are the outer
    /// edges of the last pixels.
    package let box: Box
    /// The 17 keypoints of a person in the order of `PersonKeypoint`; `nil` for other categories and crowds.
    ///
    /// Coordinates are continuous, with pixel centres at half-integers. The score is COCO's visibility: 2 for a visible
    /// keypoint, 1 for one hidden by another object or the person's own body, 0 for one that is not labelled, whose
    /// coordinates are 0. Keypoints outside the image are not labelled, nor, as in COCO, are any of a person of less
    /// than 32² pixels.
    package let keypoints: [Keypoint]?
    /// Whether this is a region of many objects that are not annotated individually.
    package let isCrowd: Bool
    /// The visible fraction of the object's pixels, from 0 to 1. Pixels outside the image count as not visible.
    package let visibleShare: Double
}
