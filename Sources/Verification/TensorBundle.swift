import Formats
import Geometry
import Kernels
import Inference
import Tensors

/// The tensors of all stages of one run on an image, under the names of the stage contract.
package struct TensorBundle: Sendable {
    /// The name of this format in a file's metadata.
    package static let format = "maskrcnn-bundle/1"

    /// The file that the bundle came from, for messages.
    package let path: String
    /// The metadata: format, producer, profile, hashes of weights and image.
    package let metadata: [String: String]
    /// The sources of tensors, searched in this order.
    private let layers: [Layer]

    /// Tensors in a file or in memory.
    private enum Layer: Sendable {
        case file(TensorFile)
        case made([String: ContractTensor])

        func tensor(_ name: String) -> BundleTensor? {
            switch self {
            case .file(let file): file[name].map { .stored($0) }
            case .made(let tensors): tensors[name].map { .made($0) }
            }
        }

        var names: [String] {
            switch self {
            case .file(let file): file.names
            case .made(let tensors): tensors.keys.sorted()
            }
        }
    }

    /// Opens a bundle: a safetensors file, an npz, or a folder of npy files.
    /// - Throws: ``FileError`` when it cannot be read.
    package init(contentsOf path: String) throws {
        let file = try TensorFile(contentsOf: path)
        layers = [.file(file)]
        self.path = path
        metadata = file.metadata
        if let format = metadata["format"], format != Self.format {
            throw FileError(path: path, fault: "is of format \(quoted(format)), expected '\(Self.format)'")
        }
    }

    private init(path: String, metadata: [String: String], layers: [Layer]) {
        self.path = path
        self.metadata = metadata
        self.layers = layers
    }

    /// The bundle with some tensors replaced or added.
    package func replacing(_ tensors: [Stage: ContractTensor]) -> TensorBundle {
        let named = Dictionary(uniqueKeysWithValues: tensors.map { ($0.key.name, $0.value) })
        return TensorBundle(path: path, metadata: metadata, layers: [.made(named)] + layers)
    }

    /// The bundle, with stages that it lacks taken from another.
    package func completed(by other: TensorBundle) -> TensorBundle {
        TensorBundle(path: path, metadata: metadata, layers: layers + other.layers)
    }

    /// The stages that the bundle has, in the order of the file.
    package var stages: [Stage] {
        var seen: Set<String> = []
        return layers.flatMap(\.names).filter { seen.insert($0).inserted }.map { Stage($0) }
    }

    /// Whether the bundle has a stage.
    package func contains(_ stage: Stage) -> Bool { layers.contains { $0.tensor(stage.name) != nil } }

    /// A stage's tensor in the file; nil if there is none.
    package subscript(stage: Stage) -> StoredTensor? {
        for case .file(let file) in layers {
            if let tensor = file[stage.name] { return tensor }
        }
        return nil
    }

    // MARK: Reading in the network's layout

    /// A feature map, `[height, width, channels]`.
    package func map(_ stage: Stage) throws -> Tensor { channelsLast(try floats(stage, rank: 3)) }

    /// The feature maps of regions, `[regions, height, width, channels]`.
    package func regionMaps(_ stage: Stage) throws -> Tensor { channelsLast(try floats(stage, rank: 4)) }

    /// The outputs for each anchor, `[height, width, anchors · perAnchor]`.
    package func anchorMap(_ stage: Stage, perAnchor: Int) throws -> Tensor {
        let stored = try floats(stage, rank: perAnchor == 1 ? 3 : 4)
        let size = Array(stored.shape.suffix(2))
        let channels = stored.count / max(size[0] * size[1], 1)
        return channelsLast(stored.reshaped(to: [channels] + size))
    }

    /// A table of the given rank, in the contract's layout.
    package func table(_ stage: Stage, rank: Int) throws -> Tensor { try floats(stage, rank: rank) }

    /// Boxes, from `[N, 4]`: x1, y1, x2, y2.
    package func boxes(_ stage: Stage) throws -> [Box] {
        let numbers = try floats(stage, rank: 2)
        guard numbers.shape[1] == 4 else { throw fault(stage, "has shape \(numbers.shape), expected [N, 4]") }
        let values = numbers.array
        return (0..<numbers.shape[0]).map {
            Box(x1: values[4 * $0], y1: values[4 * $0 + 1], x2: values[4 * $0 + 2], y2: values[4 * $0 + 3])
        }
    }

    /// Numbers, from `[N]`.
    package func numbers(_ stage: Stage) throws -> [Float] { try floats(stage, rank: 1).array }

    /// Indices, from `[N]`.
    package func indices(_ stage: Stage) throws -> [Int] {
        let stored = try stored(stage)
        guard stored.shape.count == 1 else {
            throw fault(stage, "has shape \(stored.shape), expected one axis")
        }
        return try stored.integers()
    }

    /// The size of the network's input, from `input.size`.
    package func inputSize() throws -> PixelSize {
        let size = try indices(.inputSize)
        guard size.count == 2, size.allSatisfy({ $0 > 0 && $0 <= 1 << 20 }) else {
            throw fault(.inputSize, "is \(size), expected a height and a width")
        }
        return PixelSize(height: size[0], width: size[1])
    }

    /// The image.
    package func image() throws -> Image {
        let stored = try stored(.image)
        guard stored.shape.count == 3, stored.shape[0] == 3, stored.shape[1] > 0, stored.shape[2] > 0 else {
            throw fault(.image, "has shape \(stored.shape), expected [3, height, width]")
        }
        let planes = try stored.bytes()
        let (height, width) = (stored.shape[1], stored.shape[2])
        var pixels = [UInt8](repeating: 0, count: planes.count)
        for channel in 0..<3 {
            for pixel in 0..<height * width {
                pixels[3 * pixel + channel] = planes[channel * height * width + pixel]
            }
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// Masks of the whole image, from `[N, height, width]`, 0 or 1.
    package func masks(_ stage: Stage) throws -> [InstanceMask] {
        let stored = try stored(stage)
        guard stored.shape.count == 3, stored.shape.dropFirst().allSatisfy({ $0 <= 1 << 20 }) else {
            throw fault(stage, "has shape \(stored.shape), expected [rows, height, width]")
        }
        let size = PixelSize(height: stored.shape[1], width: stored.shape[2])
        let area = size.height * size.width
        let bytes = try stored.bytes()
        return (0..<(area == 0 ? 0 : stored.shape[0])).map { row in
            InstanceMask(
                imageSize: size,
                region: PixelRegion(x: 0, y: 0, width: size.width, height: size.height),
                bits: bytes[row * area..<(row + 1) * area].map { $0 == 0 ? 0 : 1 })
        }
    }

    /// The shape of a stage, in the contract's layout.
    package func shape(_ stage: Stage) throws -> [Int] { try stored(stage).shape }

    private func floats(_ stage: Stage, rank: Int) throws -> Tensor {
        let stored = try stored(stage)
        guard stored.shape.count == rank else {
            throw fault(stage, "has shape \(stored.shape), expected \(rank) axes")
        }
        // A tensor without elements takes no space in a file, whatever its other lengths claim.
        let size = stored.shape.reduce(1.0) { $0 * Double(max($1, 1)) }
        guard size <= 0x1p40, stored.shape.allSatisfy({ $0 <= 1 << 24 }) else {
            throw fault(stage, "has the impossible shape \(stored.shape)")
        }
        return try stored.floats()
    }

    private func stored(_ stage: Stage) throws -> BundleTensor {
        for layer in layers {
            if let tensor = layer.tensor(stage.name) { return tensor }
        }
        throw FileError(path: path, fault: "has no '\(stage)'")
    }

    /// All values of a stage as floats, whatever its type and number of axes.
    func anyNumbers(_ stage: Stage) throws -> Tensor { try floats(stage, rank: try shape(stage).count) }

    func fault(_ stage: Stage, _ fault: String) -> FileError {
        FileError(path: path, fault: "'\(stage)' \(fault)")
    }
}

/// A tensor of a bundle, in its file or in memory.
private enum BundleTensor {
    case stored(StoredTensor)
    case made(ContractTensor)

    var shape: [Int] {
        switch self {
        case .stored(let tensor): tensor.shape
        case .made(let tensor): tensor.shape
        }
    }

    func floats() throws -> Tensor {
        switch self {
        case .stored(let tensor): try tensor.floats()
        case .made(let tensor): tensor.floats
        }
    }

    func integers() throws -> [Int] {
        switch self {
        case .stored(let tensor): return try tensor.integers()
        case .made(let tensor):
            switch tensor.elements {
            case .floats(let floats): return floats.array.map { Int($0) }
            case .integers(let integers): return integers.map { Int($0) }
            case .bytes(let bytes): return bytes.map { Int($0) }
            }
        }
    }

    func bytes() throws -> [UInt8] {
        switch self {
        case .stored(let tensor): return try tensor.bytes()
        case .made(let tensor):
            guard case .bytes(let bytes) = tensor.elements else {
                return tensor.floats.array.map { UInt8(min(max($0, 0), 255)) }
            }
            return bytes
        }
    }
}

extension FileKind {
    /// A bundle, recognised by its metadata.
    package static let bundle = FileKind("bundle of a pipeline's tensors") { path in
        (try? TensorFile(contentsOf: path))?.metadata["format"] == TensorBundle.format
    }
}

/// Writes a bundle; the file appears as a whole, by rename.
package struct BundleWriter {
    private var writer: SafetensorsWriter

    /// A bundle with the given metadata, to which `format` is added.
    package init(metadata: [String: String]) {
        writer = SafetensorsWriter(
            metadata: metadata.merging(["format": TensorBundle.format]) { _, new in new })
    }

    /// Adds a stage.
    package mutating func add(_ stage: Stage, _ tensor: ContractTensor) {
        switch tensor.elements {
        case .floats(let floats): writer.add(stage.name, floats.reshaped(to: tensor.shape))
        case .integers(let integers): writer.add(stage.name, integers: integers, shape: tensor.shape)
        case .bytes(let bytes): writer.add(stage.name, bytes: bytes, shape: tensor.shape)
        }
    }

    /// Writes the file.
    /// - Throws: ``FileError`` when it cannot be written.
    package func write(to path: String) throws { try writer.write(to: path) }
}
