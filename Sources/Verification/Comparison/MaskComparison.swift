/// The differences between paired masks.
package struct MaskComparison: Sendable, Equatable {
    /// The number of mask pairs compared.
    package internal(set) var count = 0
    /// The mean IoU over all pairs; 1 for two empty masks.
    package internal(set) var meanOverlap = 1.0
    /// The smallest IoU of a pair.
    package internal(set) var smallestOverlap = 1.0
    /// The number of pixels that belong to only one mask of a pair, over all pairs.
    package internal(set) var differingPixels = 0
    /// The largest distance, in pixels, from a pixel on the border of one mask to the nearest one on the
    /// border of the other. Distances beyond ``farthest`` count as ``farthest``.
    package internal(set) var largestBoundaryDistance = 0.0
    /// The mean of these distances over all border pixels.
    package internal(set) var meanBoundaryDistance = 0.0
    /// The pair with the smallest IoU, as rows of the reference and the candidate; nil when all pairs are
    /// equal.
    package internal(set) var worst: RowPairing.Pair?
    /// Whether a value other than 0 and 1 occurs.
    package internal(set) var hasOtherValues = false

    /// The largest distance, in pixels, at which the other border is searched.
    package static let farthest = 16

    /// A comparison of `count` pairs of equal masks.
    package init(count: Int = 0) { self.count = count }
}

extension MaskComparison {
    /// Compares masks of the same size, `[rows, height, width]`; every value but 0 belongs to the mask.
    package init(
        reference: [UInt8], candidate: [UInt8], height: Int, width: Int, pairs: [RowPairing.Pair]
    ) {
        var (overlaps, distances, borderPixels) = (0.0, 0.0, 0)
        reference.withUnsafeBufferPointer { reference in
            candidate.withUnsafeBufferPointer { candidate in
                let area = height * width
                for pair in pairs {
                    let a = MaskPlane(reference, row: pair.reference, height: height, width: width)
                    let b = MaskPlane(candidate, row: pair.candidate, height: height, width: width)
                    let counts = a.counts(with: b, area: area)
                    if counts.largest > 1 { hasOtherValues = true }
                    let union = counts.both + counts.different
                    let overlap = union == 0 ? 1 : Double(counts.both) / Double(union)
                    overlaps += overlap
                    if overlap < smallestOverlap {
                        smallestOverlap = overlap
                        worst = pair
                    }
                    differingPixels += counts.different
                    guard counts.different > 0 else { continue }
                    for (from, to) in [(a, b), (b, a)] {
                        let border = from.distances(to: to)
                        distances += border.sum
                        borderPixels += border.count
                        largestBoundaryDistance = max(largestBoundaryDistance, border.largest)
                    }
                }
            }
        }
        count = pairs.count
        if count > 0 { meanOverlap = overlaps / Double(count) }
        if borderPixels > 0 { meanBoundaryDistance = distances / Double(borderPixels) }
    }
}

/// One mask of a stack.
private struct MaskPlane {
    let pixels: UnsafeBufferPointer<UInt8>
    let height: Int
    let width: Int

    init(_ masks: UnsafeBufferPointer<UInt8>, row: Int, height: Int, width: Int) {
        let area = height * width
        pixels = UnsafeBufferPointer(rebasing: masks[row * area..<(row + 1) * area])
        self.height = height
        self.width = width
    }

    /// The numbers of pixels in both masks and in only one of them, and the largest value.
    func counts(with other: MaskPlane, area: Int) -> (both: Int, different: Int, largest: UInt8) {
        var (both, different, largest) = (0, 0, UInt8(0))
        // At most 255 vectors at a time, so that 8-bit counters per lane suffice.
        let (a, b) = (UnsafeRawBufferPointer(pixels), UnsafeRawBufferPointer(other.pixels))
        let (one, zero) = (SIMD32<UInt8>(repeating: 1), SIMD32<UInt8>.zero)
        var start = 0
        while start + 32 <= area {
            let end = min(start + 255 * 32, area / 32 * 32)
            var (bothLanes, differentLanes, largestLanes) = (zero, zero, zero)
            for index in stride(from: start, to: end, by: 32) {
                let x = a.loadUnaligned(fromByteOffset: index, as: SIMD32<UInt8>.self)
                let y = b.loadUnaligned(fromByteOffset: index, as: SIMD32<UInt8>.self)
                largestLanes = pointwiseMax(largestLanes, pointwiseMax(x, y))
                let (inX, inY) = (pointwiseMin(x, one), pointwiseMin(y, one))
                bothLanes &+= inX & inY
                differentLanes &+= inX ^ inY
            }
            for lane in 0..<32 {
                both += Int(bothLanes[lane])
                different += Int(differentLanes[lane])
            }
            largest = max(largest, largestLanes.max())
            start = end
        }
        for index in start..<area {
            let (x, y) = (pixels[index], other.pixels[index])
            both += x != 0 && y != 0 ? 1 : 0
            different += (x != 0) != (y != 0) ? 1 : 0
            largest = max(largest, max(x, y))
        }
        return (both, different, largest)
    }

    /// Whether the pixel belongs to the mask and one of its four neighbours does not.
    private func isBorder(_ y: Int, _ x: Int) -> Bool {
        guard pixels[y * width + x] != 0 else { return false }
        if y == 0 || x == 0 || y == height - 1 || x == width - 1 { return true }
        let index = y * width + x
        return pixels[index - 1] == 0 || pixels[index + 1] == 0 || pixels[index - width] == 0
            || pixels[index + width] == 0
    }

    /// The distances from this mask's border to the other's: their number, sum and largest.
    func distances(to other: MaskPlane) -> (count: Int, sum: Double, largest: Double) {
        var (count, sum, largest) = (0, 0.0, 0.0)
        for y in 0..<height {
            for x in 0..<width where isBorder(y, x) {
                let distance = other.distanceToBorder(y, x)
                count += 1
                sum += distance
                largest = max(largest, distance)
            }
        }
        return (count, sum, largest)
    }

    /// The distance from a pixel to the nearest border pixel, searched in growing squares.
    private func distanceToBorder(_ y: Int, _ x: Int) -> Double {
        if isBorder(y, x) { return 0 }
        var nearest = Int.max
        let farthest = MaskComparison.farthest
        for radius in 1...farthest {
            // All pixels on larger squares are at least that far away.
            if nearest <= radius * radius { break }
            for row in max(y - radius, 0)...min(y + radius, height - 1) {
                let isEdge = abs(row - y) == radius
                for column in stride(from: x - radius, through: x + radius, by: isEdge ? 1 : 2 * radius)
                where column >= 0 && column < width && isBorder(row, column) {
                    nearest = min(nearest, (row - y) * (row - y) + (column - x) * (column - x))
                }
            }
        }
        return nearest == .max ? Double(farthest) : min(Double(nearest).squareRoot(), Double(farthest))
    }
}
