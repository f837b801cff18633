import Formats
import Inference

/// A data set that the number of a model's classes tells, with what is usual for models that were trained on it.
package struct KnownDataset {
    /// As people call it.
    package let name: String
    /// Names and category ids.
    package let classes: ClassTable
    /// What is usual, by ``ConfigurationKey/name``.
    package let settings: [(key: String, value: ConfigurationValue)]
    /// What to say of it.
    package var remark: String {
        let values = settings.map { "\($0.key) \($0.value.text)" }.joined(separator: ", ")
        return "\(classes.names.count) classes are taken for those of \(name)"
            + (values.isEmpty ? "." : ": \(values), unless something else is said.")
    }

    /// The data set of a checkpoint with so many classes; nil when none is known, and for those of COCO, which need
    /// no remark.
    /// - Parameters:
    ///   - names: what the file itself calls the classes, if it does.
    ///   - keyMap: whose names the parameters have.
    package init?(classes count: Int, names: [String]?, keyMap: KeyMap) {
        // Small numbers of classes may be anybody's; under these names they mostly are the framework's own.
        let isZoo = [.detectron2, .detectron2C4, .mmdetection].contains(keyMap)
        switch count {
        case 1203, 1230:
            name = count == 1203 ? "LVIS" : "LVIS 0.5"
            classes = ClassTable(names: (1...count).map { "LVIS category \($0)" })
            settings = [("boxes.detectionsPerImage", .number(300)), ("boxes.scoreThreshold", .number(1e-4))]
        case 8 where isZoo:
            name = "Cityscapes"
            classes = .cityscapes
            settings = [("input.minimumSide", .number(1024)), ("input.maximumSide", .number(2048))]
        case 20 where isZoo:
            name = "Pascal VOC"
            classes = .voc
            settings = []
        default: return nil
        }
        if let names, count < 1000, names.map({ $0.lowercased() }) != classes.names { return nil }
    }
}

extension ClassTable {
    /// The 8 classes of Cityscapes that have instances, with the ids of its labels.
    static let cityscapes = ClassTable(
        names: ["person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"],
        categories: [24, 25, 26, 27, 28, 31, 32, 33])

    /// The 20 classes of Pascal VOC.
    static let voc = ClassTable(names: [
        "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
        "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    ])
}
