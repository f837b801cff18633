import Commands
import Foundation
import TestSupport
import Testing

/// What `detect` calls the pictures that it is given.
@Suite struct PictureNameTests {
    @Test func aNumberAtTheEndOfANameIsTheIDIfNobodyElseHasIt() throws {
        let names = try PictureIdentifiers(
            ["val/000000000139.jpg", "street.png", "a/7.png", "b/7.png", "1.png"], annotations: nil)
        #expect(names.identifiers == [139, 2, 3, 4, 1])
        #expect(names.isMadeUp == [false, true, true, true, false])
    }

    @Test func noTwoPicturesShareAnOverlay() throws {
        func names(_ paths: String...) throws -> [String] {
            try PictureIdentifiers(paths, annotations: nil).pictureNames
        }
        #expect(try names("x1.png", "x1.jpg", "x1-2.png") == ["x1", "x1-3", "x1-2"])
        #expect(try names("x1-2.png", "x1.jpg", "x1.png", "y/x1.png") == ["x1-2", "x1", "x1-3", "x1-4"])
        #expect(try names("a/p.png", "b/P.png") == ["p", "P-2"])
    }

    @Test(arguments: [
        ("cam1/0001.png", 11), ("/data/cam2/0001.png", 22), ("x/../cam2/./0001.png", 22), ("0002.png", 33),
        ("elsewhere/0002.png", 33), ("plain.png", 44), ("deeper/plain.png", 44), ("sub/plain.png", 55),
        ("windows/photo.png", 66),
    ])
    func annotationsGiveIDsByPathThenByName(path: String, identifier: Int) throws {
        let folder = try TemporaryFolder()
        let names = try PictureIdentifiers([path], annotations: try annotations(in: folder))
        #expect(names.identifiers == [identifier])
        #expect(names.isMadeUp == [false])
    }

    @Test(arguments: [
        ("cam3/0001.png", "may be any of 2 images of 'set.json', whose ids are 11, 22: give its folder too"),
        ("cam1/0009.png", "is not among the images of 'set.json'"),
    ])
    func whatAnnotationsDoNotTellIsSaid(path: String, fault: String) throws {
        let folder = try TemporaryFolder()
        let file = try annotations(in: folder)
        let error = #expect(throws: (any Error).self) {
            try PictureIdentifiers([path], annotations: file)
        }
        #expect(error.map { "\($0)" } == "\(path): \(fault)".replacing("set.json", with: file))
    }

    private func annotations(in folder: TemporaryFolder) throws -> String {
        let images = [
            ("cam1/0001.png", 11), ("cam2/0001.png", 22), ("train/0002.png", 33), ("plain.png", 44),
            ("sub/plain.png", 55), (#"windows\\photo.png"#, 66),
        ].map { #"{"file_name": "\#($0.0)", "id": \#($0.1), "height": 1, "width": 1}"# }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return try folder.write(
            mark + Array(#"{"images": [\#(images.joined(separator: ", "))]}"#.utf8), to: "set.json")
    }
}

/// What `detect` leaves behind.
@Suite struct DetectCommandTests {
    @Test func aPhotographOfAnyNameGetsItsOverlay() throws {
        let folder = try TemporaryFolder()
        let picture = try smallPicture(in: folder, named: "street.png")
        let run = try Invocation("detect", picture, "--output", folder.path("found"))
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("made up"))
        #expect(run.output.hasPrefix("\(picture) (id 1): "))
        #expect(FileManager.default.fileExists(atPath: folder.path("found/street.png")))
        let results = try results(in: folder.path("found"))
        #expect(results.allSatisfy { $0["image_id"] as? Int == 1 })
    }

    @Test func whatWasFoundBeforeABrokenPictureIsKept() throws {
        let folder = try TemporaryFolder()
        _ = try smallPicture(in: folder, named: "1.png")
        _ = try folder.write(Array("broken".utf8), to: "2.png")
        let run = try Invocation("detect", folder.url.path, "--output", folder.path("found"))
        #expect(run.status == 2)
        #expect(run.errors.contains("2.png"))
        #expect(FileManager.default.fileExists(atPath: folder.path("found/1.png")))
        let results = try results(in: folder.path("found"))
        #expect(results.allSatisfy { $0["image_id"] as? Int == 1 })
        let count = Int(run.output.prefix { $0 != "\n" }.split(separator: " ").dropLast().last ?? "")
        #expect(results.count == count)
    }

    private func smallPicture(in folder: TemporaryFolder, named name: String) throws -> String {
        let scenes = folder.path("scenes-of-\(name)")
        #expect(try Invocation("scenes", "--count", "1", "--size", "64", "--output", scenes).status == 0)
        try FileManager.default.moveItem(atPath: scenes + "/images/000000.png", toPath: folder.path(name))
        try FileManager.default.removeItem(atPath: scenes)
        return folder.path(name)
    }

    private func results(in folder: String) throws -> [[String: Any]] {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/results.json"))
        return try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    }
}
