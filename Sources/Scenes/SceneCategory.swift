/// The categories of a scene's objects. The raw value is the category's id in COCO files, consecutive from 1. As in
/// COCO, `person` is the first and the only one with keypoints.
package enum SceneCategory: Int, CaseIterable, Sendable {
    /// An articulated figure with COCO's 17 keypoints.
    case person = 1
    /// A ring; the background is visible through its hole.
    case ring
    /// A long, thin bar at any angle.
    case rod
    /// A star with five or six points.
    case star
    /// A circle or an ellipse close to one.
    case disc
    /// A triangle.
    case triangle
    /// A rectangle at any angle.
    case box
    /// A roughly upright heart.
    case heart

    /// The category's id in COCO files, from 1.
    package var id: Int { rawValue }

    /// The category's name in COCO files.
    package var name: String { "\(self)" }

    /// COCO's `supercategory`.
    package var supercategory: String { self == .person ? "person" : "shape" }
}
