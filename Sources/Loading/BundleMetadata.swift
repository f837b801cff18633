import Formats

/// The program's name and version, for bundles and `--version`.
package let programVersion = "maskrcnn 0.1.0"

extension LoadedModel {
    /// The metadata key of a bundle for the configuration that it was recorded with.
    static let configurationKey = "configuration"

    /// The metadata of a bundle recorded with this model: producer, profile, configuration, and the hashes of
    /// weights and image.
    /// - Throws: `FileError` when the image cannot be read.
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
