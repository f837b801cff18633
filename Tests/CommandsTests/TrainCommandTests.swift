import Foundation
import TestSupport
import Testing

/// `maskrcnn train` with a tiny network (Fixtures/tiny.json5): interrupted, killed, out of space, misled.
@Suite struct TrainCommandTests {
    private func arguments(_ run: String, _ more: String...) -> [String] {
        [
            "train", "--configuration", fixture("tiny.json5"), "--output", run, "--report-every", "4",
            "--save-every", "4",
        ] + more
    }

    /// All that a run leaves but the speed, which differs from run to run.
    private func outcome(_ folder: TemporaryFolder, _ run: String) throws -> [String: String] {
        func bytes(_ name: String) throws -> String {
            try Data(contentsOf: folder.url.appendingPathComponent("\(run)/\(name)")).base64EncodedString()
        }
        let metrics = try String(contentsOfFile: folder.path("\(run)/metrics.jsonl"), encoding: .utf8)
        return [
            "model": try bytes("model.safetensors"), "checkpoint": try bytes("checkpoint.safetensors"),
            "steps": metrics.split(separator: "\n").map { line in
                line.replacing(#/"imagesPerSecond": [0-9.]+, /#, with: "")
            }.joined(separator: "\n"),
        ]
    }

    @Test func aRunThatIsKilledTwentyTimesEndsWithTheSameBytes() throws {
        let folder = try TemporaryFolder()
        #expect(try Invocation(arguments(folder.path("whole"))).status == 0)
        let checkpoint = folder.path("killed/checkpoint.safetensors")
        var (kills, tries) = (0, 0)
        while kills < 20 && tries < 200 {
            tries += 1
            let process = Process()
            process.executableURL = try builtProgram()
            process.arguments = arguments(folder.path("killed"), "--resume")
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            // Half of them are killed at any time, half when there is something to resume from.
            while kills % 2 == 1 && process.isRunning && !FileManager.default.fileExists(atPath: checkpoint) {
                Thread.sleep(forTimeInterval: 0.005)
            }
            Thread.sleep(forTimeInterval: .random(in: 0.02...0.3))
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
            if process.terminationReason == .uncaughtSignal {
                #expect(process.terminationStatus == SIGKILL)
                kills += 1
            } else {
                // This one was quicker and came to its end; the next one starts from nothing.
                #expect(process.terminationStatus == 0)
                #expect(try outcome(folder, "killed") == outcome(folder, "whole"))
                try FileManager.default.removeItem(atPath: folder.path("killed"))
            }
        }
        #expect(kills == 20)
        let last = try Invocation(arguments(folder.path("killed"), "--resume"))
        #expect(last.status == 0, "\(last.errors)")
        #expect(try outcome(folder, "killed") == outcome(folder, "whole"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("killed"))
        #expect(
            Set(names) == [
                "checkpoint.safetensors", "configuration.json", "metrics.jsonl", "model.safetensors",
            ])
    }

    @Test func theNumberOfThreadsChangesNothing() throws {
        let folder = try TemporaryFolder()
        for threads in ["1", "2"] {
            let run = try Invocation(
                arguments(folder.path(threads), "--threads", threads, "--steps", "6"))
            #expect(run.status == 0, "\(run.errors)")
        }
        #expect(try outcome(folder, "1") == outcome(folder, "2"))
    }

    @Test func controlCSavesAndStops() throws {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = try builtProgram()
        process.arguments = arguments(folder.path("run"), "--steps", "100000")
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        // The first checkpoint shows that it is at work.
        while !FileManager.default.fileExists(atPath: folder.path("run/checkpoint.safetensors")) {
            try #require(process.isRunning)
            Thread.sleep(forTimeInterval: 0.02)
        }
        process.interrupt()
        let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        #expect(printed.contains("--resume"))
        #expect(try Invocation("inspect", folder.path("run/checkpoint.safetensors")).status == 0)
    }

    @Test func aFullDiskLosesNothingThatWasSaved() throws {
        let folder = try TemporaryFolder()
        #expect(try Invocation(arguments(folder.path("run"), "--steps", "4")).status == 0)
        let before = try Data(contentsOf: folder.url.appendingPathComponent("run/checkpoint.safetensors"))
        // No file may grow beyond 8 blocks of 512 bytes, which a checkpoint does.
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            ["-c", "ulimit -f 8; exec \"$@\"", "sh", try builtProgram().path]
            + arguments(folder.path("run"), "--resume")
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 2)
        #expect(message.contains("checkpoint.safetensors") && message.split(separator: "\n").count == 1)
        let after = try Data(contentsOf: folder.url.appendingPathComponent("run/checkpoint.safetensors"))
        #expect(before == after)
    }

    @Test func aRunThatHasBegunIsNotOverwritten() throws {
        let folder = try TemporaryFolder()
        #expect(try Invocation(arguments(folder.path("run"), "--steps", "2")).status == 0)
        let again = try Invocation(arguments(folder.path("run"), "--steps", "2"))
        #expect(again.status == 2)
        #expect(again.errors.contains("--resume"))
    }

    @Test func faultsOfADatasetAreNamed() throws {
        let folder = try TemporaryFolder()
        #expect(
            try Invocation(
                "scenes", "--count", "6", "--seed", "3", "--size", "96", "--output", folder.path("data")
            )
            .status == 0)
        let annotations = folder.path("data/annotations.json")
        let sound = try String(contentsOfFile: annotations, encoding: .utf8)
        let images = try FileManager.default.contentsOfDirectory(atPath: folder.path("data/images")).sorted()

        func train(_ name: String) throws -> Invocation {
            try Invocation(arguments(folder.path(name), "--data", folder.path("data"), "--steps", "6"))
        }
        try sound.replacingOccurrences(of: "\"category_id\": 1,", with: "\"category_id\": 99,")
            .write(toFile: annotations, atomically: true, encoding: .utf8)
        let category = try train("category")
        #expect(category.status == 2)
        #expect(
            category.errors.contains("annotation ") && category.errors.contains("category 99 does not exist"))

        try sound.write(toFile: annotations, atomically: true, encoding: .utf8)
        for image in images {
            try FileManager.default.removeItem(atPath: folder.path("data/images/\(image)"))
        }
        let missing = try train("missing")
        #expect(missing.status == 2)
        #expect(missing.errors.contains(".png") && missing.errors.contains("No such file"))
        #expect(missing.errors.split(separator: "\n").count == 1)
        #expect(missing.output.isEmpty && !FileManager.default.fileExists(atPath: folder.path("missing")))
    }
}
