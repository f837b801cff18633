/// The table of stages, in data-flow order: what each stage is, what it is computed from, and which page explains it.
/// It is the only list of stages: the order and kinds of comparison in `verify`, the inputs of a stage that runs alone,
/// the chapters of the walkthrough and the Python tools all derive from it.
public enum StageTable {
    /// One row per family.
    public static let rows: [StageRow] = [
        // Input.
        StageRow(
            .image, .image, from: [], .input, page: "01-input",
            "The picture as decoded: 8-bit red, green and blue."),
        StageRow(
            .inputSize, .indices, from: [.same(.image)], .input, page: "01-input",
            "Height and width before the padding; boxes live in this frame."),
        StageRow(
            .inputTensor, .map, from: [.same(.image)], .input, page: "01-input",
            "Resized, normalised, and padded with zeros: what the first convolution sees."),

        // Backbone.
        StageRow(
            .stem, .map, from: [.same(.inputTensor)], .backbone, page: "02-backbone",
            "A 7×7 convolution and a max pool take the picture to a quarter of its size."),
        StageRow(
            .backbone, .map, from: [.either([.before(.backbone), .same(.stem)])], .backbone,
            page: "02-backbone", "Residual stage #: one position for every 2^# pixels."),

        // Pyramid.
        StageRow(
            .lateral, .map, from: [.same(.backbone)], repeats: .coarsestFirst, .pyramid, page: "03-pyramid",
            "A 1×1 convolution brings the backbone's map to the pyramid's width."),
        StageRow(
            .topDown, .map, from: [.after(.merged), .same(.backbone)], repeats: .coarsestFirst, .pyramid,
            page: "03-pyramid", "The coarser map, enlarged by repeating values: more meaning, less place."),
        StageRow(
            .merged, .map, from: [.same(.lateral), .same(.topDown)], repeats: .coarsestFirst, .pyramid,
            page: "03-pyramid", "Lateral plus top-down: strong features at fine resolution."),
        StageRow(
            .pyramid, .map, from: [.same(.merged)], repeats: .coarsestFirst, .pyramid, page: "03-pyramid",
            "A 3×3 convolution smooths the sum: the map that the heads read."),
        StageRow(
            .coarsest, .map, from: [.numbered(.pyramid, 5)], .pyramid, page: "03-pyramid",
            "Every second value of p5, for the largest anchors."),

        // Region proposals.
        StageRow(
            .anchors, .boxes,
            from: [.feature, .same(.inputTensor), .under(.paddingIsAround, .same(.inputSize))],
            repeats: .finestFirst, .proposals, page: "04-anchors",
            "Boxes of a few shapes around every position: the proposals' starting points."),
        StageRow(
            .rpnHidden, .map, from: [.feature], repeats: .finestFirst, .rpn, page: "05-rpn",
            "A 3×3 convolution shared by objectness and deltas."),
        StageRow(
            .objectness, .anchorMap, from: [.same(.rpnHidden)], repeats: .finestFirst, .rpn, page: "05-rpn",
            "For each anchor a logit: is there an object?"),
        StageRow(
            .rpnDeltas, .anchorMap, from: [.same(.rpnHidden)], repeats: .finestFirst, .rpn, page: "05-rpn",
            "For each anchor how to shift and stretch it onto the object."),
        StageRow(
            .candidateBoxes, .boxes, from: candidates, rows: .selected(.candidates), repeats: .finestFirst,
            .proposals, page: "06-proposals",
            "The best anchors of the level, decoded and clipped to the picture."),
        StageRow(
            .candidateScores, .numbers, from: candidates, rows: .selected(.candidates), repeats: .finestFirst,
            .proposals, page: "06-proposals",
            "The best anchors of the level, decoded and clipped to the picture."),
        StageRow(
            .proposalBoxes, .boxes, from: proposals, rows: .selected(.proposals), .proposals,
            page: "06-proposals", "What non-maximum suppression leaves, best first: where to look closer."),
        StageRow(
            .proposalScores, .numbers, from: proposals, rows: .selected(.proposals), .proposals,
            page: "06-proposals", "The objectness of each proposal, as a probability."),

        // Box head.
        StageRow(
            .boxLevel, .indices, from: pooled(.proposalBoxes), rows: .following(.proposals), .boxes,
            page: "07-roi-layers", "Small proposals pool from fine maps, large ones from coarse maps."),
        StageRow(
            .boxPooled, .regionMaps, from: pooled(.proposalBoxes), rows: .following(.proposals), .boxes,
            page: "07-roi-layers", "RoIAlign cuts every proposal to the same size, without rounding."),
        StageRow(
            .boxConvolution, .regionMaps, from: [.either([.before(.boxConvolution), .same(.boxPooled)])],
            rows: .following(.proposals), .boxes, page: "08-box-head",
            "A 3×3 convolution of each pooled proposal."),
        StageRow(
            .boxC5, .regionMaps, from: [.same(.boxPooled)], rows: .following(.proposals), .boxes,
            page: "08-box-head", "The fifth residual stage, run on each pooled proposal."),
        StageRow(
            .boxHidden, .table,
            from: [
                .either([.before(.boxHidden), .same(.boxC5), .last(.boxConvolution), .same(.boxPooled)])
            ], rows: .following(.proposals), .boxes, page: "08-box-head",
            "What the box head makes of each proposal, as one vector."),
        StageRow(
            .boxLogits, .table, from: [.last(.boxHidden)], rows: .following(.proposals), .boxes,
            page: "08-box-head", "For each proposal a logit per class, background first."),
        StageRow(
            .boxProbabilities, .table, from: [.same(.boxLogits)], rows: .following(.proposals), .boxes,
            page: "08-box-head", "Softmax over the classes: here they compete."),
        StageRow(
            .boxDeltas, .table, from: [.last(.boxHidden)], rows: .following(.proposals), .boxes,
            page: "08-box-head", "For each class how to refine the proposal's box."),

        // Detections.
        StageRow(
            .detectionBoxes, .boxes, from: detections, rows: .selected(.detections), .detections,
            page: "09-detections", "What per-class suppression and the cut leave, best first."),
        StageRow(
            .detectionScores, .numbers, from: detections, rows: .selected(.detections), .detections,
            page: "09-detections", "The probability of each detection's class."),
        StageRow(
            .detectionClasses, .indices, from: detections, rows: .selected(.detections), .detections,
            page: "09-detections", "The class of each detection; 0 would be background."),
        StageRow(
            .detectionProposals, .indices, from: detections, rows: .selected(.detections), .detections,
            page: "09-detections", "The proposal that each detection came from."),

        // Masks.
        StageRow(
            .maskLevel, .indices, from: pooled(.detectionBoxes), rows: .following(.detections), .masks,
            page: "10-mask-head", "The level that each detection pools from."),
        StageRow(
            .maskPooled, .regionMaps, from: pooled(.detectionBoxes), rows: .following(.detections), .masks,
            page: "10-mask-head", "RoIAlign again, finer, on the refined boxes."),
        StageRow(
            .maskC5, .regionMaps, from: [.same(.maskPooled)], rows: .following(.detections), .masks,
            page: "10-mask-head", "The fifth residual stage, run on each pooled detection."),
        StageRow(
            .maskHidden, .regionMaps,
            from: [.either([.before(.maskHidden), .same(.maskC5), .same(.maskPooled)])],
            rows: .following(.detections), .masks, page: "10-mask-head",
            "A convolution of the mask head: place is kept, pixel to pixel."),
        StageRow(
            .maskUpsampled, .regionMaps,
            from: [.either([.last(.maskHidden), .same(.maskC5), .same(.maskPooled)])],
            rows: .following(.detections), .masks, page: "10-mask-head",
            "A transposed convolution doubles the resolution."),
        StageRow(
            .maskLogits, .regionMaps,
            from: [
                .either([.same(.maskUpsampled), .last(.maskHidden), .same(.maskC5), .same(.maskPooled)])
            ], rows: .following(.detections), .masks, page: "10-mask-head",
            "One mask per class: classes do not compete."),
        StageRow(
            .maskProbabilities, .table, from: [.same(.maskLogits), .same(.detectionClasses)],
            rows: .following(.detections), .masks, page: "10-mask-head",
            "The sigmoid of the predicted class's mask."),

        // Keypoints.
        StageRow(
            .keypointPooled, .regionMaps, from: pooled(.detectionBoxes), rows: .following(.detections),
            .keypoints, page: "12-keypoints", "RoIAlign for the keypoint head."),
        StageRow(
            .keypointHidden, .regionMaps,
            from: [.either([.before(.keypointHidden), .same(.keypointPooled)])],
            rows: .following(.detections), .keypoints, page: "12-keypoints",
            "A convolution of the keypoint head."),
        StageRow(
            .keypointHeatmaps, .regionMaps,
            from: [.either([.last(.keypointHidden), .same(.keypointPooled)])],
            rows: .following(.detections), .keypoints, page: "12-keypoints",
            "One map per keypoint: where is it most likely?"),

        // Output, in coordinates of the original image.
        StageRow(
            .outputBoxes, .boxes, from: output, rows: .selected(.output), .output, page: "11-pasting",
            "Boxes in pixels of the original picture."),
        StageRow(
            .outputScores, .numbers, from: output, rows: .selected(.output), .output, page: "11-pasting",
            "Their scores."),
        StageRow(
            .outputClasses, .indices, from: output, rows: .selected(.output), .output, page: "11-pasting",
            "Their classes."),
        StageRow(
            .outputMasks, .masks, from: output + [.same(.maskProbabilities)], rows: .following(.output),
            .output, page: "11-pasting", "Masks enlarged to their boxes, cut at one half and pasted."),
        StageRow(
            .outputKeypoints, .table, from: output + [.same(.keypointHeatmaps)], rows: .following(.output),
            .output, page: "12-keypoints", "x, y and score of each keypoint, in the original picture."),
    ]

