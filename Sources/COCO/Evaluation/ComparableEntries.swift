/// The objects and detections that an evaluation of one kind takes into account.
struct ComparableEntries {
    private(set) var dataset: Dataset
    private(set) var results: Results
    private(set) var leftOut = (objects: 0, detections: 0)

    /// - Parameters:
    ///   - keypointCount: the number of keypoints with a sigma.
    ///   - leavesOutIncomplete: whether objects and detections that lack a mask (a box, keypoints), where
    ///     these are compared, are left out rather than refused.
    /// - Throws: ``COCOError`` for the first object without a mask, where masks are compared: COCO's tools
    ///   rasterise all of them first, whether or not their image has detections of their category.
    init(
        _ dataset: Dataset, _ results: Results, kind: EvaluationKind, keypointCount: Int,
        leavesOutIncomplete: Bool
    ) throws {
        self.dataset = dataset
        self.results = results
        if leavesOutIncomplete {
            leaveOutIncomplete(kind, keypointCount: keypointCount)
        } else if kind == .masks, let first = dataset.annotations.first(where: { $0.segmentation == nil }) {
            let count = dataset.annotations.count { $0.segmentation == nil }
            throw COCOError(
                fault: "annotation \(first.id): has no segmentation"
                    + (count > 1 ? ", as \(count - 1) others" : ""))
        }
        repeatLastOfEachID()
    }

    /// COCO's tools look objects up by id: of several with the same id they find the last, as often as the id
    /// occurs.
    private mutating func repeatLastOfEachID() {
        var last: [Int: Int] = [:]
        last.reserveCapacity(dataset.annotations.count)
        for (position, annotation) in dataset.annotations.enumerated() { last[annotation.id] = position }
        guard last.count < dataset.annotations.count else { return }
        dataset.annotations = dataset.annotations.compactMap { annotation in
            last[annotation.id].map { dataset.annotations[$0] }
        }
    }

    private mutating func leaveOutIncomplete(_ kind: EvaluationKind, keypointCount: Int) {
        let before = (dataset.annotations.count, results.detections.count)
        switch kind {
        case .boxes:
            // If no detection has a box, boxes are computed from masks or keypoints.
            if results.detections.contains(where: { $0.box != nil }) {
                results.detections.removeAll { $0.box == nil }
            }
        case .masks:
            let sized = Set(dataset.images.lazy.filter { $0.size != nil }.map(\.id))
            func canBeDrawn(_ segmentation: Segmentation?, image: Int) -> Bool {
                switch segmentation {
                case nil: false
                case .runLengths?: true
                case .polygons?: sized.contains(image)
                }
            }
            dataset.annotations.removeAll { !canBeDrawn($0.segmentation, image: $0.imageID) }
            results.detections.removeAll { !canBeDrawn($0.segmentation, image: $0.imageID) }
        case .keypoints:
            dataset.annotations.removeAll { $0.hasLabelledKeypoints && $0.keypoints?.count != keypointCount }
            results.detections.removeAll { $0.keypoints?.count != keypointCount }
        }
        leftOut = (before.0 - dataset.annotations.count, before.1 - results.detections.count)
    }
}
