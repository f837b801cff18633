import Geometry
import MaskRCNN

/// Detections in the format that COCO's evaluation reads: a JSON array with one object each.
struct COCOResults {
    private let classes: ClassTable
    private var entries: [String] = []

    init(classes: ClassTable) { self.classes = classes }

    /// The number of detections so far.
    var count: Int { entries.count }

    /// Adds the detections of one picture.
    mutating func add(_ instances: [Instance], image: Int) {
        for instance in instances {
            let box = instance.box
            var fields = [
                "\"image_id\": \(image)",
                "\"category_id\": \(classes.category(of: instance.label))",
                "\"bbox\": [\([box.x1, box.y1, box.width, box.height].map(number).joined(separator: ", "))]",
                "\"score\": \(number(instance.score))",
            ]
            if let mask = instance.mask {
                let size = mask.imageSize
                // The characters of a run-length string are printable ASCII; only the backslash needs an escape.
                let counts = RunLengths(mask).compressed.replacing("\\", with: "\\\\")
                fields.append(
                    "\"segmentation\": {\"size\": [\(size.height), \(size.width)], \"counts\": \"\(counts)\"}"
                )
            }
            if let keypoints = instance.keypoints {
                let numbers = keypoints.flatMap { [$0.x, $0.y, $0.score].map(number) }
                fields.append("\"keypoints\": [\(numbers.joined(separator: ", "))]")
            }
            entries.append("{" + fields.joined(separator: ", ") + "}")
        }
    }

    /// A number as JSON has it; JSON has none for NaN and infinity, which only broken weights give.
    private func number(_ value: Float) -> String { value.isFinite ? "\(value)" : "0" }

    /// The file's text.
    func json() -> String { "[\n" + entries.joined(separator: ",\n") + "\n]\n" }
}
