import COCO
import Foundation
import TestSupport
import Testing

/// The expected numbers are pycocotools 2.0.11's; Tools/make_evaluation_goldens.py writes them.
@Suite struct GoldenEvaluationTests {
    struct Expected: Decodable {
        let kind: String
        let stats: [Double]
        /// For objects that are no persons.
        let sigmas: [Double]?
        /// `[K, A, M]`: means over the other axes.
        let precision: [[[Double]]]
        let recall: [[[Double]]]
    }

    @Test(arguments: [
        "hand-drawn", "instances", "crowds", "ties", "many", "masks", "large-ids", "id-zero", "sizes",
        "keypoints", "keypoints-alone", "perfect",
    ])
    func equalsPycocotools(_ name: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("\(name).expected.json")))
        let expected = try JSONDecoder().decode([Expected].self, from: data)
        let dataset = try Dataset(contentsOf: fixture("\(name).annotations.json"))
        let results = try Results(contentsOf: fixture("\(name).results.json"), of: dataset)
        #expect(results.kinds(comparableWith: dataset).map(\.rawValue) == expected.map(\.kind))
        try compare(expected, dataset, results, name)
    }

    /// Files as people's tools write them. Where pycocotools gives the numbers of only some kinds, the others are
    /// refused, and do not keep these from being given.
    @Test(
        arguments: [
            ("text-image-ids", []), ("text-category-ids", []), ("fractional-image-ids", []), ("no-names", []),
            ("no-sizes", [.masks]), ("stray-polygons", []), ("uneven-polygons", []),
            ("box-outlines", [.masks]),
            ("lists-of-run-lengths", []), ("empty-segmentation", [.masks]), ("no-keypoints", []),
            ("strange-areas", []),
            ("boolean-crowds", []), ("more-fields", []), ("repeated-annotations", []),
            ("repeated-images", []),
            ("four-keypoints", []),
            // Here pycocotools gives no numbers of masks, and detectron2 drops the stray polygon.
            ("leading-stray-polygon", []),
        ] as [(String, [EvaluationKind])])
    func equalsPycocotoolsOnOddFiles(_ name: String, _ refused: [EvaluationKind]) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("odd-\(name).expected.json")))
        let expected = try JSONDecoder().decode([Expected].self, from: data)
        let file = try AnnotationFile(contentsOf: fixture("odd-\(name).annotations.json"))
        let found = try ResultsFile(contentsOf: fixture("odd-\(name).results.json"), of: file.dataset)
        #expect(found.faults.isEmpty)
        #expect(!expected.isEmpty)
        try compare(expected, file.dataset, found.results, name)
        for kind in refused {
            let isRefused =
                file.faults[kind] != nil
                || (try? Evaluation(dataset: file.dataset, results: found.results, kind: kind)) == nil
            #expect(isRefused)
            // What lacks a mask is left out only if that is asked for.
            _ = try Evaluation(
                dataset: file.dataset, results: found.results, kind: kind, leavesOutIncomplete: true)
        }
    }

    private func compare(
        _ expected: [Expected], _ dataset: Dataset, _ results: Results, _ name: String
    ) throws {
        for expected in expected {
            let kind = try #require(EvaluationKind(rawValue: expected.kind))
            let evaluation = try Evaluation(
                dataset: dataset, results: results, kind: kind, sigmas: expected.sigmas)
            expectClose(evaluation.summary.values, expected.stats, absolute: 1e-9, "\(name) \(kind)")
            expectClose(
                means(evaluation.curves, hasRecalls: true), expected.precision.flatMap { $0.flatMap { $0 } },
                absolute: 1e-9, "\(name) \(kind), precision")
            expectClose(
                means(evaluation.curves, hasRecalls: false), expected.recall.flatMap { $0.flatMap { $0 } },
                absolute: 1e-9, "\(name) \(kind), recall")
        }
    }

    /// The order of a file's entries and of its pictures' ids does not matter beyond ties.
    @Test func numbersDoNotDependOnTheOrderOfAnnotations() throws {
        var dataset = try Dataset(contentsOf: fixture("instances.annotations.json"))
        let results = try Results(contentsOf: fixture("instances.results.json"), of: dataset)
        let before = try Evaluation(dataset: dataset, results: results, kind: .masks)
        dataset.images.reverse()
        dataset.annotations.reverse()
        dataset.categories.reverse()
        let after = try Evaluation(dataset: dataset, results: results, kind: .masks)
        #expect(after.summary == before.summary)
        #expect(after.curves == before.curves)
    }

    @Test func onlyTheOrderOfScoresMatters() throws {
        let dataset = try Dataset(contentsOf: fixture("ties.annotations.json"))
        var results = try Results(contentsOf: fixture("ties.results.json"), of: dataset)
        let before = try Evaluation(dataset: dataset, results: results, kind: .boxes)
        for index in results.detections.indices { results.detections[index].score *= 8 }
        let after = try Evaluation(dataset: dataset, results: results, kind: .boxes)
        #expect(after.summary == before.summary)
    }

    /// By hand: of what was found nothing is wrong, and nothing is missing.
    @Test func whatWasDrawnFindsItself() throws {
        for (name, kind) in [
            ("instances", EvaluationKind.boxes), ("instances", .masks), ("crowds", .masks),
            ("keypoints", .keypoints),
        ] {
            let dataset = try Dataset(contentsOf: fixture("\(name).annotations.json"))
            // An object without labelled keypoints has none to be found by.
            let drawn = dataset.annotations.filter { kind != .keypoints || $0.keypointCount > 0 }
            let detections = drawn.map { annotation in
                Detection(
                    imageID: annotation.imageID, categoryID: annotation.categoryID, score: 0.5,
                    box: annotation.box, segmentation: annotation.segmentation,
                    keypoints: annotation.keypoints)
            }
            let evaluation = try Evaluation(
                dataset: dataset, results: Results(detections: detections), kind: kind)
            // Precision divides by one rounding error more than it should.
            let value = try #require(evaluation.summary.values.first)
            #expect(abs(value - 1) < 1e-12, "\(name) \(kind)")
        }
    }

    @Test func perCategoryNumbersAverageToTheSummary() throws {
        let dataset = try Dataset(contentsOf: fixture("sizes.annotations.json"))
        let results = try Results(contentsOf: fixture("sizes.results.json"), of: dataset)
        let evaluation = try Evaluation(dataset: dataset, results: results, kind: .boxes)
        let each = evaluation.summaryPerCategory.map { $0.values[0] }
        #expect(each.count == dataset.categories.count)
        let found = each.filter { $0 >= 0 }
        let mean = found.reduce(0, +) / Double(found.count)
        #expect(abs(mean - evaluation.summary.values[0]) < 1e-12)
        #expect(evaluation.truthCounts.reduce(0, +) == dataset.annotations.count { !$0.isCrowd })
    }
}

/// The means over thresholds, and recalls, for each category, range of sizes and limit, from the flat arrays.
private func means(_ curves: PrecisionRecall, hasRecalls: Bool) -> [Double] {
    let cells = curves.counts[2...].reduce(1, *)
    let values = hasRecalls ? curves.precision : curves.recall
    let rows = values.count / cells
    return (0..<cells).map { cell in
        (0..<rows).reduce(0) { $0 + values[$1 * cells + cell] } / Double(rows)
    }
}
