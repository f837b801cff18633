import Formats

/// The program's name and version, as bundles and `--version` have it.
package let programVersion = "maskrcnn 0.1.0"

extension LoadedModel {
    /// Under which key a bundle has the configuration that it was recorded with.
    static let configurationKey = "configuration"

    /// What a bundle's metadata says of the model and the picture that it was recorded from.
    /// - Throws: `FileError` when the picture cannot be read.
    public func bundleMetadata(imagePath: String?) throws -> [String: String] {
        var metadata = ["producer": programVersion, "profile": model.configuration.profileName]
        metadata[Self.configurationKey] = model.configuration.json()
        if let hash = file?.sha256() { metadata["weights.sha256"] = hash }
        if let imagePath {
            metadata["image.path"] = imagePath
            metadata["image.sha256"] = try fileSHA256(path: imagePath)
        }
        return metadata
    }
}
