import ArgumentParser
import Commands
import Foundation
import TestSupport
import Testing

/// Every command that the README or a help text shows, word for word, as whoever reads it would type it: in a folder
/// with three photographs and a checkpoint under torchvision's names (`Tools/make_documented_fixtures.py`).
///
/// Commands of other programs are left out: `make` and `python`.
@Suite(.serialized) struct DocumentedCommandsTests {
    /// Not run in full, because they take minutes: what is run instead.
    private static let quickForms = [
        // One page instead of nineteen, each with all its commands.
        "maskrcnn walkthrough": "maskrcnn walkthrough fpn",
        "maskrcnn walkthrough --image street.jpg --weights model.pth":
            "maskrcnn walkthrough fpn --image street.jpg --weights model.pth",
        "maskrcnn walkthrough --image street.jpg --weights maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth":
            "maskrcnn walkthrough fpn --image street.jpg --weights maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth",
        "maskrcnn scenes --count 500 --seed 2 --output scenes":
            "maskrcnn scenes --count 5 --seed 2 --output scenes",
        "maskrcnn scenes --count 1000 --seed 1 --output scenes":
            "maskrcnn scenes --count 5 --seed 1 --output scenes",
        "maskrcnn train --output run": "maskrcnn train --output run --steps 1",
    ]

    /// Not run at all: their options are parsed.
    private static let parsedOnly = [
        // A step is sixteen pictures of 800 × 1333 through ResNet-50, which takes the weights that it is named after.
        "maskrcnn train --configuration coco --data coco/ --weights imagenet.safetensors --output run",
        // Runs all pages, which a test of its own does.
        "maskrcnn pages --update",
    ]

    static func documented() throws -> [String] {
        var commands = try inReadme()
        collect(from: MaskRCNNCommand.self, into: &commands)
        var seen: Set<String> = []
        return commands.filter { seen.insert($0).inserted }
    }

    /// Lines of console blocks, and commands within the text.
    private static func inReadme() throws -> [String] {
        let path = root.appendingPathComponent("README.md")
        let blocks = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "```")
        var commands: [String] = []
        for (index, block) in blocks.enumerated() {
            if index % 2 == 0 {
                for span in block.components(separatedBy: "`").enumerated() where span.offset % 2 == 1 {
                    let text = span.element.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                    if text.hasPrefix("maskrcnn ") { commands.append(text) }
                }
            } else if block.hasPrefix("console") {
                for line in block.split(separator: "\n") {
                    let command = line.split(separator: "#").first.map(trimmed) ?? ""
                    if command.hasPrefix("maskrcnn ") { commands.append(command) }
                }
            }
        }
        return commands
    }

    /// Lines such as "Example:  maskrcnn …" in what a command and those below it say of themselves.
    private static func collect(from command: any ParsableCommand.Type, into commands: inout [String]) {
        for line in command.configuration.discussion.split(separator: "\n") {
            guard let start = line.range(of: ":") else { continue }
            // A remark in brackets may stand behind.
            let text = trimmed(line[start.upperBound...]).components(separatedBy: "  (")[0]
            if text.hasPrefix("maskrcnn ") { commands.append(text) }
        }
        for command in command.configuration.subcommands { collect(from: command, into: &commands) }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        text.trimmingCharacters(in: .whitespaces)
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test func thereAreCommandsOfEveryKind() throws {
        let commands = try Self.documented()
        #expect(commands.count > 60)
        for command in MaskRCNNCommand.configuration.subcommands {
            let name = command.configuration.commandName ?? ""
            #expect(commands.contains { $0.hasPrefix("maskrcnn \(name)") }, "no example of \(name)")
        }
        for exception in Self.parsedOnly + Self.quickForms.keys {
            #expect(commands.contains(exception), "nobody shows \(exception) any more")
        }
    }

    @Test(arguments: try documented()) func isUnderstood(_ command: String) throws {
        // The shell takes quotes away, and what it does with the output.
        let words = command.components(separatedBy: " > ")[0].split(separator: " ").dropFirst().map {
            String($0).replacing("'", with: "")
        }
        #expect(throws: Never.self) { try MaskRCNNCommand.parseAsRoot(words) }
    }

    #if DEBUG
        private static let isOptimized = false
    #else
        private static let isOptimized = true
    #endif

    @Test(
        .enabled(if: isOptimized, "would take too long without optimisation; 'make test' runs it"),
        arguments: try documented())
    func works(_ command: String) throws {
        guard !Self.parsedOnly.contains(command) else { return }
        let folder = try TemporaryFolder()
        try Self.prepare(folder)
        let run = try Invocation.shell(Self.quickForms[command] ?? command, in: folder.url)
        #expect(run.status == 0, "\(command): \(run.errors)")
        #expect(run.output.isEmpty == command.contains(" > "))
    }

    /// What readers have: photographs, checkpoints, annotations, and what the commands before have written.
    private static func prepare(_ folder: TemporaryFolder) throws {
        let files = FileManager.default
        func link(_ name: String, to target: String) throws {
            try files.createSymbolicLink(atPath: folder.path(name), withDestinationPath: target)
        }
        for name in ["street.jpg", "photos", "model.pth"] {
            try link(name, to: fixture("Documented/\(name)"))
        }
        for name in ["m.pth", "maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth"] { try link(name, to: "model.pth") }
        try link("Walkthroughs", to: root.appendingPathComponent("Walkthroughs").path)
        try link("val", to: "photos")
        let images = ["desk", "park"].enumerated().map { index, name in
            #"{"id": \#(index + 1), "file_name": "\#(name).jpg", "width": 256, "height": 192}"#
        }
        let categories = (1...4).map { #"{"id": \#($0), "name": "class \#($0)"}"# }
        let object = """
            {"id": 1, "image_id": 1, "category_id": 2, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0, \
            "segmentation": [[10, 10, 30, 10, 30, 30, 10, 30]]}
            """
        _ = try folder.write(
            Array(
                """
                {"images": [\(images.joined(separator: ", "))], "annotations": [\(object)], \
                "categories": [\(categories.joined(separator: ", "))]}
                """.utf8), to: "val.json")
        let found = #"[{"image_id": 1, "category_id": 2, "bbox": [10, 10, 20, 20], "score": 0.5}]"#
        try files.createDirectory(atPath: folder.path("found"), withIntermediateDirectories: true)
        for name in ["results.json", "found/results.json"] {
            _ = try folder.write(Array(found.utf8), to: name)
        }
        try files.createDirectory(atPath: folder.path("run"), withIntermediateDirectories: true)
        _ = try folder.write(
            Array(
                (0..<30).map {
                    #"{"step": \#(20 * $0), "total": 1.5, "rate": 0.001, "rpn.objectness": 0.5}"# + "\n"
                }
                .joined().utf8), to: "run/metrics.jsonl")
        let record = try Invocation.shell(
            "maskrcnn record street.jpg --weights model.pth --output all.safetensors", in: folder.url)
        #expect(record.status == 0, "\(record.errors)")
        let inspect = try Invocation.shell(
            "maskrcnn inspect model.pth --configuration > mine.json5", in: folder.url)
        #expect(inspect.status == 0, "\(inspect.errors)")
        for name in ["reference.safetensors", "street.safetensors", "b.safetensors", "mine.npz"] {
            try files.copyItem(atPath: folder.path("all.safetensors"), toPath: folder.path(name))
        }
    }
}
