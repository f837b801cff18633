import COCO
import Foundation

/// The image that ships with the project, the default input: a scene that the shipped model was not trained on.
package enum ShippedScene {
    /// The seed of the scenes that are reserved for evaluation.
    package static let seed: UInt64 = 2
    /// The index of the shipped scene among them.
    package static let index = 378

    /// The path of its PNG file. It is shipped as a file rather than drawn, so that it does not depend on the version
    /// of Cairo.
    package static var path: String { file("scene.png") }

    /// Its annotations: a dataset of this one image, as `maskrcnn scenes --count 379 --seed 2 --run-lengths` writes it.
    /// - Throws: `COCOError` if the file is missing from the installation.
    package static func annotations() throws -> Dataset { try Dataset(contentsOf: file("annotations.json")) }

    private static func file(_ name: String) -> String {
        Bundle.module.resourceURL?.appendingPathComponent("Picture/\(name)").path ?? name
    }
}
