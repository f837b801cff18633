import Testing

import Geometry

@Suite struct RunLengthsTests {
    struct Case: Decodable { var name: String, rows: [String], compressed: String, area: Int, box: [Int] }

    @Test func theDrawingAtTheTopOfTheFile() throws {
        let drawn = mask([".#.", ".##", ".##"])
        #expect(RunLengths(drawn).counts == [3, 3, 1, 2])
    }

    // pycocotools: encode, area, toBbox.
    @Test func masksEncodeAsInCOCO() throws {
        let cases: [Case] = try fixture("masks")
        #expect(cases.count > 10)
        for example in cases {
            let drawn = mask(example.rows)
            let runs = RunLengths(drawn)
            #expect(runs.compressed == example.compressed, "\(example.name)")
            #expect(runs.area == example.area && drawn.area == example.area, "\(example.name)")
            let box = PixelRegion(
                x: example.box[0], y: example.box[1], width: example.box[2], height: example.box[3])
            #expect(runs.bounds == box && drawn.bounds == box, "\(example.name)")

            let read = try RunLengths(size: drawn.imageSize, compressed: example.compressed)
            #expect(read == runs, "\(example.name)")
            #expect(read.mask.expanded() == drawn.bits, "\(example.name)")
            #expect(read.mask.region == box, "\(example.name)")
        }
    }

    @Test func aRegionEncodesAsItsExpansion() throws {
        let cases: [Case] = try fixture("masks")
        for example in cases where example.area > 0 {
            let drawn = mask(example.rows)
            let tight = try RunLengths(size: drawn.imageSize, compressed: example.compressed).mask
            // The same object somewhere in a larger picture, touching each border in turn.
            for (x, y) in [(0, 0), (5, 0), (0, 3), (5, 3), (2, 1)] {
                let size = PixelSize(height: tight.region.height + 3, width: tight.region.width + 5)
                let region = PixelRegion(x: x, y: y, width: tight.region.width, height: tight.region.height)
                let moved = InstanceMask(imageSize: size, region: region, bits: tight.bits)
                let whole = InstanceMask(
                    imageSize: size, region: PixelRegion(x: 0, y: 0, width: size.width, height: size.height),
                    bits: moved.expanded())
                #expect(RunLengths(moved) == RunLengths(whole), "\(example.name)")
                #expect(RunLengths(moved).mask == moved, "\(example.name)")
            }
        }
    }

    // pycocotools: iou, merge.
    @Test func pairsCompareAsInCOCO() throws {
        struct Pairs: Decodable {
            var height: Int, width: Int, masks: [String]
            var overlap: [Double], crowdOverlap: [Double], union: [String], intersection: [String]
        }
        let expected: Pairs = try fixture("mask-pairs")
        let size = PixelSize(height: expected.height, width: expected.width)
        let all = try expected.masks.map { try RunLengths(size: size, compressed: $0) }
        let masks = all.map(\.mask)
        let pairs = all.indices.flatMap { first in all.indices.map { (first, $0) } }
        #expect(pairs.map { all[$0].overlap(with: all[$1]) } == expected.overlap)
        #expect(pairs.map { masks[$0].overlap(with: masks[$1]) } == expected.overlap)
        #expect(pairs.map { all[$0].overlap(withCrowd: all[$1]) } == expected.crowdOverlap)
        #expect(pairs.map { masks[$0].overlap(withCrowd: masks[$1]) } == expected.crowdOverlap)
        #expect(pairs.map { all[$0].union(with: all[$1]).compressed } == expected.union)
        #expect(pairs.map { all[$0].intersection(with: all[$1]).compressed } == expected.intersection)
    }

    @Test func emptyRunsOfOtherWritersAreUnderstood() throws {
        let size = PixelSize(height: 3, width: 4)
        // Two zeros, no one, three zeros, four ones in two parts, three zeros, an empty end.
        let odd = try RunLengths(size: size, counts: [2, 0, 3, 1, 0, 3, 3, 0])
        let plain = try RunLengths(size: size, counts: [5, 4, 3])
        #expect(odd.area == 4 && odd.bounds == plain.bounds)
        #expect(odd.mask == plain.mask)
        #expect(odd.overlap(with: plain) == 1)
        #expect(odd.union(with: odd) == plain)
        #expect(try RunLengths(size: size, compressed: odd.compressed) == odd)
    }

    @Test func aPictureWithoutPixelsHasNoRuns() throws {
        let none = try RunLengths(size: PixelSize(height: 0, width: 7), counts: [0])
        #expect(none.area == 0 && none.bounds == .empty && none.mask.bits.isEmpty)
        #expect(none.union(with: none).area == 0)
    }

    @Test func runsThatDoNotFillThePictureAreRefused() {
        let size = PixelSize(height: 2, width: 3)
        #expect(throws: RunLengthError.sum(found: 5, expected: 6)) {
            try RunLengths(size: size, counts: [2, 3])
        }
        #expect(throws: RunLengthError.sum(found: 0, expected: 6)) { try RunLengths(size: size, counts: []) }
        #expect(throws: RunLengthError.sum(found: 2 * Int(UInt32.max), expected: 6)) {
            try RunLengths(size: size, counts: [.max, .max])
        }
        for size in [
            PixelSize(height: -1, width: -6), PixelSize(height: 1 << 20, width: 1 << 20),
            PixelSize(height: .max, width: .max),
        ] {
            #expect(throws: RunLengthError.size(size)) { try RunLengths(size: size, counts: [6]) }
        }
    }

    @Test func malformedStringsAreRefused() {
        let size = PixelSize(height: 2, width: 3)
        func error(_ string: String) -> RunLengthError? {
            do {
                _ = try RunLengths(size: size, compressed: string)
                return nil
            } catch { return error }
        }
        #expect(error("6") == nil)  // one run of 6
        #expect(error("") == .sum(found: 0, expected: 6))
        #expect(error("6 ") == .character(32, offset: 1))
        #expect(error("é") == .character(0xc3, offset: 0))
        #expect(error("V") == .truncated)  // 6, and more to come
        #expect(error("O") == .number(offset: 0))  // −1
        #expect(error("1ooooooo0") == .number(offset: 1))
        #expect(error("112O") == .sum(found: 4, expected: 6))  // 1, 1, 2, and 1 − 1 = 0
        #expect(error("112N") == .number(offset: 3))  // 1 − 2
    }

    @Test func errorsAreOneLine() {
        let errors: [RunLengthError] = [
            .size(PixelSize(height: -1, width: 2)), .sum(found: 1, expected: 2), .character(1, offset: 2),
            .truncated, .number(offset: 3),
        ]
        for error in errors { #expect(!error.description.isEmpty && !error.description.contains("\n")) }
    }
}
