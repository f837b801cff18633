import Formats
import Foundation
import Tensors
import Testing

/// Files that are no sound picture: one line that names the file and the fault, and nothing worse.
struct ImagesHostileTests {
    @Test(arguments: [
        ("empty.png", "the file is empty"),
        ("text.png", "neither PNG nor JPEG, the two formats that are read"),
        ("other.gif", "neither PNG nor JPEG, the two formats that are read"),
        ("png-0x5.png", "an image of 0×5 pixels has none"),
        ("png-5x0.png", "an image of 5×0 pixels has none"),
        (
            "png-100000x100000.png",
            "100000×100000 pixels are too many: the limits are 65535 a side and 268435456 in all"
        ),
        (
            "png-40000x40000.png",
            "40000×40000 pixels are too many: the limits are 65535 a side and 268435456 in all"
        ),
        (
            "png-4294967295.png",
            "4294967295×4294967295 pixels are too many: the limits are 65535 a side and 268435456 in all"
        ),
        ("png-short.png", "broken PNG: 177 bytes cannot hold 16000×16000 pixels"),
        // What follows "broken PNG" or "broken JPEG" here is what the two libraries say.
        ("png-depth-3.png", "broken PNG: "),
        ("png-colour-5.png", "broken PNG: "),
        ("png-text-checksum.png", "broken PNG: tEXt: CRC error"),
        ("png-pixels-differ.png", "broken PNG: IDAT: incorrect data check"),
        ("png-no-header.png", "broken PNG: the header is missing or cut off"),
        ("png-no-palette.png", "broken PNG: "),
        ("jpeg-2-components.jpg", "a JPEG of 2 components, which is neither grey, colours nor inks"),
        ("jpeg-12-bits.jpg", "broken JPEG: "),
        ("jpeg-progressive-no-end.jpg", "broken JPEG: the file ends too early"),
        (
            "pointer.jpg",
            "is a Git LFS pointer, not the file of 4567 bytes that it stands for: 'git lfs pull' fetches that"
        ),
        ("jpeg-0x16.jpg", "an image of 0×16 pixels has none"),
        ("jpeg-16x0.jpg", "an image of 16×0 pixels has none"),
        (
            "jpeg-65500x65500.jpg",
            "65500×65500 pixels are too many: the limits are 65535 a side and 268435456 in all"
        ),
        ("jpeg-short.jpg", "broken JPEG: 632 bytes cannot hold 16000×16000 pixels"),
        ("jpeg-no-frame.jpg", "broken JPEG: the frame header is missing or cut off"),
    ])
    func refusedByName(name: String, fault: String) throws {
        let path = try ImageFixtures.path("refused-" + name)
        let error = try #require(throws: FileError.self) { try Image(contentsOf: path) }
        #expect(error.path == path)
        #expect(fault.hasSuffix(": ") ? error.fault.hasPrefix(fault) : error.fault == fault)
        #expect(!error.description.contains("\n"))
    }

