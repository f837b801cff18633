import Tensors
import Testing

extension Image {
    /// Red, green and blue of the pixel in a column and a row.
    func rgb(_ x: Int, _ y: Int) -> [Int] {
        let start = 3 * (y * width + x)
        return pixels[start..<start + 3].map(Int.init)
    }
}

/// An image of the given pixels.
func image(_ width: Int, _ height: Int, _ pixels: [UInt8]) -> Image {
    Image(width: width, height: height, pixels: pixels)
}

/// Expects colours that differ by no more than `tolerance` in any channel.
func expectClose(
    _ found: [Int], _ expected: [Int], within tolerance: Int,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    let isClose = zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance }
    #expect(isClose, "\(found) is not \(expected) within \(tolerance)", sourceLocation: sourceLocation)
}
