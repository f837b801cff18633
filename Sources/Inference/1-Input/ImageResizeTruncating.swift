import Geometry
import Tensors

extension Image {
    /// This picture in another size, as scikit-image's `resize` with `order=1`, `mode="constant"`,
    /// `preserve_range=True` and no smoothing computes it, then cut down to bytes: bilinear between the four
    /// nearest pixels in Double. What lies outside the picture is black, so that a picture that grows fades at
    /// its border, though never below its own darkest value.
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
                                // The last bit must not turn 200 into 199.
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

/// For each output sample of an axis, the input sample before it (−1 for the one outside) and the share of the
/// next.
private func neighbours(from count: Int, to newCount: Int) -> [(first: Int, weight: Double)] {
    (0..<newCount).map { index in
        let place = (Double(index) + 0.5) * Double(count) / Double(newCount) - 0.5
        let first = place.rounded(.down)
        return (Int(first), place - first)
    }
}
