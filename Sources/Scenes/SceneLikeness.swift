import Tensors

/// Whether a picture could be one of the drawn scenes, which are all that the shipped model has ever seen.
///
/// A drawn scene has two kinds of fine detail: edges, which are few, and a camera's noise, which is drawn for red, green
/// and blue independently. In a photograph the fine detail is light and shade, nearly everywhere, and the same in all
/// three channels. So:
///
/// 1. Each channel is filtered with `[1, −2, 1]` along both axes, which leaves only what is finer than a gradient
///    (Immerkær, *Fast noise variance estimation*, 1996).
/// 2. In each block of 16×16 pixels, numbers that exceed 2.5 times the block's median magnitude in some channel are left
///    out: they are edges.
/// 3. Of what is left, the correlation of red with green and of green with blue is taken, and their mean.
/// 4. A block with detail, and a mean correlation of 0.3 or more, is one of a photograph.
///
/// Of 700 scenes the median share of such blocks was 0.01; 699 were at 0.61 or below, and one, with
/// green, slanted stripes, at 0.83. Of 17 photographs, from a cat to a retina and a page of print, the smallest share
/// was 0.66. So a scene is rarely taken for a photograph, and not all that is unlike a scene is found: a diagram is not.
package struct SceneLikeness: Sendable {
    /// The share of blocks whose fine detail is that of a photograph, from 0 to 1; 0 for a picture without a block.
    package let photographicShare: Double

    /// The share from which on a picture is no drawn scene.
    package static let limit = 0.63

    /// Whether it could be a drawn scene.
    package var isLikely: Bool { photographicShare < Self.limit }

    private static let side = 16

    /// Measures a picture.
    package init(_ image: Image) {
        let (columns, rows) = (max(image.width - 2, 0) / Self.side, max(image.height - 2, 0) / Self.side)
        var count = 0
        for row in 0..<rows {
            for column in 0..<columns
            where Self.isPhotographic(image, x: column * Self.side + 1, y: row * Self.side + 1) {
                count += 1
            }
        }
        photographicShare = Double(count) / Double(max(columns * rows, 1))
    }

    /// Whether the block that starts at a pixel has the fine detail of a photograph.
    private static func isPhotographic(_ image: Image, x: Int, y: Int) -> Bool {
        let detail = (0..<3).map { Self.detail(image, x: x, y: y, channel: $0) }
        let medians = detail.map { numbers -> Double in
            let sorted = numbers.map(abs).sorted()
            return Double(sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
        }
        guard medians.reduce(0, +) / 3 >= 1 else { return false }
        let fine = detail[0].indices.filter { index in
            (0..<3).allSatisfy { Double(abs(detail[$0][index])) <= 2.5 * max(medians[$0], 1) }
        }
        func correlation(_ first: [Int], _ second: [Int]) -> Double {
            var (product, squares) = (0, (0, 0))
            for index in fine {
                product += first[index] * second[index]
                squares.0 += first[index] * first[index]
                squares.1 += second[index] * second[index]
            }
            let length = (Double(squares.0) * Double(squares.1)).squareRoot()
            return length > 0 ? Double(product) / length : 0
        }
        return (correlation(detail[0], detail[1]) + correlation(detail[1], detail[2])) / 2 >= 0.3
    }

    /// One channel of a block, filtered.
    private static func detail(_ image: Image, x: Int, y: Int, channel: Int) -> [Int] {
        let weights = [1, -2, 1]
        return image.pixels.withUnsafeBufferPointer { pixels in
            (0..<side * side).map { index in
                let (row, column) = (y + index / side, x + index % side)
                var sum = 0
                for down in 0..<3 {
                    let start = ((row + down - 1) * image.width + column - 1) * 3 + channel
                    let line =
                        Int(pixels[start]) - 2 * Int(pixels[start + 3]) + Int(pixels[start + 6])
                    sum += weights[down] * line
                }
                return sum
            }
        }
    }
}
