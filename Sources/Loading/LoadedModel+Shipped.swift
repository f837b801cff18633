import Formats
import Foundation

extension LoadedModel {
    /// The small model that ships with the project: boxes, masks and keypoints of drawn scenes, trained from
    /// nothing by `make model`. How it was trained and what it reaches is in `Training/small` of the project's
    /// folder.
    ///
    /// - Throws: `FileError` when the installation lacks the file, and as for any file of weights.
    public static func shipped(options: LoadingOptions = LoadingOptions()) throws -> LoadedModel {
        guard let path = Bundle.module.path(forResource: "small", ofType: "safetensors", inDirectory: "Model")
        else { throw FileError(path: "small.safetensors", fault: "is missing from the installation") }
        return try LoadedModel(contentsOf: path, options: options)
    }
}
