import Testing

import Geometry

@Suite struct InstanceMaskTests {
    let size = PixelSize(height: 4, width: 6)

    /// Columns 2–4 of rows 1–2, all but one pixel set.
    var piece: InstanceMask {
        InstanceMask(
            imageSize: size, region: PixelRegion(x: 2, y: 1, width: 3, height: 2), bits: [1, 1, 0, 1, 255, 1])
    }

    @Test func expandsToThePictureAndBack() {
        let expected = mask([
            "......",
            "..##..",
            "..###.",
            "......",
        ])
        #expect(piece.expanded() == expected.bits)
        #expect(piece.area == 5 && expected.area == 5)
        #expect(piece.bounds == PixelRegion(x: 2, y: 1, width: 3, height: 2))
        #expect(expected.bounds == piece.bounds)
        #expect(piece[row: 2, column: 4] && !piece[row: 1, column: 4])
        #expect(!piece[row: -1, column: 0] && !piece[row: 100, column: 100])
    }

    @Test func comparesOnlyWhatRegionsShare() {
        let other = InstanceMask(
            imageSize: size, region: PixelRegion(x: 3, y: 0, width: 3, height: 3),
            bits: [1, 1, 1, 1, 1, 1, 0, 1, 1])
        // Shared set pixels: (row 1, column 3) and (row 2, column 4).
        #expect(piece.intersectionArea(with: other) == 2)
        #expect(other.intersectionArea(with: piece) == 2)
        #expect(piece.unionArea(with: other) == 5 + 8 - 2)
        #expect(piece.overlap(with: other) == 2.0 / 11)
        #expect(piece.overlap(withCrowd: other) == 2.0 / 5)
        #expect(other.overlap(withCrowd: piece) == 2.0 / 8)
    }

    @Test func regionsApartShareNothing() {
        let corner = InstanceMask(
            imageSize: size, region: PixelRegion(x: 0, y: 3, width: 1, height: 1), bits: [1])
        #expect(piece.intersectionArea(with: corner) == 0)
        #expect(piece.overlap(with: corner) == 0)
        #expect(corner.overlap(with: corner) == 1)
    }

    @Test func anEmptyMaskHasNoBounds() {
        let empty = InstanceMask(imageSize: size, region: .empty, bits: [])
        let zeros = InstanceMask(
            imageSize: size, region: PixelRegion(x: 1, y: 1, width: 2, height: 2), bits: [0, 0, 0, 0])
        for mask in [empty, zeros] {
            #expect(mask.area == 0 && mask.bounds == .empty)
            #expect(mask.expanded() == [UInt8](repeating: 0, count: 24))
            #expect(mask.overlap(with: mask) == 0 && mask.overlap(withCrowd: piece) == 0)
        }
    }

    @Test func largeAreasAreCounted() {
        let side = 700
        let all = InstanceMask(
            imageSize: PixelSize(height: side, width: side),
            region: PixelRegion(x: 0, y: 0, width: side, height: side),
            bits: [UInt8](repeating: 1, count: side * side))
        #expect(all.area == side * side && all.intersectionArea(with: all) == side * side)
        #expect(all.bounds == all.region)
    }
}

/// A mask drawn with `#` for set pixels.
func mask(_ rows: [String]) -> InstanceMask {
    let width = rows[0].utf8.count
    let bits = rows.joined().utf8.map { $0 == UInt8(ascii: "#") ? UInt8(1) : 0 }
    return InstanceMask(
        imageSize: PixelSize(height: rows.count, width: width),
        region: PixelRegion(x: 0, y: 0, width: width, height: rows.count), bits: bits)
}
