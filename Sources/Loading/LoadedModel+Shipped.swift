import Formats
import Foundation

extension LoadedModel {
    /// The small model that ships with the project: boxes, masks and keypoints of drawn scenes, trained from
    /// scratch by `make model`. Its training metrics are in ``trainingRecord()``, its accuracy in
    /// `Model/evaluation.json` beside this file.
    ///
    /// - Throws: `FileError` when the installation lacks the file, and the errors of
    ///   ``init(contentsOf:options:)``.
    public static func shipped(options: LoadingOptions = LoadingOptions()) throws -> LoadedModel {
        return try LoadedModel(contentsOf: shippedFile("small", "safetensors"), options: options)
    }

    /// The path of the shipped model's weights.
    /// - Throws: `FileError` when the installation lacks the file.
    public static var shippedPath: String { get throws { try shippedFile("small", "safetensors") } }

    private static func shippedFile(_ name: String, _ type: String) throws -> String {
        guard let path = Bundle.module.path(forResource: name, ofType: type, inDirectory: "Model") else {
            throw FileError(path: "\(name).\(type)", fault: "is missing from the installation")
        }
        return path
    }
}
