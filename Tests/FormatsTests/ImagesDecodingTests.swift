import Formats
import Foundation
import Tensors
import TestSupport
import Testing

/// Decoded pixels, against what Pillow reads in the same files (`Tools/make_image_fixtures.py`).
struct ImagesDecodingTests {
    @Test(arguments: try ImageFixtures.expected().keys.sorted())
    func pixelsEqualPillows(name: String) throws {
        let expected = try #require(try ImageFixtures.expected()[name])
        let image = try Image(contentsOf: ImageFixtures.path(name))
        #expect(image.width == expected.width)
        #expect(image.height == expected.height)
        try #require(image.pixels.count == expected.pixels.count)
        let differing = image.pixels.indices.filter { image.pixels[$0] != expected.pixels[$0] }
        #expect(
            differing.isEmpty,
            """
            \(differing.count) of \(image.pixels.count) samples differ, the first at \(differing.first ?? 0): \
            \(differing.first.map { image.pixels[$0] } ?? 0), not \(differing.first.map { expected.pixels[$0] } ?? 0)
            """)
    }

    /// What is not as it should be is said, in a line, and of sound files nothing.
    @Test(arguments: try ImageFixtures.expected().keys.sorted())
    func oddFilesHaveARemark(name: String) throws {
        let remark = try ImageFile(contentsOf: ImageFixtures.path(name)).remark
        #expect((remark != nil) == name.hasPrefix("odd-"), "\(remark ?? "no remark")")
        #expect(remark?.contains("\n") != true && remark?.isEmpty != true)
    }

    /// What the libraries say is passed on, but for what they do not say.
    @Test(arguments: [
        ("odd-extra-at-end.jpg", "libjpeg: Corrupt JPEG data: 1 extraneous bytes before marker 0xd9"),
        ("odd-no-end.jpg", "the JPEG file lacks its end marker"),
        ("odd-no-end.png", "libpng: the file ends too early"),
        ("odd-checksum-of-pixels.png", "libpng: IDAT: CRC error"),
    ])
    func remarks(name: String, remark: String) throws {
        #expect(try ImageFile(contentsOf: ImageFixtures.path(name)).remark == remark)
    }

    /// A picture may also be taken as it is stored, as torchvision's loaders do.
    @Test(arguments: 1...8) func asStored(orientation: Int) throws {
        let path = try ImageFixtures.path("orientation-\(orientation).jpg")
        let (stored, upright) = (
            try ImageFile(contentsOf: path, turning: .asStored), try ImageFile(contentsOf: path)
        )
        #expect(stored.image.width == 21 && stored.image.height == 13)
        #expect(try stored.image == Image(contentsOf: ImageFixtures.path("orientation-1.jpg")))
        #expect(stored.orientation == orientation && upright.orientation == orientation)
        #expect(!stored.isTurned && upright.isTurned == (orientation != 1))
        #expect(upright.storedWidth == 21 && upright.storedHeight == 13)
        #expect(stored.swapsSides == (orientation >= 5) && upright.swapsSides == stored.swapsSides)
    }

    /// By hand: the picture that the script draws under all eight orientations has one brightest corner in
    /// red, the top right, and one in green, the bottom left; a turned picture has them where EXIF says.
    @Test(arguments: [
        // Orientation, and whether red grows along x (or y), and whether it grows (or shrinks).
        (1, true, true), (2, true, false), (3, true, false), (4, true, true),
        (5, false, true), (6, false, true), (7, false, false), (8, false, false),
    ])
    func orientationTurnsThePicture(orientation: Int, redAlongX: Bool, redGrows: Bool) throws {
        let image = try Image(contentsOf: ImageFixtures.path("orientation-\(orientation).jpg"))
        #expect(image.width == (redAlongX ? 21 : 13))
        #expect(image.height == (redAlongX ? 13 : 21))
        func red(_ x: Int, _ y: Int) -> Int { Int(image.pixels[3 * (y * image.width + x)]) }
        let change =
            redAlongX
            ? red(image.width - 1, 6) - red(0, 6) : red(6, image.height - 1) - red(6, 0)
        #expect(abs(change) > 200)
        #expect((change > 0) == redGrows)
    }
}

