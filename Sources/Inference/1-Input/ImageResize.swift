import Execution
import Geometry
import Tensors

// Four ways to resize an image, each bit-exact with the library that a framework uses. They differ most when
// downscaling: three interpolate between 2×2 input pixels whatever the scale, and alias; Pillow's averages over all
// input pixels that an output pixel covers.
//
// All are separable and sample output pixel i at input index (i + ½) · in / out − ½ (pixel centres at half-integer
// coordinates, `align_corners=False`). Rows are processed in parallel; the result does not depend on the number of
// threads.

/// The resampling filter, which also determines whether an image is resized before or after normalisation.
public enum ResizeFilter: String, Hashable, Sendable, CaseIterable {
    /// PyTorch's `interpolate`: bilinear between the four nearest pixels, in Float32, on the normalised
    /// image (torchvision). See `Tensor.resizedBilinear(to:)`.
    case bilinearFloat
    /// Pillow's `BILINEAR`: a triangle as wide as the shrinking asks for, rounded to bytes after each axis, on
    /// the image as decoded (detectron2). See `Image.resizedAntialiased(to:axes:)`.
    case antialiasedBytes
    /// The same filter as of Pillow 13, which at times resizes the other axis first: an image that loses
    /// more than twice as many rows as columns differs by one level in places.
    case antialiasedBytesPillow13
    /// OpenCV's `INTER_LINEAR`: bilinear between the four nearest pixels, in fixed point, on the image as
    /// decoded (MMDetection). See `Image.resizedFixedPoint(to:)`.
    case fixedPointBytes
    /// scikit-image's `resize` of order 1 with zeros around the image: bilinear between the four nearest pixels in
    /// Double, truncated to bytes, on the original image (Matterport). See `Image.resizedTruncating(to:)`.
    case truncatedBytes
}

// MARK: - PyTorch: bilinear in Float32

extension Tensor {
    /// Resizes a map `[height, width, channels]` as `torch.nn.functional.interpolate` does with `mode="bilinear"` and
    /// `align_corners=False` on a processor with fused multiply-add. (Where the new height and width sum to 128 or
    /// less, PyTorch adds in another order: the last bit may differ.)
    /// - Parameter size: at least one pixel along each axis, as in all functions here.
    package func resizedBilinear(to size: PixelSize) -> Tensor {
        precondition(shape.count == 3, "a map of shape \(shape)")
        return withUnsafeElements { elements in
            let source = TensorSamples(elements: elements, channels: shape[2])
            return bilinear(
                source, from: PixelSize(height: shape[0], width: shape[1]), to: size, channels: shape[2])
        }
    }
}

extension Image {
    /// Resizes the image and converts it to floats, `[height, width, 3]`: the same numbers as mapping each byte through
    /// `values` first and then calling `Tensor.resizedBilinear`, without storing the full-size float image in between.
    /// - Parameter values: `[3, 256]`, the float that each byte value of each channel maps to, for example normalised.
    package func resizedBilinear(to size: PixelSize, values: [Float]) -> Tensor {
        precondition(values.count == 3 * 256, "\(values.count) values for three channels of bytes")
        return pixels.withUnsafeBufferPointer { pixels in
            values.withUnsafeBufferPointer { values in
                bilinear(
                    ByteSamples(pixels: pixels, values: values),
                    from: PixelSize(height: height, width: width),
                    to: size, channels: 3)
            }
        }
    }
}

/// A source of samples in row-major order.
private protocol Samples {
    /// The sample at the flat index `position`, whose last coordinate is `channel`.
    func sample(_ position: Int, channel: Int) -> Float
}

private struct TensorSamples: Samples {
    let elements: UnsafeBufferPointer<Float>
    let channels: Int

    func sample(_ position: Int, channel: Int) -> Float { elements[position] }
}

private struct ByteSamples: Samples {
    let pixels: UnsafeBufferPointer<UInt8>
    let values: UnsafeBufferPointer<Float>

    func sample(_ position: Int, channel: Int) -> Float { values[channel << 8 | Int(pixels[position])] }
}

