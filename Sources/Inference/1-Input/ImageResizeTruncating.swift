import Geometry
import Tensors

extension Image {
    /// Resizes as scikit-image's `resize` does with `order=1`, `mode="constant"`, `preserve_range=True` and no
    /// anti-aliasing, then truncates to bytes: bilinear between the four nearest pixels in Double. Outside the image is
    /// black, so an enlarged image fades at its border, though never below its own darkest value (`clip=True`).
    package func resizedTruncating(to size: PixelSize) -> Image {
        let rows = neighbours(from: height, to: size.height)
        let columns = neighbours(from: width, to: size.width)
        let darkest = Double(pixels.min() ?? 0)
        let resized = [UInt8](unsafeUninitializedCapacity: size.height * size.width * 3) { result, count in
            pixels.withUnsafeBufferPointer { pixels in
                func value(_ row: Int, _ column: Int, _ channel: Int) -> Double {
                    (0..<height).contains(row) && (0..<width).contains(column)
                        ? Double(pixels[(row * width + column) * 3 + channel]) : 0
                }
                forEachBand(of: size.height) { band in
                    for row in band {
                        let (top, lower) = rows[row]
                        for column in 0..<size.width {
                            let (left, right) = columns[column]
                            for channel in 0..<3 {
                                let above =
                                    value(top, left, channel) * (1 - right)
                                    + value(top, left + 1, channel) * right
                                let below =
                                    value(top + 1, left, channel) * (1 - right)
                                    + value(top + 1, left + 1, channel) * right
                                let blended = max(above * (1 - lower) + below * lower, darkest)
                                // Keeps a rounding error in the last bit from truncating 200 to 199.
                                result[(row * size.width + column) * 3 + channel] = UInt8(
                                    min(blended + 1e-9, 255))
                            }
                        }
                    }
                }
            }
            count = size.height * size.width * 3
        }
        return Image(width: size.width, height: size.height, pixels: resized)
    }
}

/// For each output sample along one axis, the index of the input sample at or before it (−1 is outside the image) and
/// the weight of the next one.
private func neighbours(from count: Int, to newCount: Int) -> [(first: Int, weight: Double)] {
    (0..<newCount).map { index in
        let place = (Double(index) + 0.5) * Double(count) / Double(newCount) - 0.5
        let first = place.rounded(.down)
        return (Int(first), place - first)
    }
}
