import Geometry
import Tensors

/// How a mask is laid over a picture.
package struct MaskStyle {
    package let color: Color
    /// How much of the colour the object's inside takes, from 0 to 1.
    package let fill: Double
    /// How much of it the outline takes.
    package let outline: Double
    /// How far the outline reaches inwards, in pixels; at most 80.
    package let outlineWidth: Double

    package init(color: Color, fill: Double, outline: Double, outlineWidth: Double) {
        self.color = color
        self.fill = fill
        self.outline = outline
        self.outlineWidth = outlineWidth
    }
}

extension Image {
    /// Mixes a colour into the pixels of a mask: a translucent inside, and an outline within the mask along
    /// its edge. The picture's border is an edge too.
    ///
    /// Complexity: O(pixels of the mask's region that lie in the picture), whatever the picture's size.
    package mutating func paint(_ mask: InstanceMask, _ style: MaskStyle) {
        guard let part = VisiblePart(mask, width: width, height: height) else { return }
        let distances = part.distancesToEdge()
        // For each distance: the weight of what is there, in 256ths, and of the colour.
        let weights = (0...255).map { distance -> Int in
            if distance == 0 { return 0 }
            // How far the pixel's middle lies from the edge, and so how much of the pixel the outline takes:
            // its inner side is smooth.
            let depth = Double(distance) / Double(VisiblePart.unit) - 0.5
            let share = min(max(style.outlineWidth - depth + 0.5, 0), 1)
            return Int((256 * (share * style.outline + (1 - share) * style.fill)).rounded())
        }
        let color = style.color.bytes
        let (red, green, blue) = (Int(color.red), Int(color.green), Int(color.blue))
        let imageWidth = width
        pixels.withUnsafeMutableBufferPointer { pixels in
            for row in 0..<part.height {
                let distanceRow = (row + 1) * (part.width + 2) + 1
                let pixelRow = (part.top + row) * imageWidth + part.left
                for column in 0..<part.width {
                    let weight = weights[Int(distances[distanceRow + column])]
                    if weight == 0 { continue }
                    let byte = 3 * (pixelRow + column)
                    func mix(_ offset: Int, _ channel: Int) {
                        let below = Int(pixels[byte + offset])
                        pixels[byte + offset] = UInt8((below * (256 - weight) + channel * weight + 128) >> 8)
                    }
                    mix(0, red)
                    mix(1, green)
                    mix(2, blue)
                }
            }
        }
    }
}

/// The part of a mask's region that lies in a picture.
private struct VisiblePart {
    let mask: InstanceMask
    let left, top, width, height: Int

    /// `nil` if nothing of the region lies in the picture, which may be smaller than the mask's own.
    init?(_ mask: InstanceMask, width: Int, height: Int) {
        let part = mask.region.intersection(with: PixelRegion(x: 0, y: 0, width: width, height: height))
        if part.isEmpty { return nil }
        self.mask = mask
        (left, top, self.width, self.height) = (part.x, part.y, part.width, part.height)
    }

    /// What a step to a direct neighbour counts.
    static let unit: UInt8 = 3

    /// For each pixel the way to the nearest one outside the mask, along and across: 3 a straight step and 4 a
    /// slanted one, which comes within 6 % of the straight distance (Borgefors, *Distance transformations in
    /// digital images*, 1986). 0 is outside; distances end at 251. The array has a frame of zeros around it,
    /// one pixel wide: the outside begins there.
    func distancesToEdge() -> [UInt8] {
        let stride = width + 2
        var distances = [UInt8](repeating: 0, count: stride * (height + 2))
        distances.withUnsafeMutableBufferPointer { distances in
            mask.bits.withUnsafeBufferPointer { bits in
                for row in 0..<height {
                    let bitRow = (top + row - mask.region.y) * mask.region.width + left - mask.region.x
                    let distanceRow = (row + 1) * stride + 1
                    for column in 0..<width where bits[bitRow + column] != 0 {
                        let here = distanceRow + column
                        let above = here - stride
                        let straight = min(distances[above], distances[here - 1])
                        let slanted = min(distances[above - 1], distances[above + 1])
                        distances[here] = min(straight + 3, slanted + 4, 251)
                    }
                }
            }
            for row in (0..<height).reversed() {
                let distanceRow = (row + 1) * stride + 1
                for column in (0..<width).reversed() {
                    let here = distanceRow + column
                    let below = here + stride
                    let straight = min(distances[below], distances[here + 1])
                    let slanted = min(distances[below - 1], distances[below + 1])
                    distances[here] = min(distances[here], straight + 3, slanted + 4)
                }
            }
        }
        return distances
    }
}