private func bilinear(
    _ source: some Samples, from sourceSize: PixelSize, to size: PixelSize, channels: Int
) -> Tensor {
    let rows = floatNeighbours(from: sourceSize.height, to: size.height)
    let columns = floatNeighbours(from: sourceSize.width, to: size.width)
    return Tensor(shape: [size.height, size.width, channels]) { result in
        resample(rows: rows, rowLength: size.width * channels, into: result) { row, line in
            let start = row * sourceSize.width
            for (index, column) in columns.enumerated() {
                for channel in 0..<channels {
                    let low = source.sample((start + column.low) * channels + channel, channel: channel)
                    let high = source.sample((start + column.high) * channels + channel, channel: channel)
                    line[index * channels + channel] = blend(low, high, column)
                }
            }
        } combine: { low, high, row in
            blend(low, high, row)
        }
    }
}

/// `low · lowWeight + high · highWeight` with the second product rounded and the first not: the result of compiling
/// PyTorch's expression for a processor with fused multiply-add. Double holds the first product exactly.
private func blend(_ low: Float, _ high: Float, _ neighbours: Neighbours<Float>) -> Float {
    Float(Double(low) * Double(neighbours.lowWeight) + Double(high * neighbours.highWeight))
}

private func floatNeighbours(from count: Int, to newCount: Int) -> [Neighbours<Float>] {
    let scale = Float(count) / Float(newCount)
    return (0..<newCount).map { index in
        // Fused as well. Unfused, coordinates near 1000 would be off by 2⁻¹⁴, and so would the weights.
        let coordinate = max(Float(-0.5).addingProduct(scale, Float(index) + 0.5), 0)
        let low = min(Int(coordinate), count - 1)
        let weight = min(coordinate - Float(low), 1)
        return Neighbours(
            low: low, high: min(low + 1, count - 1), lowWeight: 1 - weight, highWeight: weight)
    }
}

// MARK: - OpenCV: bilinear in fixed point

extension Image {
    /// Resizes as OpenCV's `resize` with `INTER_LINEAR` does on bytes: weights of 11 bits, and four bits dropped
    /// between the two axes.
    package func resizedFixedPoint(to size: PixelSize) -> Image {
        let rows = fixedPointNeighbours(from: height, to: size.height, keepsOutside: true)
        let columns = fixedPointNeighbours(from: width, to: size.width, keepsOutside: false)
        let resized = [UInt8](unsafeUninitializedCapacity: size.height * size.width * 3) { result, count in
            pixels.withUnsafeBufferPointer { pixels in
                resample(rows: rows, rowLength: size.width * 3, into: result) { row, line in
                    let start = row * width
                    for (index, column) in columns.enumerated() {
                        for channel in 0..<3 {
                            let low = Int32(pixels[(start + column.low) * 3 + channel])
                            let high = Int32(pixels[(start + column.high) * 3 + channel])
                            line[index * 3 + channel] =
                                (low &* column.lowWeight &+ high &* column.highWeight) >> 4
                        }
                    }
                } combine: { low, high, row in
                    let sum = (low &* row.lowWeight) >> 16 &+ (high &* row.highWeight) >> 16
                    return UInt8(truncatingIfNeeded: (sum &+ 2) >> 2)
                }
            }
            count = size.height * size.width * 3
        }
        return Image(width: size.width, height: size.height, pixels: resized)
    }
}

/// - Parameter keepsOutside: whether a coordinate beyond the border keeps its two weights, both applied to the border's
///   pixel; OpenCV does so along y but not along x, which affects the rounding.
private func fixedPointNeighbours(
    from count: Int, to newCount: Int, keepsOutside: Bool
) -> [Neighbours<Int32>] {
    let scale = 1 / (Double(newCount) / Double(count))
    return (0..<newCount).map { index in
        let coordinate = Float((Double(index) + 0.5) * scale - 0.5)
        let floor = coordinate.rounded(.down)
        let low = Int(floor)
        let isOutside = low < 0 || low >= count - 1
        let weight = isOutside && !keepsOutside ? 0 : coordinate - floor
        func fixed(_ weight: Float) -> Int32 { Int32((weight * 2048).rounded(.toNearestOrEven)) }
        return Neighbours(
            low: min(max(low, 0), count - 1), high: min(max(low + 1, 0), count - 1),
            lowWeight: fixed(1 - weight), highWeight: fixed(weight))
    }
}

