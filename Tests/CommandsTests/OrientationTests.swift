import Foundation
import TestSupport
import Testing

/// Pictures that EXIF says are lying on their side, as telephones write them: 256×192 as stored, 192×256 upright.
@Suite struct OrientationTests {
    @Test(
        arguments: [([], "3×256×192"), (["--ignore-orientation"], "3×192×256")] as [([String], String)])
    func recordsUprightOrAsStored(options: [String], shape: String) throws {
        let folder = try folderOfPicture()
        let run = try Invocation(
            ["record", "p.jpg", "--output", "p.safetensors", "--stages", "input.image"] + options,
            in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        let listing = try Invocation("inspect", "p.safetensors", in: folder.url)
        #expect(listing.output.contains(shape), "\(listing.output)")
    }

    /// Width comes first, and where exchanged sides are the reason, the message says so and what to do.
    @Test(
        arguments: [
            (256, 192, [], "192×256", true), (192, 256, ["--ignore-orientation"], "256×192", true),
            (200, 256, [], "192×256", false),
        ] as [(Int, Int, [String], String, Bool)])
    func annotationsOfAnotherSizeAreExplained(
        width: Int, height: Int, options: [String], found: String, isEXIF: Bool
    ) throws {
        let folder = try folderOfPicture()
        let names = (1...8).map { #"{"id": \#($0), "name": "class \#($0)"}"# }.joined(separator: ", ")
        let set = """
            {"images": [{"id": 1, "file_name": "p.jpg", "width": \(width), "height": \(height)}], \
            "categories": [\(names)], \
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "area": 81, \
            "iscrowd": 0}]}
            """
        _ = try folder.write(Array(set.utf8), to: "set.json")
        let run = try Invocation(
            ["evaluate", "--annotations", "set.json", "--images", "."] + options, in: folder.url)
        #expect(run.status == 2)
        let line = run.errors.split(separator: "\n").last ?? ""
        #expect(
            line.contains("\(found) pixels (width × height)") && line.contains("\(width)×\(height)"),
            "\(line)")
        #expect(line.contains("EXIF") == isEXIF && line.contains("--ignore-orientation") == isEXIF, "\(line)")
    }

    private func folderOfPicture() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let photo = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("Documented/street.jpg"))))
        // A TIFF block with one tag, the orientation: 6, to be turned clockwise.
        let tiff: [UInt8] =
            Array("MM".utf8) + [
                0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
            ]
        let segment = [0xFF, 0xE1, 0, UInt8(tiff.count + 8)] + Array("Exif\0\0".utf8) + tiff
        _ = try folder.write(Array(photo[..<2]) + segment + photo[2...], to: "p.jpg")
        return folder
    }
}