    @Test func everyRefusedFixtureIsTested() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: ImageFixtures.folder.path)
        #expect(names.count { $0.hasPrefix("refused-") } == 24)
    }

    @Test func whatIsNoFileIsRefused() throws {
        let missing = try ImageFixtures.path("no-such-picture.png")
        var error = try #require(throws: FileError.self) { try Image(contentsOf: missing) }
        #expect(error.description == "\(missing): No such file or directory")
        error = try #require(throws: FileError.self) { try Image(contentsOf: ImageFixtures.folder.path) }
        #expect(error.fault == "is a folder, not a file")
        error = try #require(throws: FileError.self) { try Image(contentsOf: "/dev/zero") }
        #expect(error.fault == "is not a regular file")
    }

    /// Cut after any byte, a picture is refused, or it is the whole picture: nothing is made up for what is missing.
    /// What may be missing is what comes after the pixels: a JPEG's end marker, 2 bytes, and a PNG's last chunk, 12
    /// bytes. The end of a progressive JPEG may not: a scan could be missing before it.
    @Test(arguments: [
        "grey-4-interlaced.png", "palette-8-transparent.png", "rgba-16-interlaced.png", "rgb-8-exif.png",
        "jpeg-420.jpg", "jpeg-grey.jpg", "jpeg-progressive.jpg", "jpeg-restarts.jpg", "jpeg-cmyk.jpg",
        "orientation-6.jpg",
    ])
    func truncatedAnywhereIsRefused(name: String) throws {
        let bytes = try ImageFixtures.bytes(name)
        try withTemporaryFile { path, write in
            try write(bytes)
            let whole = try ImageFile(contentsOf: path)
            #expect(whole.remark == nil)
            let spare = name.hasSuffix("png") ? 12 : name == "jpeg-progressive.jpg" ? 0 : 2
            for length in bytes.indices {
                try write(Array(bytes[..<length]))
                do {
                    let file = try ImageFile(contentsOf: path)
                    #expect(length >= bytes.count - spare, "after \(length) of \(bytes.count) bytes")
                    #expect(file.image == whole.image, "after \(length) of \(bytes.count) bytes")
                    #expect(file.remark != nil)
                } catch is FileError {
                    #expect(length < bytes.count - spare, "after \(length) of \(bytes.count) bytes")
                }
            }
        }
    }

    /// Bytes changed, removed and doubled at random: an error or a picture within the limits, never a crash.
    @Test(arguments: [
        "grey-1.png", "palette-4-transparent.png", "rgba-16-interlaced.png", "rgb-8-exif.png", "animated.png",
        "jpeg-420.jpg", "jpeg-progressive.jpg", "jpeg-restarts.jpg", "orientation-5.jpg",
        "orientation-broken.jpg", "jpeg-cmyk.jpg", "jpeg-ycck.jpg", "jpeg-several.jpg", "rgb-8-texts.png",
        "palette-4-short.png",
    ])
    func mutantsAreRefusedOrRead(name: String) throws {
        let bytes = try ImageFixtures.bytes(name)
        var generator = SeededGenerator(seed: 17, name: name)
        var refused = 0
        try withTemporaryFile { path, write in
            for _ in 0..<400 {
                var mutant = bytes
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    let index = Int.random(in: mutant.indices, using: &generator)
                    switch Int.random(in: 0..<6, using: &generator) {
                    case 0: mutant.remove(at: index)
                    case 1: mutant.insert(contentsOf: mutant[index...].prefix(9), at: index)
                    case 2: mutant[index] = 0xff
                    default: mutant[index] = UInt8.random(in: 0...255, using: &generator)
                    }
                }
                if name.hasSuffix("png") { mutant = withSoundChecksums(mutant) }
                try write(mutant)
                do {
                    let image = try Image(contentsOf: path)
                    #expect(image.width <= 65_535 && image.height <= 65_535)
                } catch let error as FileError {
                    refused += 1
                    #expect(!error.fault.isEmpty && !error.fault.contains("\n"))
                }
            }
        }
        #expect(refused > 40, "most mutants of a picture are broken")
    }
}

/// The bytes with each PNG chunk's checksum made right again, as far as the chunks can be followed: else a
/// mutant would hardly ever get past the checksums.
private func withSoundChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var start = 8
    while start + 12 <= bytes.count {
        let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= bytes.count - start - 12 else { break }
        // CRC-32, a bit at a time (ISO/IEC 15948, annex D).
        var remainder: UInt32 = .max
        for byte in bytes[start + 4..<start + 8 + length] {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        for index in 0..<4 {
            bytes[start + 8 + length + index] = UInt8(truncatingIfNeeded: ~remainder >> (24 - 8 * index))
        }
        start += 12 + length
    }
    return bytes
}

/// Calls `body` with the path of a file that is removed afterwards, and with what writes it.
private func withTemporaryFile(_ body: (String, ([UInt8]) throws -> Void) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("images-\(UUID().uuidString)")
    try Data().write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    // The same file written again: thousands of new ones would take a slow disk many seconds.
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try body(file.path) { bytes in
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: Data(bytes))
        try handle.truncate(atOffset: UInt64(bytes.count))
    }
}