// MARK: - Shared by the two bilinear filters

/// The two input samples that an output sample lies between, and their weights.
private struct Neighbours<Weight> {
    var low: Int
    var high: Int
    var lowWeight: Weight
    var highWeight: Weight
}

/// Fills `result` row by row: each from two input rows that have been resampled horizontally; when upscaling, they are
/// reused for the next output row.
/// - Parameters:
///   - horizontal: writes one input row, resampled.
///   - combine: blends two samples that lie one above the other.
private func resample<Weight, Value, Result>(
    rows: [Neighbours<Weight>], rowLength: Int, into result: UnsafeMutableBufferPointer<Result>,
    horizontal: (_ row: Int, _ line: UnsafeMutableBufferPointer<Value>) -> Void,
    combine: (_ low: Value, _ high: Value, _ row: Neighbours<Weight>) -> Result
) {
    forEachBand(of: rows.count) { band in
        var lowLine = UnsafeMutableBufferPointer<Value>.allocate(capacity: rowLength)
        var highLine = UnsafeMutableBufferPointer<Value>.allocate(capacity: rowLength)
        defer {
            lowLine.deallocate()
            highLine.deallocate()
        }
        var lowRow = -1, highRow = -1
        for index in band {
            let row = rows[index]
            if row.low == highRow {
                swap(&lowLine, &highLine)
                swap(&lowRow, &highRow)
            }
            if row.low != lowRow { horizontal(row.low, lowLine) }
            if row.high != highRow { horizontal(row.high, highLine) }
            (lowRow, highRow) = (row.low, row.high)
            let line = result.baseAddress! + index * rowLength
            for position in 0..<rowLength {
                (line + position).initialize(to: combine(lowLine[position], highLine[position], row))
            }
        }
    }
}

/// Calls `body` for bands of rows, in parallel. `body` may write only to its own rows.
func forEachBand(of count: Int, _ body: (Range<Int>) -> Void) {
    // More bands than threads, for load balance.
    let bands = min(count, 16)
    withoutActuallyEscaping(body) { body in
        nonisolated(unsafe) let body = body
        parallel(bands) { band in
            body(count * band / bands..<count * (band + 1) / bands)
        }
    }
}

// MARK: - Pillow: a triangle in fixed point

/// Which axis Pillow resizes first. It rounds to bytes in between, so that the order shows.
package enum ResizedAxes: Sendable {
    /// Columns, then rows: all versions before 13.
    case columnsFirst
    /// Rows first where the image loses more than twice as many rows as columns: Pillow 13.
    case cheaperFirst

    fileprivate func beginsWithRows(from image: Image, to size: PixelSize) -> Bool {
        let lost = image.height - size.height
        return self == .cheaperFirst && lost > 0 && lost > 2 * (image.width - size.width)
    }
}

extension Image {
    /// Resizes as Pillow's `resize` with `BILINEAR` does: along each axis, a
    /// weighted mean of all pixels under a triangle, which is two output pixels wide when the image shrinks
    /// and two input pixels wide when it grows. Rounded to bytes after each axis.
    package func resizedAntialiased(to size: PixelSize, axes: ResizedAxes = .columnsFirst) -> Image {
        axes.beginsWithRows(from: self, to: size)
            ? withHeight(size.height).withWidth(size.width) : withWidth(size.width).withHeight(size.height)
    }

    private func withWidth(_ newWidth: Int) -> Image {
        let columns = TriangleWeights(from: width, to: newWidth)
        return resampled(to: PixelSize(height: height, width: newWidth)) { pixels, row, line in
            columns.resample(pixels + row * width * 3, into: line)
        }
    }

