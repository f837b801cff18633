import Geometry

/// Areas and overlaps of the detections and objects of a group.
struct Measurement: Sendable {
    private let dataset: Dataset
    private let results: Results
    private let kind: EvaluationKind
    private let sizes: [Int: PixelSize]
    private let keypointCount: Int
    private let similarity: KeypointSimilarity
    /// The source of a detection's area. COCO's tools choose it for all detections, whatever is evaluated, by
    /// the first detection of a file: the box if it has one, else the mask, else the box around the
    /// keypoints. That is why detected masks are usually classified as small or large by the areas of their
    /// boxes.
    private let areaSource: EvaluationKind

    init(dataset: Dataset, results: Results, kind: EvaluationKind, sigmas: [Double]) {
        self.dataset = dataset
        self.results = results
        self.kind = kind
        sizes = Dictionary(
            dataset.images.lazy.compactMap { picture in picture.size.map { (picture.id, $0) } }
        ) { first, _ in first }
        keypointCount = sigmas.count
        similarity = KeypointSimilarity(sigmas: sigmas)
        let first = results.detections.first
        areaSource = first?.box != nil ? .boxes : first?.segmentation != nil ? .masks : .keypoints
    }

    /// The areas of a group's detections in pixels; an unmatched detection outside the area range is ignored.
    func areas(_ group: Group) throws -> [Double] {
        try group.detections.map { position in
            switch areaSource {
            case .boxes: try box(of: position).area
            case .masks: Double(try mask(of: position).area)
            case .keypoints: try extent(of: position).area
            }
        }
    }

    /// The IoU (or OKS) of each of a group's detections with each of its objects; nil when there is nothing
    /// to compare.
    /// - Throws: ``COCOError`` for a detection or an object that lacks the box, mask or keypoints to compare.
    func overlaps(_ group: Group) throws -> OverlapTable? {
        if group.truths.isEmpty || group.detections.isEmpty { return nil }
        let truths = group.truths.map { dataset.annotations[$0] }
        switch kind {
        case .boxes:
            let boxes = try group.detections.map { try box(of: $0) }
            return OverlapTable(detections: boxes.count, truths: truths.count) {
                boxes[$0].overlap(with: truths[$1].box, isCrowd: truths[$1].isCrowd)
            }
        case .masks:
            let masks = try group.detections.map { MeasuredMask(try mask(of: $0)) }
            let truthMasks = try truths.map { MeasuredMask(try mask(of: $0)) }
            return OverlapTable(detections: masks.count, truths: truths.count) {
                masks[$0].overlap(with: truthMasks[$1], isCrowd: truths[$1].isCrowd)
            }
        case .keypoints:
            guard let keypoints = try comparableKeypoints(group, truths) else { return nil }
            return OverlapTable(detections: keypoints.count, truths: truths.count) {
                similarity(keypoints[$0], truths[$1])
            }
        }
    }

    private func box(of detection: Int) throws -> AnnotationBox {
        if let box = results.detections[detection].box { return box }
        switch areaSource {
        case .boxes: throw fault(detection, "has no bbox, others have")
        case .masks: return AnnotationBox(try mask(of: detection).bounds)
        case .keypoints: return try extent(of: detection)
        }
    }

    private func mask(of detection: Int) throws -> RunLengths {
        let found = results.detections[detection]
        guard let segmentation = found.segmentation else { throw fault(detection, "has no segmentation") }
        do { return try mask(segmentation, image: found.imageID) } catch {
            throw fault(detection, "\(error)")
        }
    }

    private func mask(of truth: Annotation) throws -> RunLengths {
        guard let segmentation = truth.segmentation else {
            throw COCOError(fault: "annotation \(truth.id): has no segmentation")
        }
        do { return try mask(segmentation, image: truth.imageID) } catch {
            throw COCOError(fault: "annotation \(truth.id): \(error)")
        }
    }

    private func mask(_ segmentation: Segmentation, image: Int) throws -> RunLengths {
        if case .runLengths(let mask) = segmentation { return mask }
        guard let size = sizes[image] else {
            throw COCOError(fault: "image \(image) has no width and height, which its polygons need")
        }
        return try segmentation.rasterized(in: size)
    }

    /// The box around a detection's keypoints.
    private func extent(of detection: Int) throws -> AnnotationBox {
        guard let keypoints = results.detections[detection].keypoints,
            let left = keypoints.map(\.x).min(), let right = keypoints.map(\.x).max(),
            let top = keypoints.map(\.y).min(), let bottom = keypoints.map(\.y).max()
        else { throw fault(detection, "has no keypoints") }
        return AnnotationBox(x: left, y: top, width: right - left, height: bottom - top)
    }

    /// The keypoints of a group's detections; nil for a category without keypoints, such as *dog* in a file
    /// of all of COCO's categories.
    private func comparableKeypoints(
        _ group: Group, _ truths: [Annotation]
    ) throws -> [[AnnotationKeypoint]]? {
        let found = group.detections.map { results.detections[$0].keypoints }
        if truths.allSatisfy({ $0.keypoints == nil }) && found.contains(nil) { return nil }
        // The number of keypoints does not matter if none is labelled.
        let marked = truths.filter(\.hasLabelledKeypoints).map(\.keypoints)
        for count in (marked + found).compactMap(\.?.count) where count != keypointCount {
            throw COCOError(
                fault: "category \(truths[0].categoryID): its objects have \(count) keypoints, and there are "
                    + "\(keypointCount) sigmas, which say how far off each usually is"
                    + (keypointCount == 17 ? " (COCO's, of a person)" : ""))
        }
        return try zip(group.detections, found).map { position, keypoints in
            guard let keypoints else { throw fault(position, "has no keypoints") }
            return keypoints
        }
    }

    private func fault(_ detection: Int, _ message: String) -> COCOError {
        COCOError(fault: "detection \(detection + 1): \(message)")
    }
}
