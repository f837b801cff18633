import Formats
import Loading
import Verification

extension ModelOptions {
    /// Loads the model to run on the tensors of a bundle, with the configuration that the bundle says it was
    /// recorded with.
    /// - Throws: `FileError` also when no model is given and the bundle says that another one than the shipped made
    ///   it: with other weights its stages would all come out differently, for no fault of theirs.
    func load(for bundle: TensorBundle) throws -> LoadedModel {
        let loaded = try load(recorded: StatedConfiguration(bundleMetadata: bundle.metadata))
        guard weights == nil, randomWeights == nil else { return loaded }
        let maker: String
        if let hash = bundle.metadata["weights.sha256"] {
            guard let shipped = loaded.file?.sha256(), shipped != hash else { return loaded }
            maker =
                "the weights of SHA-256 \(hash.prefix(12))…, and the shipped model's is \(shipped.prefix(12))…"
        } else if bundle.metadata["producer"]?.hasPrefix("maskrcnn ") == true {
            maker = "random weights, not with the shipped model"
        } else {
            return loaded
        }
        throw FileError(path: bundle.path, fault: "was made with \(maker): say which with --weights")
    }
}
