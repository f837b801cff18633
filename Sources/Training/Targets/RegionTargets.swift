import Geometry
import Kernels
import Tensors

// The targets of the mask and keypoint heads for one region. Both are defined on an m × m grid over the region,
// whatever its size (Mask R-CNN, sections 3 and 5).

/// Computes the mask target of a region from the mask of an object.
package struct MaskTargets: Hashable, Sendable {
    /// Cells along each axis, as in the mask head's output.
    package var side: Int
    /// Whether the value of pixel i is located at coordinate i + ½, as in the RoI layer.
    package var subtractsHalfPixel: Bool
    /// Whether each cell is thresholded to 0 or 1 at one half (detectron2) instead of the fraction of it that the mask
    /// covers (torchvision).
    package var areBinary: Bool

    /// Targets of the given size and conventions.
    package init(side: Int, subtractsHalfPixel: Bool, areBinary: Bool = false) {
        self.side = side
        self.subtractsHalfPixel = subtractsHalfPixel
        self.areBinary = areBinary
    }

    /// The part of `mask` in each box, by RoIAlign with as many samples per cell and axis as the cell is pixels long,
    /// rounded up.
    /// - Parameter boxes: in coordinates of the image that the mask belongs to.
    /// - Returns: `[boxes, side, side]`, values from 0 to 1.
    package func callAsFunction(_ mask: InstanceMask, in boxes: [Box]) -> Tensor {
        let align = RoIAlign(
            outputSize: side, samplesPerAxis: nil, subtractsHalfPixel: subtractsHalfPixel)
        // The mask's own region with a border of zeros suffices: the rest of the image is zero.
        let window = mask.region.grown(by: 1, within: mask.imageSize)
        guard !window.isEmpty else { return Tensor(shape: [boxes.count, side, side]) }
        let (left, top) = (Float(window.x), Float(window.y))
        let regions = boxes.map { box in
            RegionOfInterest(
                box: Box(x1: box.x1 - left, y1: box.y1 - top, x2: box.x2 - left, y2: box.y2 - top))
        }
        var targets = RoILayer.align(align)([mask.tensor(of: window)], regions: regions, scales: [1])
        if areBinary {
            targets.withUnsafeMutableElements {
                for index in $0.indices { $0[index] = $0[index] >= 0.5 ? 1 : 0 }
            }
        }
        return targets.reshaped(to: [boxes.count, side, side])
    }
}

extension InstanceMask {
    /// The mask's pixels in a window, `[height, width, 1]`.
    fileprivate func tensor(of window: PixelRegion) -> Tensor {
        Tensor(shape: [window.height, window.width, 1]) { elements in
            elements.update(repeating: 0)
            for row in 0..<region.height {
                let start = (region.y - window.y + row) * window.width + region.x - window.x
                for column in 0..<region.width where bits[row * region.width + column] != 0 {
                    elements[start + column] = 1
                }
            }
        }
    }
}

extension PixelRegion {
    fileprivate func grown(by margin: Int, within size: PixelSize) -> PixelRegion {
        guard !isEmpty else { return .empty }
        return PixelRegion(
            x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin
        )
        .intersection(with: PixelRegion(x: 0, y: 0, width: size.width, height: size.height))
    }
}

/// The index, row by row, of the cell of a `side` × `side` grid over `box` that contains a keypoint; nil if the
/// keypoint is not labelled or lies outside. A keypoint on the right or lower edge belongs to the last cell.
package func keypointTarget(_ keypoint: Keypoint, in box: Box, side: Int) -> Int? {
    guard keypoint.score > 0 else { return nil }
    func cell(_ place: Float, _ low: Float, _ high: Float) -> Int? {
        if place == high { return side - 1 }
        let cell = ((place - low) * (Float(side) / (high - low))).rounded(.down)
        // False for NaN, which a box of no width or height produces.
        return cell >= 0 && cell < Float(side) ? Int(cell) : nil
    }
    guard let column = cell(keypoint.x, box.x1, box.x2), let row = cell(keypoint.y, box.y1, box.y2) else {
        return nil
    }
    return row * side + column
}
