import Geometry
import Tensors

// From an image to the network's input (Mask R-CNN, section 3.1: the shorter side becomes 800 pixels):
//
// 1. Choose the target size.
// 2. Normalise each channel, and resize; the order of the two depends on the convention.
// 3. Pad so that every stride of the network divides the size: with zeros, right and below, in all frameworks but
//    Matterport's.

/// The tensor that the first convolution reads, with the sizes that relate it to the original image.
public struct NetworkInput: Sendable {
    /// `[height, width, 3]`, normalised and padded, channels in the conventions' order.
    package let tensor: Tensor
    /// Size of the resized image, without padding. Anchors, proposals and detections are in its coordinates.
    package let size: PixelSize
    /// The original image: results are in its coordinates.
    package let original: PixelSize

    /// An input that was prepared elsewhere, for example one recorded from another implementation.
    package init(tensor: Tensor, size: PixelSize, original: PixelSize) {
        self.tensor = tensor
        self.size = size
        self.original = original
    }

    /// Resizes, normalises and pads an image.
    package init(_ image: Image, conventions: Conventions.Input, settings: Settings.Input) {
        original = PixelSize(height: image.height, width: image.width)
        size = conventions.resize.targetSize(for: original, settings: settings)
        let values = channelValues(conventions)
        var resized: Tensor
        switch conventions.filter {
        case .bilinearFloat: resized = image.resizedBilinear(to: size, values: values)
        case .antialiasedBytes: resized = image.resizedAntialiased(to: size).replaced(by: values)
        case .antialiasedBytesPillow13:
            resized = image.resizedAntialiased(to: size, axes: .cheaperFirst).replaced(by: values)
        case .fixedPointBytes: resized = image.resizedFixedPoint(to: size).replaced(by: values)
        case .truncatedBytes: resized = image.resizedTruncating(to: size).replaced(by: values)
        }
        if conventions.channelOrder == .bgr { resized.reverseChannels() }
        tensor = conventions.padded(
            resized, to: conventions.paddedSize(of: size, settings: settings))
    }
}

extension Conventions.Input {
    /// The region of the network's input, whose size is `padded`, that a resized image of `size` occupies.
    public func window(of size: PixelSize, in padded: PixelSize) -> PixelRegion {
        switch padding {
        case .rightAndBelow: PixelRegion(x: 0, y: 0, width: size.width, height: size.height)
        case .aroundInSquare:
            PixelRegion(
                x: (padded.width - size.width) / 2, y: (padded.height - size.height) / 2, width: size.width,
                height: size.height)
        }
    }

    /// The size of the network's input for a resized image of `size`.
    public func paddedSize(of size: PixelSize, settings: Settings.Input) -> PixelSize {
        switch padding {
        case .rightAndBelow: return size.padded(toMultipleOf: padMultiple)
        case .aroundInSquare:
            let side = max(settings.maximumSide, size.height, size.width)
            return PixelSize(height: side, width: side).padded(toMultipleOf: padMultiple)
        }
    }

    /// Pads a resized, normalised image `[height, width, 3]` with zeros, or with what black is after normalising.
    func padded(_ picture: Tensor, to padded: PixelSize) -> Tensor {
        let size = PixelSize(height: picture.shape[0], width: picture.shape[1])
        guard padded != size else { return picture }
        let window = window(of: size, in: padded)
        // The image's channels are already in the order that `mean` and `standardDeviation` have.
        let filling = normalizesPadding ? (0..<3).map { -mean[$0] / standardDeviation[$0] } : [0, 0, 0]
        return Tensor(shape: [padded.height, padded.width, 3]) { output in
            for index in output.indices { output[index] = filling[index % 3] }
            picture.withUnsafeElements { picture in
                for row in 0..<size.height {
                    let source = UnsafeBufferPointer(
                        rebasing: picture[row * size.width * 3..<(row + 1) * size.width * 3])
                    let start = ((window.y + row) * padded.width + window.x) * 3
                    _ = output[start...].update(fromContentsOf: source)
                }
            }
        }
    }
}

/// Lookup table from bytes to normalised values, (value − mean) / standard deviation: `[3, 256]`, always in the order
/// red, green, blue.
package func channelValues(_ conventions: Conventions.Input) -> [Float] {
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
    /// `[height, width, 3]`, each byte looked up in `values`, `[3, 256]`.
    fileprivate func replaced(by values: [Float]) -> Tensor {
        Tensor(shape: [height, width, 3]) { output in
            // In Swift, `<<` binds tighter than `%`.
            for index in output.indices { output[index] = values[(index % 3) << 8 | Int(pixels[index])] }
        }
    }
}

extension Tensor {
    /// Swaps the first and the last of three channels: RGB to BGR.
    fileprivate mutating func reverseChannels() {
        withUnsafeMutableElements { elements in
            for start in stride(from: 0, to: elements.count, by: 3) { elements.swapAt(start, start + 2) }
        }
    }
}

extension PixelSize {
    /// This size with both sides rounded up to multiples of `multiple`.
    package func padded(toMultipleOf multiple: Int) -> PixelSize {
        func up(_ length: Int) -> Int { (length + multiple - 1) / multiple * multiple }
        return PixelSize(height: up(height), width: up(width))
    }
}
