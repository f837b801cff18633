import Formats
import Foundation
import TestSupport
import Testing

@Suite("What may be written over")
struct OutputPermissionTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]

    /// However it is called, an input is not replaced.
    @Test func noInputIsWrittenOver() throws {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        let photo = try folder.write(Self.png, to: "photo.png")
        try files.createSymbolicLink(atPath: folder.path + "/link.png", withDestinationPath: "photo.png")
        try files.linkItem(atPath: photo, toPath: folder.path + "/twin.png")
        try files.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: true)
        for path in [
            photo, folder.path + "/./photo.png", folder.path + "/sub/../photo.png", folder.path + "/link.png",
            folder.path + "/twin.png",
        ] {
            let error = #expect(throws: FileError.self, "\(path)") {
                try OutputPermission(inputs: [photo]).check(path, .png)
            }
            #expect(error?.path == path)
            #expect(error?.fault.hasPrefix("is read by this command") == true, "\(String(describing: error))")
            // The other way round, and what lies in a folder that is read.
            #expect(throws: FileError.self) {
                try OutputPermission(inputs: [path, "missing.png"]).check(photo, .png)
            }
            #expect(throws: FileError.self) {
                try OutputPermission(inputs: [folder.path]).check(path, .png)
            }
            try OutputPermission(inputs: [photo], isForced: true).check(path, .png)
        }
        try OutputPermission(inputs: [photo]).check(folder.path + "/new.png", .png)
    }

    @Test func onlyAFileOfTheSameKindIsWrittenOver() throws {
        let folder = try TemporaryFolder()
        func safetensors(_ metadata: String) -> [UInt8] {
            let header = Array("{\"__metadata__\":{\(metadata)}}".utf8)
            return [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header
        }
        let kinds: [(FileKind, [UInt8])] = [
            (.png, Self.png), (.svg, Array("<?xml version=\"1.0\"?><svg/>".utf8)),
            (.pdf, Array("%PDF-1.5".utf8)),
            (.html, Array("<!DOCTYPE html>".utf8)), (.jsonObject, Array("\u{FEFF} {}".utf8)),
            (.jsonList, Array("\n[]".utf8)), (.parameters, safetensors(#""format":"pt""#)),
        ]
        let permission = OutputPermission(inputs: [])
        for (index, (kind, _)) in kinds.enumerated() {
            for (other, (_, bytes)) in kinds.enumerated() {
                let path = try folder.write(bytes, to: "file")
                if index == other {
                    try permission.check(path, kind)
                } else {
                    let error = #expect(throws: FileError.self, "\(kind.name) over \(other)") {
                        try permission.check(path, kind)
                    }
                    #expect(error?.fault.contains(kind.name) == true)
                    try OutputPermission(inputs: [], isForced: true).check(path, kind)
                }
            }
            // Nothing is lost with an empty file.
            try permission.check(try folder.write([], to: "empty"), kind)
        }
        // Tensors that are no parameters, and say so.
        let bundle = try folder.write(safetensors(#""format":"some-bundle/1""#), to: "bundle")
        #expect(throws: FileError.self) { try permission.check(bundle, .parameters) }
    }

    @Test func whereNothingCanBeWrittenIsSaidBeforeTheWork() throws {
        let folder = try TemporaryFolder()
        let permission = OutputPermission(inputs: [], isForced: true)
        var error = #expect(throws: FileError.self) { try permission.check(folder.path + "/no/x.png", .png) }
        #expect(error?.fault == "No such file or directory")
        error = #expect(throws: FileError.self) { try permission.check(folder.path, .png) }
        #expect(error?.fault == "is a folder, not a file")
        error = #expect(throws: FileError.self) { try permission.check("/dev/null", .png) }
        #expect(error?.fault == "is not a regular file")
    }
}
