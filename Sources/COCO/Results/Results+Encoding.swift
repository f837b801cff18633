extension Results {
    /// The results as a COCO results file, which COCO's own tools can read. Keys are in a fixed order and
    /// detections in the order of the array, one per line: equal results give equal bytes.
    /// - Parameter dataset: the dataset that the detections refer to; needed only if its ids are text.
    /// - Throws: ``COCOError`` for a detection with a number that is not finite, which JSON cannot hold.
    public func encoded(of dataset: Dataset? = nil) throws -> [UInt8] {
        var writer = JSONWriter()
        let texts = TextsOfIdentifiers(dataset)
        for (number, detection) in detections.enumerated() where !detection.isFinite {
            throw COCOError(fault: "detection \(number + 1): has a number that is not finite")
        }
        writer.lines(detections) { $0.detection($1, texts) }
        writer.raw("\n")
        return writer.bytes
    }
}

extension Detection {
    fileprivate var isFinite: Bool {
        let box = box.map { [$0.x, $0.y, $0.width, $0.height] } ?? []
        return score.isFinite && box.allSatisfy(\.isFinite)
            && keypoints?.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.visibility.isFinite } ?? true
    }
}

extension JSONWriter {
    fileprivate mutating func detection(_ detection: Detection, _ texts: TextsOfIdentifiers) {
        raw("{\"image_id\": ")
        identifier(detection.imageID, texts.images[detection.imageID])
        raw(", \"category_id\": ")
        identifier(detection.categoryID, texts.categories[detection.categoryID])
        if let box = detection.box {
            raw(", \"bbox\": ")
            self.box(box)
        }
        raw(", \"score\": ")
        number(detection.score)
        if let segmentation = detection.segmentation {
            raw(", \"segmentation\": ")
            self.segmentation(segmentation)
        }
        if let keypoints = detection.keypoints {
            raw(", \"keypoints\": ")
            self.keypoints(keypoints)
        }
        raw("}")
    }
}
