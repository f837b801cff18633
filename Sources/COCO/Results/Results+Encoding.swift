extension Results {
    /// The results as a COCO results file, which COCO's own tools load too. Keys are in a fixed order and
    /// detections in the order of the array, one a line: the same results give the same bytes.
    /// - Throws: ``COCOError`` for a detection with a number that is not finite, which JSON cannot hold.
    public func encoded() throws -> [UInt8] {
        var writer = JSONWriter()
        for (number, detection) in detections.enumerated() where !detection.isFinite {
            throw COCOError(fault: "detection \(number + 1): has a number that is not finite")
        }
        writer.lines(detections) { $0.detection($1) }
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
    fileprivate mutating func detection(_ detection: Detection) {
        raw("{\"image_id\": ")
        integer(detection.imageID)
        raw(", \"category_id\": ")
        integer(detection.categoryID)
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
