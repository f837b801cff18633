/// What a scene's objects are. The raw value is the category's id in COCO files: consecutive from 1, and, as in
/// COCO, `person` is the first and the only one with keypoints.
package enum SceneCategory: Int, CaseIterable, Sendable {
    /// A jointed figure with COCO's 17 keypoints.
    case person = 1
    /// A shape with a hole through which what is behind it shows.
    case ring
    /// Long and thin, at any angle.
    case rod
    /// With five or six points.
    case star
    /// A circle, or almost.
    case disc
    /// With three corners.
    case triangle
    /// A rectangle, at any angle.
    case box
    /// A heart, more or less upright.
    case heart

    /// The category's id in COCO files, from 1.
    package var id: Int { rawValue }

    /// The category's name in COCO files.
    package var name: String { "\(self)" }

    /// What COCO calls the category above.
    package var supercategory: String { self == .person ? "person" : "shape" }
}
