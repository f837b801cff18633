import Formats
import Foundation
import Loading
import TestSupport
import Testing

struct TrainingRecordTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Written by hand: out of order, with a line that was cut off.
    @Test func aRecordIsRead() throws {
        let path = try written(
            """
            {"step": 39, "total": 2.5, "rate": 0.002, "gradientNorm": 1, "box.logits": 0.25}
            {"step": 19, "total": 3, "rate": 0.001, "rpn.deltas": 0.5, "box.logits": 1}
            {"step": 59, "total": 2.5, "ra
            """)
        let record = try TrainingRecord(contentsOf: path)
        #expect(
            record.reports == [
                TrainingRecord.Report(
                    step: 19, rate: 0.001, losses: ["rpn.deltas": 0.5, "box.logits": 1]),
                TrainingRecord.Report(step: 39, rate: 0.002, losses: ["box.logits": 0.25]),
            ])
    }

    @Test(arguments: ["", "not JSON", "{\"step\": \"three\", \"rate\": 1}", "[1, 2]", "\u{0}\u{0}"])
    func whatIsNoRecordIsRefused(text: String) throws {
        let path = try written(text)
        #expect {
            try TrainingRecord(contentsOf: path)
        } throws: {
            "\($0)".contains(path) && "\($0)".contains("holds no report of a training run")
        }
    }

    @Test func aModelWithoutFileHasNone() throws {
        #expect(try LoadedModel(randomSeed: 1).trainingRecord() == nil)
    }

    @Test func theShippedModelHasItsRecord() throws {
        let record = try #require(try LoadedModel.shipped().trainingRecord())
        let first = try #require(record.reports.first)
        let last = try #require(record.reports.last)
        #expect(first.losses["box.logits"] ?? 0 > last.losses["box.logits"] ?? 0)
        #expect(zip(record.reports, record.reports.dropFirst()).allSatisfy { $0.step < $1.step })
    }

    private func written(_ text: String) throws -> String {
        try folder.write(Array(text.utf8), to: "metrics.jsonl")
    }
}
