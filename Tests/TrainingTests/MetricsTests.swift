import Formats
import Foundation
import TestSupport
import Testing

import Training

@Suite struct MetricsTests {
    private func report(_ step: Int) -> Trainer.Report {
        Trainer.Report(
            step: step, losses: [.objectness: 0.25, .masks: 1.5], total: 1.75, rate: 0.01, gradientNorm: 3)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    @Test("Each report is one line of JSON")
    func lines() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/metrics.jsonl"
            let metrics = try Metrics(path: path, step: 0)
            #expect(try text(path) == "")
            try metrics.append(report(0), imagesPerSecond: 12.345)
            try metrics.append(report(1), imagesPerSecond: 1)
            let lines = try text(path).split(separator: "\n")
            #expect(lines.count == 2)
            let first = try JSONDecoder().decode([String: Double].self, from: Data(lines[0].utf8))
            #expect(first["step"] == 0 && first["total"] == 1.75 && first["rate"] == 0.01)
            #expect(first["gradientNorm"] == 3 && first["mask.logits"] == 1.5)
            #expect(first["rpn.objectness"] == 0.25 && first["box.logits"] == nil)
        }
    }

    @Test("Lines after the checkpoint and half lines are dropped, the others stay as they are")
    func resuming() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/metrics.jsonl"
            let kept = "{\"step\": 9, \"total\": 1}\n{\"total\": 2, \"step\": 19}\n"
            let dropped = "{\"step\": 20, \"total\": 3}\nnonsense\n{\"total\": 4}\n{\"step\": 10, \"tot"
            try Data((kept + dropped).utf8).write(to: URL(fileURLWithPath: path))
            let metrics = try Metrics(path: path, step: 20)
            #expect(try text(path) == kept)
            try metrics.append(report(20), imagesPerSecond: 1)
            #expect(try text(path).hasPrefix(kept + "{\"step\": 20,"))
        }
    }

    @Test("A folder that is not there is an error that names the file")
    func missingFolder() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/gone/metrics.jsonl"
            #expect(throws: FileError.self) { try Metrics(path: path, step: 0) }
            let there = folder + "/metrics.jsonl"
            let metrics = try Metrics(path: there, step: 0)
            try FileManager.default.removeItem(atPath: there)
            let error = #expect(throws: FileError.self) { try metrics.append(report(0), imagesPerSecond: 1) }
            #expect(error?.path == there)
        }
    }

    @Test("Several reports average; a part of the loss over the steps that had it")
    func averages() {
        var average = ReportAverage()
        #expect(average.report == nil)
        average.add(report(4))
        average.add(
            Trainer.Report(step: 5, losses: [.objectness: 0.75], total: 0.75, rate: 0.02, gradientNorm: 5))
        let mean = average.report
        #expect(average.count == 2 && mean?.step == 5 && mean?.rate == 0.02)
        #expect(mean?.total == 1.25 && mean?.gradientNorm == 4)
        #expect(mean?.losses == [.objectness: 0.5, .masks: 1.5])
    }
}
