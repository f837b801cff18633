/// The names of a model's classes, and the category ids that they have in annotation and result files.
public struct ClassTable: Hashable, Sendable {
    /// One name per class. The first is that of class 1, since 0 is background.
    public let names: [String]
    /// One id per class, as in annotation files.
    public let categories: [Int]

    /// A table of the given names; without `categories`, ids count from 1.
    public init(names: [String], categories: [Int]? = nil) {
        self.names = names
        self.categories = categories ?? Array(1..<max(names.count + 1, 1))
        precondition(self.categories.count == names.count)
    }

    /// The name of a class, given its index from 1; `class N` if the table has none.
    public func name(of label: Int) -> String {
        names.indices.contains(label - 1) ? names[label - 1] : "class \(label)"
    }

    /// The category id of a class, given its index from 1; the index itself if the table has none.
    public func category(of label: Int) -> Int {
        categories.indices.contains(label - 1) ? categories[label - 1] : label
    }

    /// Whether the objects of a class, given its index from 1, have keypoints: only persons, or all classes if none is
    /// "person". (A keypoint head predicts keypoints for every region, whatever it shows.)
    public func hasKeypoints(_ label: Int) -> Bool {
        !names.contains("person") || name(of: label) == "person"
    }

    /// The table that the number of classes suggests: COCO's ids 1 … 90 for 90 classes, COCO's 80 classes for 80,
    /// "person" for a keypoint model of one class, and numbered names otherwise.
    public static func standard(for architecture: Architecture) -> ClassTable {
        switch architecture.classes {
        case 90: cocoSparse
        case 80: coco
        case 1 where architecture.keypoints != nil: ClassTable(names: ["person"])
        default: ClassTable(names: (1...max(architecture.classes, 1)).map { "class \($0)" })
        }
    }

    /// The 80 classes of COCO, contiguous, with their ids.
    public static let coco = ClassTable(names: cocoClasses.map(\.1), categories: cocoClasses.map(\.0))

    /// COCO's ids 1 … 90 as class indices, ten of them unused, as in torchvision's models.
    public static let cocoSparse: ClassTable = {
        let names = Dictionary(uniqueKeysWithValues: cocoClasses)
        return ClassTable(names: (1...90).map { names[$0] ?? "unused \($0)" })
    }()
}

private let cocoClasses: [(Int, String)] = [
    (1, "person"), (2, "bicycle"), (3, "car"), (4, "motorcycle"), (5, "airplane"), (6, "bus"), (7, "train"),
    (8, "truck"), (9, "boat"), (10, "traffic light"), (11, "fire hydrant"), (13, "stop sign"),
    (14, "parking meter"), (15, "bench"), (16, "bird"), (17, "cat"), (18, "dog"), (19, "horse"),
    (20, "sheep"),
    (21, "cow"), (22, "elephant"), (23, "bear"), (24, "zebra"), (25, "giraffe"), (27, "backpack"),
    (28, "umbrella"), (31, "handbag"), (32, "tie"), (33, "suitcase"), (34, "frisbee"), (35, "skis"),
    (36, "snowboard"), (37, "sports ball"), (38, "kite"), (39, "baseball bat"), (40, "baseball glove"),
    (41, "skateboard"), (42, "surfboard"), (43, "tennis racket"), (44, "bottle"), (46, "wine glass"),
    (47, "cup"),
    (48, "fork"), (49, "knife"), (50, "spoon"), (51, "bowl"), (52, "banana"), (53, "apple"), (54, "sandwich"),
    (55, "orange"), (56, "broccoli"), (57, "carrot"), (58, "hot dog"), (59, "pizza"), (60, "donut"),
    (61, "cake"),
    (62, "chair"), (63, "couch"), (64, "potted plant"), (65, "bed"), (67, "dining table"), (70, "toilet"),
    (72, "tv"), (73, "laptop"), (74, "mouse"), (75, "remote"), (76, "keyboard"), (77, "cell phone"),
    (78, "microwave"), (79, "oven"), (80, "toaster"), (81, "sink"), (82, "refrigerator"), (84, "book"),
    (85, "clock"), (86, "vase"), (87, "scissors"), (88, "teddy bear"), (89, "hair drier"), (90, "toothbrush"),
]
