import Geometry
import Kernels
import Tensors

// From an m×m map of probabilities to pixels of the image (Mask R-CNN, section 3.1, "Inference"):
//
// 1. Surround the map with zeros, so that it fades out at the box's border.
// 2. For each pixel in the box's region, interpolate between the map's values.
// 3. The pixel belongs to the mask if the result is at least the threshold, one half by default.

/// Pastes one mask: interpolates its probabilities at the pixels of the original image, and thresholds them.
///
/// - Parameters:
///   - probabilities: `side · side` values, row by row.
///   - side: of the map.
///   - box: the detection's box, in pixels of the original image.
///   - imageSize: size of the original image.
///   - threshold: the smallest probability of a pixel inside the mask.
///   - conventions: how the map is enlarged to the box.
package func pasteMask(
    _ probabilities: UnsafeBufferPointer<Float>, side: Int, box: Box, imageSize: PixelSize, threshold: Float,
    conventions: Conventions.Output
) -> InstanceMask {
    let placement = MaskPlacement(box: box, side: side, imageSize: imageSize, pasting: conventions.pasting)
    let region = placement.region
    let smallest = conventions.pasting.smallestValue(of: probabilities)
    let bits = [UInt8](unsafeUninitializedCapacity: region.width * region.height) { bits, count in
        enlarge(probabilities, side: side, to: placement) {
            bits[$0] = max($1, smallest) >= threshold ? 1 : 0
        }
        count = region.width * region.height
    }
    return InstanceMask(imageSize: imageSize, region: region, bits: bits)
}

/// The probabilities that ``pasteMask(_:side:box:imageSize:threshold:conventions:)`` compares with the threshold, as
/// figures show them between the head's map and the mask.
/// - Returns: the pixels of the box's region, and a value for each, row by row.
package func enlargedMask(
    _ probabilities: UnsafeBufferPointer<Float>, side: Int, box: Box, imageSize: PixelSize,
    conventions: Conventions.Output
) -> (region: PixelRegion, values: [Float]) {
    let placement = MaskPlacement(box: box, side: side, imageSize: imageSize, pasting: conventions.pasting)
    var values = [Float](repeating: 0, count: placement.region.width * placement.region.height)
    let smallest = conventions.pasting.smallestValue(of: probabilities)
    enlarge(probabilities, side: side, to: placement) { values[$0] = max($1, smallest) }
    return (placement.region, values)
}

extension Conventions.Output.Pasting {
    /// A lower bound that the pixels of an enlarged map are clamped to.
    ///
    /// scikit-image's `resize`, which Matterport calls, interpolates towards zeros at the border and then clips the
    /// result to the range of its input: a map of ones stays one up to its edge. The other conventions do not clip, so
    /// masks fade at the border.
    public func smallestValue(of probabilities: some Sequence<Float>) -> Float {
        self == .resizedToBox ? probabilities.min() ?? 0 : -.infinity
    }
}

/// Steps 1 and 2: calls `body` with the index of each pixel of the placement's region, and its value.
@inline(__always)
private func enlarge(
    _ probabilities: UnsafeBufferPointer<Float>, side: Int, to placement: MaskPlacement,
    _ body: (Int, Float) -> Void
) {
    precondition(probabilities.count == side * side)
    let padded = side + 2
    var row = [Float](repeating: 0, count: padded)
    for (y, vertical) in placement.rows.enumerated() {
        // One row of the padded map between two others; its first and last value stay 0.
        for x in 0..<side {
            func value(_ paddedRow: Int) -> Float {
                paddedRow == 0 || paddedRow == padded - 1 ? 0 : probabilities[(paddedRow - 1) * side + x]
            }
            row[x + 1] =
                (1 - vertical.weight) * value(vertical.first) + vertical.weight * value(vertical.second)
        }
        row.withUnsafeBufferPointer { row in
            for (x, tap) in placement.columns.enumerated() {
                let value = (1 - tap.weight) * row[tap.first] + tap.weight * row[tap.second]
                body(y * placement.region.width + x, value)
            }
        }
    }
}

/// Which pixels a pasted mask covers, and which values of the padded map each row and column is interpolated between.
///
/// The padded map has a border of zeros around the `side` × `side` values: its index 0 is the border, index 1 the
/// first value, index `side` the last, and `side + 1` the border again.
package struct MaskPlacement: Sendable {
    /// The pixels of the image that are evaluated; all others are outside the mask.
    package let region: PixelRegion
    /// For each row of `region`, the two rows of the padded map that it is interpolated from.
    package let rows: [Tap]
    /// For each column of `region`, the two columns of the padded map that it is interpolated from.
    package let columns: [Tap]

    /// Two neighbouring indices along one axis of the padded map, with their weights.
    package struct Tap: Hashable, Sendable {
        /// Index of the neighbour before the pixel, and of the one after it.
        package let first: Int, second: Int
        /// The weight of `second`; that of `first` is 1 − `weight`.
        package let weight: Float
    }

    /// Computes which pixels a map covers, and their interpolation weights.
    ///
    /// - Parameters:
    ///   - box: the detection's box, in pixels of the original image.
    ///   - side: of the map, without the border.
    ///   - imageSize: size of the original image.
    ///   - pasting: the convention.
    package init(box: Box, side: Int, imageSize: PixelSize, pasting: Conventions.Output.Pasting) {
        let horizontal = Axis(box.x1, box.x2, side: side, length: imageSize.width, pasting)
        let vertical = Axis(box.y1, box.y2, side: side, length: imageSize.height, pasting)
        region = PixelRegion(
            x: horizontal.pixels.lowerBound, y: vertical.pixels.lowerBound,
            width: horizontal.pixels.count, height: vertical.pixels.count)
        rows = vertical.taps
        columns = horizontal.taps
    }

    private struct Axis {
        let pixels: Range<Int>
        let taps: [Tap]

        init(_ start: Float, _ end: Float, side: Int, length: Int, _ pasting: Conventions.Output.Pasting) {
            func clipped(_ lower: Int, _ upper: Int) -> Range<Int> {
                let lower = min(max(lower, 0), length)
                return lower..<max(lower, min(upper, length))
            }
            guard start.isFinite && end.isFinite && abs(start) < 1e9 && abs(end) < 1e9 else {
                (pixels, taps) = (0..<0, [])
                return
            }
            switch pasting {
            case .wholePixels:
                // The box is enlarged by the map's border of zeros, then truncated to whole pixels.
                let centre = (end + start) * 0.5
                let half = (end - start) * 0.5 * Float(Double(side + 2) / Double(side))
                let first = Int(centre - half), last = Int(centre + half)
                let size = max(last - first + 1, 1)
                pixels = clipped(first, last + 1)
                taps = pixels.map { pixel in
                    let tap = BilinearTap(output: pixel - first, inputLength: side + 2, outputLength: size)
                    return Tap(first: tap.first, second: tap.second, weight: tap.weight)
                }
            case .pixelCentres, .resizedToBox:
                pixels =
                    pasting == .pixelCentres
                    ? clipped(Int(start.rounded(.down)) - 1, Int(end.rounded(.up)) + 1)
                    : clipped(Int(start), Int(end))
                taps = pixels.map { pixel in
                    let share = (Float(pixel) + 0.5 - start) / (end - start)
                    // As a position in the padded map, whose border is 0; so is everything beyond it.
                    let place = share * Float(side) + 0.5
                    let inside = place > 0 ? min(place, Float(side + 1)) : 0  // NaN becomes 0
                    let first = min(Int(inside), side)
                    return Tap(first: first, second: first + 1, weight: inside - Float(first))
                }
            }
        }
    }
}
