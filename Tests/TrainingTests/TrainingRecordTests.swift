import Formats
import Foundation
import Testing
import Training

/// Reading what a run has recorded.
@Suite struct TrainingRecordTests {
    private func record(_ text: String) throws -> TrainingRecord {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(text.utf8).write(to: path)
        return try TrainingRecord(contentsOf: path.path)
    }

    @Test func everyLineIsAReport() throws {
        let record = try record(
            """
            {"step": 19, "total": 7.5, "rate": 0.001, "gradientNorm": 9.8, "imagesPerSecond": 14, "mask.logits": 0.7}
            {"step": 39, "total": 7, "rate": 0.002, "gradientNorm": 6.3, "imagesPerSecond": 14}

            """)
        #expect(record.entries.map(\.step) == [19, 39])
        #expect(record.entries[0].losses == [.masks: 0.7])
        #expect(record.entries[1].rate == 0.002 && record.entries[1].losses.isEmpty)
    }

    @Test(arguments: [
        "{", "{\"step\": 1}", "[]", "{\"step\": -1, \"total\": 1, \"rate\": 1, \"gradientNorm\": 1}",
    ])
    func aLineThatIsNoReportIsNamed(_ line: String) {
        #expect(throws: FileError.self) {
            try record("{\"step\": 0, \"total\": 1, \"rate\": 1, \"gradientNorm\": 1}\n" + line + "\n")
        }
    }

    @Test func theShippedModelHasOne() throws {
        let entries = try TrainingRecord.shipped.entries
        #expect(entries.count > 100)
        #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.step < $1.step })
        #expect(entries.allSatisfy { $0.losses.count == LossKind.allCases.count })
    }
}
