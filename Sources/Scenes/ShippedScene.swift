import Foundation
import Geometry

/// The picture that ships with the project, for whoever has none at hand: a scene that the shipped model has not
/// been trained on.
public enum ShippedScene {
    /// The seed of the scenes that are kept apart for evaluation.
    public static let seed: UInt64 = 2
    /// Which of these it is.
    public static let index = 378

    /// The PNG file. It is kept as a file, not drawn anew, so that it is the same with every version of Cairo.
    public static var path: String {
        Bundle.module.resourceURL?.appendingPathComponent("Picture/scene.png").path ?? "scene.png"
    }

    /// What is in it.
    public static var objects: [SceneObject] { SceneGenerator(seed: seed).scene(index).objects }
}