    private func withHeight(_ newHeight: Int) -> Image {
        let rows = TriangleWeights(from: height, to: newHeight)
        return resampled(to: PixelSize(height: newHeight, width: width)) { pixels, row, line in
            rows.combine(pixels, rowLength: width * 3, at: row, into: line)
        }
    }

    /// An image whose rows `fill` computes from the bytes of this one.
    private func resampled(
        to size: PixelSize,
        fill: (UnsafePointer<UInt8>, _ row: Int, _ line: UnsafeMutablePointer<UInt8>) -> Void
    ) -> Image {
        let bytes = [UInt8](unsafeUninitializedCapacity: size.height * size.width * 3) { result, count in
            pixels.withUnsafeBufferPointer { pixels in
                forEachBand(of: size.height) { band in
                    for row in band {
                        fill(pixels.baseAddress!, row, result.baseAddress! + row * size.width * 3)
                    }
                }
            }
            count = size.height * size.width * 3
        }
        return Image(width: size.width, height: size.height, pixels: bytes)
    }
}

/// For each output sample along one axis, the input samples under its triangle and their weights, integers
/// that sum to about 2²².
private struct TriangleWeights {
    private static let precision: Int32 = 22
    private static let half: Int32 = 1 << (precision - 1)

    private var spans: [Range<Int>] = []
    /// `stride` weights per output sample, of which the first `span.count` are used.
    private var weights: [Int32]
    private let stride: Int

    init(from count: Int, to newCount: Int) {
        let scale = Double(count) / Double(newCount)
        let support = max(scale, 1)
        stride = Int(support.rounded(.up)) * 2 + 1
        weights = Array(repeating: 0, count: newCount * stride)
        for index in 0..<newCount {
            let centre = (Double(index) + 0.5) * scale
            let start = max(Int(centre - support + 0.5), 0)
            let end = min(Int(centre + support + 0.5), count)
            // The order of operations is Pillow's: the last bit decides some roundings.
            let triangle = (start..<end).map { sample in
                max(1 - abs((Double(sample) - centre + 0.5) * (1 / support)), 0)
            }
            let sum = triangle.reduce(0, +)
            for (offset, weight) in triangle.enumerated() {
                weights[index * stride + offset] = Int32(0.5 + weight / sum * Double(1 << Self.precision))
            }
            spans.append(start..<end)
        }
    }

    /// Resamples one row of interleaved RGB.
    func resample(_ row: UnsafePointer<UInt8>, into result: UnsafeMutablePointer<UInt8>) {
        weights.withUnsafeBufferPointer { weights in
            for (index, span) in spans.enumerated() {
                var red = Self.half, green = Self.half, blue = Self.half
                var pixel = row + span.lowerBound * 3
                for weight in weights[index * stride..<index * stride + span.count] {
                    red &+= Int32(pixel[0]) &* weight
                    green &+= Int32(pixel[1]) &* weight
                    blue &+= Int32(pixel[2]) &* weight
                    pixel += 3
                }
                result[index * 3] = Self.byte(red)
                result[index * 3 + 1] = Self.byte(green)
                result[index * 3 + 2] = Self.byte(blue)
            }
        }
    }

    /// Computes one output row, a weighted sum of input rows.
    func combine(
        _ rows: UnsafePointer<UInt8>, rowLength: Int, at index: Int, into result: UnsafeMutablePointer<UInt8>
    ) {
        let span = spans[index]
        var sums = [Int32](repeating: Self.half, count: rowLength)
        sums.withUnsafeMutableBufferPointer { sums in
            for (offset, row) in span.enumerated() {
                let weight = weights[index * stride + offset], row = rows + row * rowLength
                for position in 0..<rowLength { sums[position] &+= Int32(row[position]) &* weight }
            }
            for position in 0..<rowLength { result[position] = Self.byte(sums[position]) }
        }
    }

    private static func byte(_ sum: Int32) -> UInt8 { UInt8(min(max(sum >> precision, 0), 255)) }
}
