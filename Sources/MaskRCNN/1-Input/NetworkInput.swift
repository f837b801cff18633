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
        size = conventions.resize.size(of: original)
        let channels = ChannelNormalization(conventions)
        let resized: Tensor
        switch conventions.filter {
        case .bilinearFloat: resized = resizedBilinearFloat(channels.normalized(image), to: size)
        case .antialiasedBytes: resized = channels.normalized(resizedAntialiased(image, to: size))
        case .fixedPointBytes: resized = channels.normalized(resizedFixedPoint(image, to: size))
        }
        tensor = padded(resized, toMultipleOf: conventions.padMultiple)
    }
}

/// Brings bytes to the values that the network was trained on: (value − mean) / standard deviation, channel by
/// channel.
struct ChannelNormalization {
    /// The normalised value of each byte, for each of the network's channels, and the byte that it reads.
    private let tables: [[Float]]
    private let source: [Int]

    init(_ conventions: Profile.Input) {
        source = conventions.channelOrder == .rgb ? [0, 1, 2] : [2, 1, 0]
        tables = (0..<3).map { channel in
            (0..<256).map { byte in
                let value = conventions.whitePoint == 1 ? Float(byte) / 255 : Float(byte)
                return (value - conventions.mean[channel]) / conventions.standardDeviation[channel]
            }
        }
    }

    /// `[height, width, 3]`, in the network's order of channels.
    func normalized(_ image: Image) -> Tensor {
        Tensor(shape: [image.height, image.width, 3]) { output in
            image.pixels.withUnsafeBufferPointer { pixels in
                for channel in 0..<3 {
                    let (offset, table) = (source[channel], tables[channel])
                    for pixel in 0..<pixels.count / 3 {
                        output[3 * pixel + channel] = table[Int(pixels[3 * pixel + offset])]
                    }
                }
            }
        }
    }
}

/// Adds zeros to the right and below until both sides are multiples of `multiple`.
func padded(_ map: Tensor, toMultipleOf multiple: Int) -> Tensor {
    func up(_ length: Int) -> Int { (length + multiple - 1) / multiple * multiple }
    let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
    let (paddedHeight, paddedWidth) = (up(height), up(width))
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
