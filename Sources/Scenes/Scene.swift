import Geometry
import Tensors

/// A drawn picture, and everything that is known about it because it was drawn.
package struct Scene: Sendable {
    /// The picture.
    package let picture: Image
    /// Its objects, from the rearmost to the foremost. Their masks are disjoint.
    package let objects: [SceneObject]
}

/// One object of a scene, or one region crowded with objects of one category.
package struct SceneObject: Sendable {
    /// What it is.
    package let category: SceneCategory
    /// The pixels where it is seen: those it covers by half or more, without those covered by what is in front.
    package let mask: InstanceMask
    /// The smallest box around the mask: `x2 = x1 + width`, in pixels from the picture's upper left corner.
    package let box: Box
    /// Of a person, the 17 points in the order of `PersonKeypoint`; `nil` for all else and for crowds.
    ///
    /// Coordinates are continuous. The score is COCO's visibility: 2 for a visible point, 1 for one behind
    /// another object or the person's own body, 0 for one outside the picture, whose coordinates are 0. As in
    /// COCO, persons of less than 32² pixels have no points labelled: all are 0.
    package let keypoints: [Keypoint]?
    /// Whether this is a region with many objects that are not told apart.
    package let isCrowd: Bool
    /// The share of the object's pixels that is seen, from 0 to 1. What the picture's border cuts off counts
    /// as not seen.
    package let visibleShare: Double
}
