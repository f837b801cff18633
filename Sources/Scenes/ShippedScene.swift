import COCO
import Foundation

/// The picture that ships with the project, for whoever has none at hand: a scene that the shipped model has not
/// been trained on.
package enum ShippedScene {
    /// The seed of the scenes that are kept apart for evaluation.
    package static let seed: UInt64 = 2
    /// Which of these it is.
    package static let index = 378

    /// The PNG file. It is kept as a file, not drawn anew, so that it is the same with every version of Cairo.
    package static var path: String { file("scene.png") }

    /// What is in it: a dataset of this one picture, as `maskrcnn scenes --count 379 --seed 2 --run-lengths` writes it.
    /// - Throws: `COCOError` when the installation lacks the file.
    package static func annotations() throws -> Dataset { try Dataset(contentsOf: file("annotations.json")) }

    private static func file(_ name: String) -> String {
        Bundle.module.resourceURL?.appendingPathComponent("Picture/\(name)").path ?? name
    }
}
