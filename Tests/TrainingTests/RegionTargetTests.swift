import Geometry
import Tensors
import TestSupport
import Testing

import Training

@Suite struct MaskTargetTests {
    /// A rectangle of ones.
    private func mask(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> InstanceMask {
        InstanceMask(
            imageSize: PixelSize(height: 16, width: 16),
            region: PixelRegion(x: x, y: y, width: width, height: height),
            bits: Array(repeating: 1, count: width * height))
    }

    private func targets(
        _ mask: InstanceMask, _ edges: [Float], side: Int, aligned: Bool = true, binary: Bool = false
    ) -> [Float] {
        MaskTargets(side: side, subtractsHalfPixel: aligned, areBinary: binary)(mask, in: boxes(edges)).array
    }

    @Test("Shares of cells are those of torchvision's project_masks_on_boxes")
    func torchvision() throws {
        let golden = try LossGoldens.read().maskTargets
        let size = PixelSize(height: golden.height, width: golden.width)
        let whole = InstanceMask(
            imageSize: size, region: PixelRegion(x: 0, y: 0, width: size.width, height: size.height),
            bits: golden.bits)
        // The same pixels in the smallest rectangle that holds them.
        let bounds = whole.bounds
        let tight = InstanceMask(
            imageSize: size, region: bounds,
            bits: (0..<bounds.height).flatMap { row in
                (0..<bounds.width).map { column -> UInt8 in
                    whole[row: bounds.y + row, column: bounds.x + column] ? 1 : 0
                }
            })
        #expect(bounds.height < size.height && tight.area == whole.area)
        for example in golden.cases {
            let expected = example.targets
            #expect(expected.contains { $0 > 0.1 && $0 < 0.9 })
            for mask in [whole, tight] {
                let targets = MaskTargets(side: example.side, subtractsHalfPixel: false)(
                    mask, in: boxes(golden.boxes))
                #expect(targets.shape == [golden.boxes.count / 4, example.side, example.side])
                // A sample's place is rounded, by at most 2e-6 pixels in a picture of 24.
                expectClose(targets.array, expected, absolute: 2e-5, "side \(example.side)")
            }
        }
    }

    @Test("A box that is exactly the mask has ones everywhere", arguments: [1, 2, 4, 8])
    func exactBox(side: Int) {
        #expect(
            targets(mask(4, 4, 8, 8), [4, 4, 12, 12], side: side) == Array(repeating: 1, count: side * side))
    }

    @Test("A cell's target is the share that the mask covers")
    func shares() {
        let mask = mask(4, 4, 8, 8)
        #expect(targets(mask, [0, 4, 16, 12], side: 2) == [0.5, 0.5, 0.5, 0.5])
        #expect(targets(mask, [0, 4, 16, 12], side: 4).prefix(4) == [0, 1, 1, 0])
        #expect(targets(mask, [2, 4, 10, 12], side: 1) == [0.75])
        expectClose(targets(mask, [0, 4, 6, 10], side: 1), [1 / 3], absolute: 1e-6)
    }

    @Test("Binary targets are one from one half on")
    func binary() {
        let mask = mask(4, 4, 8, 8)
        #expect(targets(mask, [0, 4, 16, 12], side: 2, binary: true) == [1, 1, 1, 1])
        #expect(targets(mask, [2, 4, 10, 12], side: 1, binary: true) == [1])
        #expect(targets(mask, [0, 4, 6, 10], side: 1, binary: true) == [0])
    }

    @Test("Without the half pixel, samples on the right and lower edge reach into the next pixel")
    func unaligned() {
        // Samples at 0.5, 1.5, 2.5 and 3.5; pixels 0 to 3 are one, and a sample at 3.5 sees half of pixel 4.
        #expect(targets(mask(0, 0, 4, 4), [0, 0, 4, 4], side: 2, aligned: false) == [1, 0.75, 0.75, 0.5625])
        // At the picture's edge there is no next pixel: the last one goes on.
        #expect(targets(mask(12, 12, 4, 4), [12, 12, 16, 16], side: 2, aligned: false) == [1, 1, 1, 1])
    }

    @Test("Masks at a corner of the picture are complete")
    func corners() {
        for (x, y) in [(0, 0), (12, 0), (0, 12), (12, 12)] {
            let box = [Float(x), Float(y), Float(x + 4), Float(y + 4)]
            #expect(targets(mask(x, y, 4, 4), box, side: 4) == Array(repeating: 1, count: 16))
        }
    }

    @Test("A mask without pixels and a box beside the mask give zeros")
    func empty() {
        let nothing = InstanceMask(imageSize: PixelSize(height: 16, width: 16), region: .empty, bits: [])
        #expect(targets(nothing, [0, 0, 8, 8, 4, 4, 9, 9], side: 2) == Array(repeating: 0, count: 8))
        #expect(targets(mask(0, 0, 4, 4), [8, 8, 16, 16], side: 2) == [0, 0, 0, 0])
    }
}

@Suite struct KeypointTargetTests {
    @Test("Cells are those of torchvision's keypoints_to_heatmap")
    func torchvision() throws {
        let golden = try LossGoldens.read().keypointTargets
        let regions = boxes(golden.boxes)
        let places = stride(from: 0, to: golden.keypoints.count, by: 3).map { index in
            Keypoint(
                x: golden.keypoints[index], y: golden.keypoints[index + 1], score: golden.keypoints[index + 2]
            )
        }
        let each = places.count / regions.count
        #expect(each == 13)
        for example in golden.cases {
            let found = places.enumerated().map { index, keypoint in
                keypointTarget(keypoint, in: regions[index / each], side: example.side)
            }
            #expect(found == example.cells)
            #expect(found.contains(nil) && found.contains { $0 != nil })
        }
    }

    @Test("Cells are half-open but for the last one of each axis")
    func edges() {
        let box = Box(x1: 8, y1: 16, x2: 12, y2: 24)
        func cell(_ x: Float, _ y: Float, score: Float = 2) -> Int? {
            keypointTarget(Keypoint(x: x, y: y, score: score), in: box, side: 4)
        }
        #expect(cell(8, 16) == 0)
        #expect(cell(8.99, 16) == 0)
        #expect(cell(9, 16) == 1)
        #expect(cell(8, 18) == 4)
        #expect(cell(12, 24) == 15)
        #expect(cell(12, 16) == 3)
        #expect(cell(7.99, 16) == nil)
        #expect(cell(12.01, 16) == nil)
        #expect(cell(8, 24.01) == nil)
        #expect(cell(9, 17, score: 0) == nil)
        #expect(cell(.nan, 17) == nil)
        #expect(cell(.infinity, 17) == nil)
    }

    @Test("A box without area has no cell inside")
    func noArea() {
        let line = Box(x1: 8, y1: 16, x2: 8, y2: 24)
        #expect(keypointTarget(Keypoint(x: 9, y: 20, score: 2), in: line, side: 4) == nil)
        #expect(keypointTarget(Keypoint(x: 7, y: 20, score: 2), in: line, side: 4) == nil)
    }
}
