import Geometry
import Kernels
import Inference
import Tensors

/// A tensor in the layout of the stage contract: channels first; 32-bit floats, 64-bit indices, images and
/// masks as bytes.
package struct ContractTensor: Sendable {
    /// The values, in row-major order.
    package enum Elements: Sendable {
        /// F32.
        case floats(Tensor)
        /// I64.
        case integers([Int64])
        /// U8.
        case bytes([UInt8])
    }

    /// The length of each axis.
    package let shape: [Int]
    /// The values, in row-major order.
    package let elements: Elements

    /// A tensor of the given values.
    package init(shape: [Int], elements: Elements) {
        self.shape = shape
        self.elements = elements
    }

    /// A tensor of floats that are already in the contract's layout.
    package init(_ tensor: Tensor) { self.init(shape: tensor.shape, elements: .floats(tensor)) }

    /// Converts a stage's value to the contract's layout.
    package init(_ value: StageValue) {
        switch value {
        case .map(let tensor), .regionMaps(let tensor): self.init(channelsFirst(tensor))
        case .anchorMap(let tensor, perAnchor: let numbers):
            let (height, width, channels) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
            let anchors = [channels / numbers] + (numbers == 1 ? [] : [numbers])
            self.init(channelsFirst(tensor).reshaped(to: anchors + [height, width]))
        case .table(let tensor): self.init(tensor)
        case .boxes(let boxes):
            self.init(
                Tensor(shape: [boxes.count, 4], elements: boxes.flatMap { [$0.x1, $0.y1, $0.x2, $0.y2] }))
        case .numbers(let numbers): self.init(Tensor(shape: [numbers.count], elements: numbers))
        case .indices(let indices):
            self.init(shape: [indices.count], elements: .integers(indices.map(Int64.init)))
        case .image(let image):
            let area = image.width * image.height
            let planes = (0..<3).flatMap { channel in (0..<area).map { image.pixels[3 * $0 + channel] } }
            self.init(shape: [3, image.height, image.width], elements: .bytes(planes))
        case .masks(let masks, let size):
            self.init(
                shape: [masks.count, size.height, size.width],
                elements: .bytes(masks.flatMap { $0.expanded() }))
        }
    }

    /// All values as floats, in this shape.
    var floats: Tensor {
        switch elements {
        case .floats(let floats): floats.reshaped(to: shape)
        case .integers(let integers): Tensor(shape: shape, elements: integers.map { Float($0) })
        case .bytes(let bytes): Tensor(shape: shape, elements: bytes.map { Float($0) })
        }
    }

    /// The minimum, mean and maximum; nil if there are no values or the mean is not finite.
    package var summary: (minimum: Double, mean: Double, maximum: Double)? {
        func summary<Number>(_ numbers: some Collection<Number>, _ double: (Number) -> Double) -> (
            Double, Double, Double
        )? {
            guard !numbers.isEmpty else { return nil }
            var (minimum, sum, maximum) = (Double.infinity, 0.0, -Double.infinity)
            for number in numbers {
                let value = double(number)
                minimum = min(minimum, value)
                maximum = max(maximum, value)
                sum += value
            }
            return (minimum, sum / Double(numbers.count), maximum)
        }
        return switch elements {
        case .floats(let tensor): tensor.withUnsafeElements { summary($0) { Double($0) } }
        case .integers(let integers): summary(integers) { Double($0) }
        case .bytes(let bytes): summary(bytes) { Double($0) }
        }
    }
}
