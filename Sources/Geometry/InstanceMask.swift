/// The binary mask of one object in an image.
///
/// Only a rectangle is stored, usually the detection's box; all pixels outside it are background. A hundred
/// masks of ordinary size then take less memory than the image.
public struct InstanceMask: Hashable, Sendable {
    /// The size of the whole image.
    public let imageSize: PixelSize
    /// The rectangle of the image whose pixels are stored.
    public let region: PixelRegion
    /// `region.height · region.width` values in row-major order: 1 for the object, 0 for the background.
    public let bits: [UInt8]

    /// A mask from the pixels of `region`, which must lie inside the image; any value but 0 counts as set. An
    /// image may have up to 2³² − 1 pixels.
    public init(imageSize: PixelSize, region: PixelRegion, bits: [UInt8]) {
        precondition(
            imageSize.height >= 0 && imageSize.width >= 0
                && imageSize.height.multipliedReportingOverflow(by: imageSize.width).overflow == false
                && imageSize.height * imageSize.width <= Int(UInt32.max), "a picture of \(imageSize)")
        precondition(
            region.x >= 0 && region.y >= 0 && region.width >= 0 && region.height >= 0
                && region.width <= imageSize.width - region.x
                && region.height <= imageSize.height - region.y, "\(region) outside a picture of \(imageSize)"
        )
        precondition(
            bits.count == region.width * region.height, "\(bits.count) values for \(region)")
        self.imageSize = imageSize
        self.region = region
        self.bits = bits.allSatisfy { $0 <= 1 } ? bits : bits.map { min($0, 1) }
    }

    /// Whether the pixel belongs to the object; false outside the stored region.
    public subscript(row row: Int, column column: Int) -> Bool {
        let row = row - region.y, column = column - region.x
        guard row >= 0, row < region.height, column >= 0, column < region.width else { return false }
        return bits[row * region.width + column] != 0
    }

    /// The number of set pixels.
    public var area: Int {
        // Sums of a few thousand bytes at a time stay in 32 bits, where the loop vectorises.
        bits.withUnsafeBufferPointer { bits in
            stride(from: 0, to: bits.count, by: 1 << 16).reduce(0) { total, start in
                var sum: UInt32 = 0
                for index in start..<min(start + 1 << 16, bits.count) { sum &+= UInt32(bits[index]) }
                return total + Int(sum)
            }
        }
    }

    /// The smallest region that holds all set pixels; empty for an empty mask.
    public var bounds: PixelRegion {
        var top = region.height, bottom = 0, left = region.width, right = 0
        for row in 0..<region.height {
            let pixels = bits[row * region.width..<(row + 1) * region.width]
            guard let first = pixels.firstIndex(of: 1), let last = pixels.lastIndex(of: 1) else { continue }
            top = min(top, row)
            bottom = row + 1
            left = min(left, first - pixels.startIndex)
            right = max(right, last - pixels.startIndex + 1)
        }
        if top >= bottom { return .empty }
        return PixelRegion(
            x: region.x + left, y: region.y + top, width: right - left, height: bottom - top)
    }

    /// The mask of the whole image: `imageSize.height · imageSize.width` values of 0 or 1 in row-major order.
    public func expanded() -> [UInt8] {
        var picture = [UInt8](repeating: 0, count: imageSize.height * imageSize.width)
        for row in 0..<region.height {
            let start = (region.y + row) * imageSize.width + region.x
            picture.replaceSubrange(
                start..<start + region.width, with: bits[row * region.width..<(row + 1) * region.width])
        }
        return picture
    }
}

// MARK: - Two masks of one image

extension InstanceMask {
    /// The number of pixels that are set in both masks.
    public func intersectionArea(with other: InstanceMask) -> Int {
        precondition(
            imageSize == other.imageSize, "masks of pictures of \(imageSize) and \(other.imageSize)")
        let shared = region.intersection(with: other.region)
        return bits.withUnsafeBufferPointer { ours in
            other.bits.withUnsafeBufferPointer { theirs in
                var total = 0
                for row in shared.y..<shared.y + shared.height {
                    let our = (row - region.y) * region.width + shared.x - region.x
                    let their = (row - other.region.y) * other.region.width + shared.x - other.region.x
                    var sum: UInt32 = 0
                    for column in 0..<shared.width {
                        sum &+= UInt32(ours[our + column] & theirs[their + column])
                    }
                    total += Int(sum)
                }
                return total
            }
        }
    }

    /// The number of pixels that are set in at least one of the masks.
    public func unionArea(with other: InstanceMask) -> Int {
        area + other.area - intersectionArea(with: other)
    }

    /// Intersection over union (IoU); 0 when both masks are empty.
    public func overlap(with other: InstanceMask) -> Double {
        let shared = intersectionArea(with: other)
        return shared == 0 ? 0 : Double(shared) / Double(area + other.area - shared)
    }

    /// COCO's overlap with a crowd: the intersection divided by this mask's own area, since a crowd region
    /// contains many objects and one detection need not cover it. 0 for an empty mask.
    public func overlap(withCrowd crowd: InstanceMask) -> Double {
        let shared = intersectionArea(with: crowd)
        return shared == 0 ? 0 : Double(shared) / Double(area)
    }
}
