import Foundation
import Formats
import Kernels
import Loading
import Inference
import Tensors
import TestSupport

/// A file of random parameters under another framework's names, gone with the test.
final class WrittenCheckpoint {
    let path: String
    private let folder: TemporaryFolder

    /// - Parameters:
    ///   - name: of the file.
    ///   - change: the tensors by their foreign names, to be damaged.
    init(
        _ configuration: Architecture = .tiny(), keyMap: KeyMap = .torchvision,
        name: String = "model.safetensors",
        metadata: [String: String] = [:], change: (inout [String: Tensor]) -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        path = folder.path(name)
        var source = Keeping()
        _ = try Network(configuration, from: &source)
        var tensors: [String: Tensor] = [:]
        for (name, tensor) in source.tensors { tensors[keyMap.foreign(from: name) ?? name] = tensor }
        change(&tensors)
        var writer = SafetensorsWriter(metadata: metadata)
        for (name, tensor) in tensors { writer.add(name, tensor) }
        try writer.write(to: path)
    }

    /// Opens the file, which is there until that is done.
    func load(_ options: LoadingOptions = LoadingOptions()) throws -> LoadedModel {
        try withExtendedLifetime(self) { try LoadedModel(contentsOf: path, options: options) }
    }

    private struct Keeping: ParameterSource {
        var tensors: [String: Tensor] = [:]

        func contains(_ name: String) -> Bool { false }

        mutating func parameter(_ name: String, shape: [Int], initialization: Initialization) -> Tensor {
            let tensor = RandomParameters(seed: 3).parameter(
                name, shape: shape, initialization: initialization)
            tensors[name] = tensor
            return tensor
        }
    }
}

extension Architecture {
    /// Faster R-CNN, as narrow as it gets; batch norms everywhere for torchvision's second generation.
    static func tiny(isSecond: Bool = false) -> Architecture {
        let batch = Normalization.frozenBatch(epsilon: 0)
        return Architecture(
            backbone: Backbone(
                stem: 4, blocks: [1, 1, 1, 1], widths: [2, 2, 2, 2], outputs: [4, 4, 4, 4], norm: batch),
            features: .pyramid(Pyramid(channels: 4, norm: isSecond ? batch : .bias)),
            proposals: Proposals(convolutions: isSecond ? 2 : 1, channels: 4), classes: 3,
            boxes: Boxes(
                head: isSecond
                    ? .convolutions(count: 4, channels: 4, norm: batch, hidden: 5) : .twoLayers(hidden: 5)))
    }
}
