import COCOEvaluation

let dataset = try Dataset(contentsOf: "annotations.json")
let results = try Results(contentsOf: "results.json", of: dataset)
for metric in try Evaluation(dataset: dataset, results: results, kind: .boxes).summary.metrics {
    print(metric.measure, metric.area, metric.value)
}
