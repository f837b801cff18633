import Geometry
import Tensors

// From a picture to the network's input (Mask R-CNN, section 3.1: the shorter side becomes 800 pixels):
//
// 1. Choose the target size.
// 2. Normalise each channel, and resize; which of the two comes first is a matter of convention.
// 3. Pad with zeros, right and below, so that every stride of the network divides the size.

/// What the first convolution sees, and how it relates to the picture.
public struct NetworkInput: Sendable {
    /// `[height, width, 3]`, padded.
    public let tensor: Tensor
    /// The resized picture, without padding: the frame of anchors, proposals and detections.
    public let size: PixelSize
    /// The picture as decoded: the frame of the results.
    public let original: PixelSize

    /// Input from elsewhere.
    public init(tensor: Tensor, size: PixelSize, original: PixelSize) {
        self.tensor = tensor
        self.size = size
        self.original = original
    }

    /// Resizes, normalises and pads a picture.
    public init(_ image: Image, conventions: Profile.Input) {
        original = PixelSize(height: image.height, width: image.width)
        size = conventions.resize.targetSize(for: original)
        let values = channelValues(conventions)
        var resized: Tensor
        switch conventions.filter {
        case .bilinearFloat: resized = image.resizedBilinear(to: size, values: values)
        case .antialiasedBytes: resized = image.resizedAntialiased(to: size).replaced(by: values)
        case .fixedPointBytes: resized = image.resizedFixedPoint(to: size).replaced(by: values)
        }
        if conventions.channelOrder == .bgr { resized.reverseChannels() }
        tensor = padded(resized, toMultipleOf: conventions.padMultiple)
    }
}

/// What each byte of red, green and blue stands for, whatever the order in which the network expects the three:
/// (value − mean) / standard deviation, `[3, 256]`.
public func channelValues(_ conventions: Profile.Input) -> [Float] {
    let isReversed = conventions.channelOrder == .bgr
    return (0..<3).flatMap { colour in
        let channel = isReversed ? 2 - colour : colour
        return (0..<256).map { byte in
            let value = conventions.whitePoint == 1 ? Float(byte) / 255 : Float(byte)
            return (value - conventions.mean[channel]) / conventions.standardDeviation[channel]
        }
    }
}

extension Image {
    /// `[height, width, 3]`, each byte replaced by what it stands for.
    fileprivate func replaced(by values: [Float]) -> Tensor {
        Tensor(shape: [height, width, 3]) { output in
            // Swift's shift binds tighter than its remainder.
            for index in output.indices { output[index] = values[(index % 3) << 8 | Int(pixels[index])] }
        }
    }
}

extension Tensor {
    /// Exchanges the first and the last of three channels.
    fileprivate mutating func reverseChannels() {
        withUnsafeMutableElements { elements in
            for start in stride(from: 0, to: elements.count, by: 3) { elements.swapAt(start, start + 2) }
        }
    }
}

/// Adds zeros to the right and below until both sides are multiples of `multiple`.
func padded(_ map: Tensor, toMultipleOf multiple: Int) -> Tensor {
    let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
    let padded = PixelSize(height: height, width: width).padded(toMultipleOf: multiple)
    let (paddedHeight, paddedWidth) = (padded.height, padded.width)
    guard (paddedHeight, paddedWidth) != (height, width) else { return map }
    return Tensor(shape: [paddedHeight, paddedWidth, channels]) { output in
        output.update(repeating: 0)
        map.withUnsafeElements { map in
            for row in 0..<height {
                let source = UnsafeBufferPointer(
                    rebasing: map[row * width * channels..<(row + 1) * width * channels])
                _ = output[(row * paddedWidth * channels)...].update(fromContentsOf: source)
            }
        }
    }
}

extension PixelSize {
    /// The smallest size that holds this one and whose sides are multiples of `multiple`.
    public func padded(toMultipleOf multiple: Int) -> PixelSize {
        func up(_ length: Int) -> Int { (length + multiple - 1) / multiple * multiple }
        return PixelSize(height: up(height), width: up(width))
    }
}
