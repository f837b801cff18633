import COCO

/// Average precision of boxes and masks in drawn scenes.
package struct PrecisionTable {
    /// AP, AP50 and AP75 of boxes, then of masks; nil if there is nothing to evaluate.
    private let values: [Double?]
    /// The same values without the first scene, without the second, and so on.
    private let valuesWithoutOne: [[Double?]]

    package init(_ dataset: Dataset, _ results: Results) throws {
        values = try Self.values(dataset, results)
        valuesWithoutOne =
            try dataset.images.count < 2
            ? []
            : dataset.images.map { scene in
                try Self.values(
                    Dataset(
                        images: dataset.images.filter { $0.id != scene.id },
                        annotations: dataset.annotations.filter { $0.imageID != scene.id },
                        categories: dataset.categories),
                    Results(detections: results.detections.filter { $0.imageID != scene.id }))
            }
    }

    private static func values(_ dataset: Dataset, _ results: Results) throws -> [Double?] {
        try [EvaluationKind.boxes, .masks].flatMap { kind -> [Double?] in
            // A model without a mask head has no masks to evaluate.
            guard results.kinds(comparableWith: dataset).contains(kind) else { return [nil, nil, nil] }
            let values = try Evaluation(dataset: dataset, results: results, kind: kind).summary.values
            return values.prefix(3).map { 100 * max($0, 0) }
        }
    }

    package static func heading(_ dataset: Dataset) -> String {
        let objects = dataset.annotations.filter { !$0.isCrowd }.count
        return "\(dataset.images.count) scenes, \(objects) objects; average precision in per cent\n"
            + padded("", to: 29) + "  box:  AP  AP50  AP75  mask:  AP  AP50  AP75"
    }

    package func row(_ name: String) -> String { Self.line(name, values) }

    /// The standard errors of the differences from `other`, over the choice of scenes.
    package func errorRow(comparedTo other: PrecisionTable) -> String {
        let errors = values.indices.map { column -> Double? in
            let differences = zip(valuesWithoutOne, other.valuesWithoutOne).compactMap { mine, theirs in
                mine[column].flatMap { value in theirs[column].map { value - $0 } }
            }
            return jackknifeError(differences)
        }
        return Self.line("  ±", errors)
    }

    private static func line(_ name: String, _ values: [Double?]) -> String {
        func numbers(_ values: ArraySlice<Double?>) -> String {
            values.map { $0.map { column(Float($0), 1, width: 6) } ?? column("–", width: 6) }.joined()
        }
        return padded(name, to: 29) + "      " + numbers(values[..<3]).dropFirst(2) + "       "
            + numbers(values[3...]).dropFirst(2)
    }
}

/// The jackknife estimate of a statistic's standard error, from its values without the first sample, without the
/// second, and so on; nil for fewer than two.
///
/// Efron and Tibshirani, *An Introduction to the Bootstrap*, equation 11.5.
package func jackknifeError(_ valuesWithoutOne: [Double]) -> Double? {
    let count = Double(valuesWithoutOne.count)
    guard count > 1 else { return nil }
    let mean = valuesWithoutOne.reduce(0, +) / count
    return ((count - 1) / count * valuesWithoutOne.map { ($0 - mean) * ($0 - mean) }.reduce(0, +))
        .squareRoot()
}