/// What a header says, against what Pillow reads of the whole picture.
struct ImageHeaderTests {
    @Test(arguments: try ImageFixtures.expected().keys.sorted())
    func sizesEqualPillows(name: String) throws {
        let expected = try #require(try ImageFixtures.expected()[name])
        let header = try ImageHeader(contentsOf: ImageFixtures.path(name))
        #expect(header.width == expected.width && header.height == expected.height)
    }

    @Test(arguments: 1...8) func aTurnedPictureIsKnown(orientation: Int) throws {
        let header = try ImageHeader(contentsOf: ImageFixtures.path("orientation-\(orientation).jpg"))
        #expect(header.isTurned == (orientation >= 5))
    }

    /// A colour profile of 100 kB in front of the frame header.
    @Test func aHeaderFarInsideIsFound() throws {
        try withTemporaryFolder { directory in
            let jpeg = try [UInt8](
                Data(contentsOf: URL(fileURLWithPath: ImageFixtures.path("orientation-6.jpg"))))
            let comment: [UInt8] = [0xff, 0xfe, 0xff, 0xff] + Array(repeating: 7, count: 0xfffd)
            let path = directory + "/far.jpg"
            try Data(jpeg[..<2] + comment + comment + jpeg[2...]).write(to: URL(fileURLWithPath: path))
            #expect(
                try ImageHeader(contentsOf: path)
                    == ImageHeader(contentsOf: ImageFixtures.path("orientation-6.jpg")))
        }
    }

    @Test func whatIsNoPictureIsRefused() throws {
        try withTemporaryFolder { directory in
            let path = directory + "/x.png"
            #expect(throws: FileError.self) { try ImageHeader(contentsOf: path) }
            for bytes in [[], [0x89, 0x50], [0xff, 0xd8, 0xff, 0xe0], Array("text".utf8)] as [[UInt8]] {
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                #expect(throws: FileError.self) { try ImageHeader(contentsOf: path) }
            }
        }
    }
}

/// Writing PNG files: what is written is what is read back, and it appears whole.
struct ImagesWritingTests {
    @Test func aWrittenPNGReadsBack() throws {
        try withTemporaryFolder { directory in
            var generator = SeededGenerator(seed: 5)
            let image = Image(
                width: 33, height: 17,
                pixels: (0..<33 * 17 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) })
            let path = directory + "/written.png"
            try Data("an older file, to be replaced".utf8).write(to: URL(fileURLWithPath: path))
            try image.writePNG(to: path)
            #expect(try Image(contentsOf: path) == image)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["written.png"])
        }
    }

    @Test func whereNothingCanBeWritten() throws {
        try withTemporaryFolder { directory in
            let image = Image(width: 1, height: 1, pixels: [1, 2, 3])
            let nowhere = directory + "/missing/picture.png"
            let error = #expect(throws: FileError.self) { try image.writePNG(to: nowhere) }
            #expect(error?.path == nowhere)
            #expect(error?.fault == "No such file or directory")
        }
    }
}

/// The files of `Fixtures/Images`.
enum ImageFixtures {
    struct Expected: Decodable {
        let width: Int
        let height: Int
        let rgb: String

        var pixels: [UInt8] {
            let digits = rgb.utf8.map { UInt8($0 > 57 ? $0 - 87 : $0 - 48) }
            return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        }
    }

    static var folder: URL {
        get throws {
            try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/Images")
        }
    }

    static func path(_ name: String) throws -> String { try folder.appendingPathComponent(name).path }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    static func expected() throws -> [String: Expected] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path("expected.json")))
        return try JSONDecoder().decode([String: Expected].self, from: data)
    }
}
