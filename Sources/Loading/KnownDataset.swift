import Formats
import Foundation
import Inference

/// A dataset recognised by a model's number of classes, with the usual settings of models trained on it.
package struct KnownDataset {
    /// Its usual name.
    package let name: String
    /// The class names and category ids.
    package let classes: ClassTable
    /// The usual settings, by ``ConfigurationKey/name``.
    package let settings: [(key: String, value: ConfigurationValue)]
    /// A remark on what was assumed.
    package var remark: String {
        let values = settings.map { "\($0.key) \($0.value.text)" }.joined(separator: ", ")
        return "\(classes.names.count) classes are taken for those of \(name)"
            + (values.isEmpty ? "." : ": \(values), unless something else is said.")
    }

    /// The dataset of a checkpoint with the given number of classes; nil when it is unknown, and for COCO,
    /// which needs no remark.
    /// - Parameters:
    ///   - names: the class names in the file, if it has any.
    ///   - keyMap: the naming scheme of the parameters.
    package init?(classes count: Int, names: [String]?, keyMap: KeyMap) {
        // A small number of classes may be that of any dataset; with these naming schemes, it is mostly the
        // framework's.
        let isZoo = [.detectron2, .detectron2C4, .mmdetection].contains(keyMap)
        switch count {
        case 1203, 1230:
            name = count == 1203 ? "LVIS" : "LVIS 0.5"
            classes = count == 1203 ? .lvis : ClassTable(names: (1...count).map { "LVIS category \($0)" })
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
    /// The 1203 categories of LVIS 1.0, in the order of their ids, as its annotations call them (Gupta et al.,
    /// arXiv 1908.03195).
    static let lvis = ClassTable(
        names: Bundle.module.url(forResource: "lvis-1", withExtension: "txt", subdirectory: "ClassNames")
            .flatMap { try? String(contentsOf: $0, encoding: .utf8) }?
            .split(separator: "\n").map(String.init) ?? (1...1203).map { "LVIS category \($0)" })

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
