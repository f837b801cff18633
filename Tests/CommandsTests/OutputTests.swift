import Foundation
import TestSupport
import Testing

/// What is written is written, or the command says that it is not; and nothing that someone needs is written over.
@Suite struct OutputTests {
    /// A file that is no model, no bundle and no picture of the right kind would be refused with another message:
    /// these commands refuse before they read anything.
    @Test(arguments: [
        ["record", "photo.png", "--output", "photo.png"],
        ["record", "photo.png", "--output", "link.png"],
        ["record", "--weights", "model.safetensors", "--output", "./model.safetensors"],
        ["convert", "model.safetensors", "model.safetensors"],
        ["stage", "fpn.p2", "--input", "model.safetensors", "--output", "model.safetensors"],
        ["walkthrough", "--image", "photo.png", "--output", "photo.png"],
        ["walkthrough", "--image", "photo.png", "--output", "sub/../photo.png"],
        ["evaluate", "--annotations", "set.json", "--images", "sub", "--output", "set.json"],
        ["figures", "input", "--image", "sub/03-input.png", "--output", "sub"],
        ["verify", "index.html", "--reference", "model.safetensors", "--report", "."],
    ])
    func noInputIsWrittenOver(_ arguments: [String]) throws {
        let folder = try folderOfFiles()
        let before = try folder.contents
        let run = try Invocation(arguments, in: folder.url)
        #expect(run.status == 2)
        #expect(
            run.errors.contains("is read by this command") && run.errors.contains("--force"), "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1)
        #expect(try folder.contents == before)
    }

    @Test(arguments: [
        (["record", "--output", "photo.png"], "bundle"),
        (["record", "--output", "model.safetensors"], "bundle"),
        (["convert", "other.pth", "photo.png"], "safetensors file"),
        (["walkthrough", "--output", "set.json"], "PNG image"),
        (
            ["evaluate", "--annotations", "other.json", "--images", "sub", "--output", "set.json"],
            "list in JSON"
        ),
        (["verify", "x.npz", "--reference", "y.safetensors", "--report", "page"], "web page"),
    ])
    func onlyAFileOfTheSameKindIsWrittenOver(_ arguments: [String], kind: String) throws {
        let folder = try folderOfFiles()
        let before = try folder.contents
        let run = try Invocation(arguments, in: folder.url)
        #expect(run.status == 2)
        #expect(run.errors.contains("is no \(kind)") && run.errors.contains("--force"), "\(run.errors)")
        #expect(try folder.contents == before)
    }

    @Test func trainingWritesOverNoModelThatItStartsFrom() throws {
        let folder = try folderOfFiles()
        let run = try Invocation(
            [
                "train", "--configuration", fixture("tiny.json5"), "--weights", "model.safetensors",
                "--output", ".",
            ],
            in: folder.url)
        #expect(run.status == 2)
        #expect(try folder.contents == folderOfFiles().contents)
    }

    @Test func forceWritesOverAnything() throws {
        let folder = try folderOfFiles()
        let run = try Invocation(["convert", shippedModel(), "photo.png", "--force"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Invocation("inspect", "photo.png", "--summary", in: folder.url).status == 0)
    }

    /// A script that reads an empty table must not take it for an answer.
    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")),
        arguments: [
            ["inspect"], ["inspect", "--json"], ["calculate", "overlap", "0,0,2,2", "1,1,3,3"], ["--help"],
            ["detect", "--help"], ["--version"], ["--generate-completion-script", "bash"],
        ])
    func aFullDiskIsNoSuccess(_ arguments: [String]) throws {
        let run = try Invocation(arguments, standardOutput: FileHandle(forWritingAtPath: "/dev/full"))
        #expect(run.status == 2)
        #expect(run.errors == "maskrcnn: standard output: No space left on device\n")
    }

    /// As other tools: ended by the signal that the system sends, and not a word.
    @Test func aClosedPipeEndsQuietly() throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let run = try Invocation(["inspect"], standardOutput: pipe.fileHandleForWriting)
        #expect(run.status == -SIGPIPE)
        #expect(run.errors.isEmpty)
        let program = try builtProgram().path
        let closed = try Invocation.shell("'\(program)' inspect >&-")
        #expect(closed.status == 2)
        #expect(closed.errors == "maskrcnn: standard output: Bad file descriptor\n")
    }

    /// What is printed does not end up in a file that took the place of a closed standard output.
    @Test func aClosedOutputIsNotTheNextFile() throws {
        let folder = try TemporaryFolder()
        let program = try builtProgram().path
        let path = folder.path("copy.safetensors")
        let run = try Invocation.shell(
            "'\(program)' convert '\(try shippedModel())' '\(path)' >&- 2>/dev/null")
        #expect(run.status == 2)
        #expect(try Invocation("inspect", path, "--summary").status == 0)
    }

    private func folderOfFiles() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        for name in ["sub", "page"] {
            try files.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]
        _ = try folder.write(png, to: "photo.png")
        _ = try folder.write(png, to: "sub/03-input.png")
        _ = try folder.write(Array("{\"images\": []}".utf8), to: "set.json")
        _ = try folder.write(Array("<html></html>".utf8), to: "index.html")
        _ = try folder.write(Array("my notes".utf8), to: "page/index.html")
        _ = try folder.write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: "model.safetensors")
        try files.createSymbolicLink(atPath: folder.path("link.png"), withDestinationPath: "photo.png")
        return folder
    }

    private func shippedModel() throws -> String {
        let inspected = try Invocation("inspect", "--json")
        let report = try JSONSerialization.jsonObject(with: Data(inspected.output.utf8)) as? [String: Any]
        return try #require(report?["file"] as? String)
    }
}

extension TemporaryFolder {
    /// All files in the folder and below, with their bytes.
    fileprivate var contents: [String: Data] {
        get throws {
            var contents: [String: Data] = [:]
            for name in try FileManager.default.subpathsOfDirectory(atPath: url.path) {
                contents[name] = FileManager.default.contents(atPath: path(name)) ?? Data()
            }
            return contents
        }
    }
}