    private static let candidates: [StageInput] = [
        .same(.objectness), .same(.rpnDeltas), .same(.anchors), .same(.inputSize),
        .under(.levelsCompete, .everyLevel(.same(.objectness))),
    ]

    /// Distinct logits can have the same probability, so suppression ranks by the logits if they are available.
    private static let proposals: [StageInput] = [
        .everyLevel(.same(.candidateBoxes)), .everyLevel(.same(.candidateScores)),
        .ifRecorded(.everyLevel(.same(.objectness))),
    ]

    private static func pooled(_ boxes: StageFamily) -> [StageInput] {
        [.same(boxes), .pooledLevels(.feature), .same(.inputSize)]
    }

    private static let detections: [StageInput] = [
        .same(.boxProbabilities), .same(.boxDeltas), .same(.proposalBoxes), .same(.inputSize),
    ]

    private static let output: [StageInput] = [
        .same(.detectionBoxes), .same(.detectionScores), .same(.detectionClasses), .same(.inputSize),
        .same(.image),
    ]

    /// Each family's row, with its index in the table and the number of its section, a run of rows with the same
    /// repetition.
    static let byFamily: [StageFamily: (index: Int, section: Int, row: StageRow)] = {
        var places: [StageFamily: (index: Int, section: Int, row: StageRow)] = [:]
        var section = 0
        for (index, row) in rows.enumerated() {
            if index > 0 && rows[index - 1].repetition != row.repetition { section += 1 }
            places[row.family] = (index, section, row)
        }
        return places
    }()
}

extension PipelineStep {
    /// The walkthrough page that reports how long the step took, without `.md`.
    public var page: String {
        switch self {
        case .input: "01-input"
        case .backbone: "02-backbone"
        case .pyramid: "03-pyramid"
        case .rpn: "05-rpn"
        case .proposals: "06-proposals"
        case .boxes: "08-box-head"
        case .detections: "09-detections"
        case .masks: "10-mask-head"
        case .keypoints: "12-keypoints"
        case .output: "11-pasting"
        }
    }
}
