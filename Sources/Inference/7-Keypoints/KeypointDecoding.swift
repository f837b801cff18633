import Foundation
import Geometry
import Kernels
import Tensors

// From heat maps to keypoints:
//
// 1. Enlarge each map to the size of the detection's box, rounded up, by bicubic interpolation.
// 2. The keypoint is the centre of the pixel with the largest value.
// 3. Scale its position back to the unrounded box.

/// Decodes the keypoints of every detection, in the coordinates of `boxes`.
///
/// - Parameters:
///   - heatmaps: logits, `[detections, height, width, keypoints]`.
///   - boxes: one box per detection.
///   - score: how a keypoint's score is computed.
/// - Returns: the keypoints of each detection.
package func decodeKeypoints(
    _ heatmaps: Tensor, boxes: [Box], score: Conventions.Output.KeypointScore
) -> [[Keypoint]] {
    let planes = channelsFirst(heatmaps)
    let (count, height, width) = (planes.shape[1], planes.shape[2], planes.shape[3])
    return planes.withUnsafeElements { planes in
        boxes.enumerated().map { detection, box in
            let boxWidth = max(box.width, 1), boxHeight = max(box.height, 1)
            let size = keypointMapSize(of: box)
            let rows = CubicTap.taps(inputLength: height, outputLength: size.height)
            let columns = CubicTap.taps(inputLength: width, outputLength: size.width)
            return (0..<count).map { keypoint in
                let start = (detection * count + keypoint) * height * width
                let plane = UnsafeBufferPointer(rebasing: planes[start..<start + height * width])
                let peak = Peak(of: plane, width: width, rows: rows, columns: columns)
                let x = (Float(peak.column) + 0.5) * (boxWidth / Float(columns.count))
                let y = (Float(peak.row) + 0.5) * (boxHeight / Float(rows.count))
                let value: Float
                switch score {
                case .logit: value = peak.value
                case .probability: value = 1 / plane.reduce(0) { $0 + exp($1 - peak.value) }
                }
                return Keypoint(x: x + box.x1, y: y + box.y1, score: value)
            }
        }
    }
}

/// The size that heat maps of a box are enlarged to: the box's own, rounded up to whole pixels.
/// - Parameter box: in coordinates of the resized image.
package func keypointMapSize(of box: Box) -> PixelSize {
    PixelSize(height: Int(max(box.height, 1).rounded(.up)), width: Int(max(box.width, 1).rounded(.up)))
}

/// The largest value of a plane enlarged by bicubic interpolation; the first one, row by row, if several are
/// equal.
private struct Peak {
    private(set) var value = -Float.infinity
    private(set) var row = 0
    private(set) var column = 0

    init(of plane: UnsafeBufferPointer<Float>, width: Int, rows: [CubicTap], columns: [CubicTap]) {
        // Horizontally first: every input row is enlarged to the output's width.
        let wide = plane.count / width
        let stretched = (0..<wide).map { row in
            columns.map { tap in
                let base = row * width
                return plane[base + tap.indices.0] * tap.weights.0 + plane[base + tap.indices.1]
                    * tap.weights.1
                    + plane[base + tap.indices.2] * tap.weights.2 + plane[base + tap.indices.3]
                    * tap.weights.3
            }
        }
        for (y, tap) in rows.enumerated() {
            let (a, b, c, d) = (
                stretched[tap.indices.0], stretched[tap.indices.1], stretched[tap.indices.2],
                stretched[tap.indices.3]
            )
            for x in columns.indices {
                let sum =
                    a[x] * tap.weights.0 + b[x] * tap.weights.1 + c[x] * tap.weights.2 + d[x] * tap.weights.3
                if sum > value { (value, row, column) = (sum, y, x) }
            }
        }
    }
}

/// The four input samples that one output sample of a bicubic enlargement is computed from, along one axis, with the
/// weights of Keys's kernel for a = −0.75 (as in PyTorch and OpenCV). Indices outside are clamped to the border.
struct CubicTap {
    let indices: (Int, Int, Int, Int)
    let weights: (Float, Float, Float, Float)

    static func taps(inputLength: Int, outputLength: Int) -> [CubicTap] {
        let scale = Float(inputLength) / Float(outputLength)
        return (0..<outputLength).map { output in
            // One rounding, as in PyTorch on a processor with fused multiply-add.
            let place = Float(-0.5).addingProduct(scale, Float(output) + 0.5)
            let first = place.rounded(.down)
            return CubicTap(first: Int(first), fraction: place - first, inputLength: inputLength)
        }
    }

    private init(first: Int, fraction t: Float, inputLength: Int) {
        func inside(_ index: Int) -> Int { min(max(index, 0), inputLength - 1) }
        indices = (inside(first - 1), inside(first), inside(first + 1), inside(first + 2))
        let a: Float = -0.75
        func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
        func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        weights = (far(t + 1), near(t), near(1 - t), far(2 - t))
    }
}
