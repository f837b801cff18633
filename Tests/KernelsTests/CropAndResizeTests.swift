import Geometry
import Kernels
import Tensors
import Testing

/// TensorFlow's `crop_and_resize`, by its definition: the outermost points lie on the box's edges, and outside the
/// outermost positions everything is 0.
@Suite("crop_and_resize")
struct CropAndResizeTests {
    /// 10 · row + column, which interpolation reproduces at any coordinate.
    private let map = Tensor(
        shape: [5, 7, 1], elements: (0..<5).flatMap { y in (0..<7).map { Float(10 * y + $0) } })

    private func pooled(_ box: Box, size: Int, scale: Float = 1) -> [Float] {
        RoILayer.crop(CropAndResize(outputSize: size))(map, box, scale: scale).array
    }

    @Test("points from edge to edge")
    func coordinates() {
        // Rows 1, 2, 3 and columns 0.5, 2.5, 4.5.
        let expected: [Float] = [10.5, 12.5, 14.5, 20.5, 22.5, 24.5, 30.5, 32.5, 34.5]
        #expect(pooled(Box(x1: 0.5, y1: 1, x2: 4.5, y2: 3), size: 3) == expected)
        #expect(pooled(Box(x1: 2, y1: 4, x2: 18, y2: 12), size: 3, scale: 0.25) == expected)
        #expect(CropAndResize(outputSize: 3).coordinates(from: 2, to: 18, scale: 0.25) == [0.5, 2.5, 4.5])
    }

    @Test("one point lies in the middle")
    func one() {
        #expect(pooled(Box(x1: 1, y1: 0, x2: 4, y2: 3), size: 1) == [17.5])
    }

    @Test("the last position counts, what lies beyond is 0")
    func outside() {
        #expect(pooled(Box(x1: 5, y1: 3, x2: 6, y2: 4), size: 2) == [35, 36, 45, 46])
        #expect(pooled(Box(x1: 5, y1: 3, x2: 6.5, y2: 4.5), size: 2) == [35, 0, 0, 0])
        #expect(pooled(Box(x1: -0.5, y1: -1, x2: 1, y2: 1), size: 2) == [0, 0, 0, 11])
    }

    @Test("a box without area repeats one point, one that is no box is 0")
    func degenerate() {
        #expect(pooled(Box(x1: 2, y1: 2, x2: 2, y2: 2), size: 2) == [22, 22, 22, 22])
        #expect(pooled(Box(x1: .nan, y1: 2, x2: 2, y2: 2), size: 2) == [0, 0, 0, 0])
    }
}
