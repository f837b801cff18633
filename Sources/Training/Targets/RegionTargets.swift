import Geometry
import Kernels
import Tensors

// What the mask and keypoint heads should have said for one region. Both live in the region's own frame, cut
// into m × m cells, whatever the size of the region (Mask R-CNN, sections 3 and 5).

/// How the mask of an object becomes the target of a region.
package struct MaskTargets: Hashable, Sendable {
    /// Cells along each axis: what the mask head puts out.
    package var side: Int
    /// Whether the value of pixel i stands at coordinate i + ½; as the RoI layer has it.
    package var subtractsHalfPixel: Bool
    /// Whether each cell is 0 or 1 (detectron2: 1 from one half on) or the share that the mask covers
    /// (torchvision).
    package var areBinary: Bool

    /// Targets of the given size and conventions.
    package init(side: Int, subtractsHalfPixel: Bool, areBinary: Bool = false) {
        self.side = side
        self.subtractsHalfPixel = subtractsHalfPixel
        self.areBinary = areBinary
    }

    /// The part of `mask` that lies in each box, by RoIAlign with as many samples a cell as it has pixels.
    /// - Parameter boxes: in the frame of the mask.
    /// - Returns: `[boxes, side, side]`, values from 0 to 1.
    package func callAsFunction(_ mask: InstanceMask, in boxes: [Box]) -> Tensor {
        let align = RoIAlign(
            outputSize: side, samplesPerAxis: nil, subtractsHalfPixel: subtractsHalfPixel)
        // Only the mask's own rectangle and a border of zeros: the rest of the picture is zero as well.
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
    /// The pixels of a window as `[height, width, 1]`.
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

/// The cell of a `side` × `side` grid over `box` that a keypoint falls into, row by row; nil for a keypoint that
/// is not labelled or lies outside. A keypoint on the right or lower edge belongs to the last cell.
package func keypointTarget(_ keypoint: Keypoint, in box: Box, side: Int) -> Int? {
    guard keypoint.score > 0 else { return nil }
    func cell(_ place: Float, _ low: Float, _ high: Float) -> Int? {
        if place == high { return side - 1 }
        let cell = ((place - low) * (Float(side) / (high - low))).rounded(.down)
        // False for NaN, which a box without area gives.
        return cell >= 0 && cell < Float(side) ? Int(cell) : nil
    }
    guard let column = cell(keypoint.x, box.x1, box.x2), let row = cell(keypoint.y, box.y1, box.y2) else {
        return nil
    }
    return row * side + column
}
