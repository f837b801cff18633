import Figures
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 1: the pipeline with the shapes that this run's tensors had.
    func overview() throws -> Figure {
        let configuration = run.model.configuration
        var backbone = [node(.stem)]
        for stage in run.backboneStages { backbone.append(node(.backbone(stage))) }
        var pyramid: [OverviewFigure.Node] = []
        if case .pyramid = configuration.features {
            pyramid = run.model.levelNames.indices.map { node(.pyramid($0 + 2)) }
        }
        let family = family
        let colours = configuration.backbone.groups > 1 ? "ResNeXt" : "ResNet"
        return OverviewFigure(
            picture: run.image, result: try resultWithoutLabels(), input: node(.inputTensor),
            backbone: backbone, pyramid: pyramid, proposals: proposalNodes, heads: headRows,
            detections: node(.detectionBoxes),
            subtitle:
                "\(run.name.prefix(1).uppercased() + run.name.dropFirst()), through a \(colours) with \(family) and \(configuration.classes) classes.",
            background: background
        ).figure
    }

    /// Where the heads read from, in a few words.
    private var family: String {
        switch run.model.configuration.features {
        case .pyramid: "a feature pyramid"
        case .c4: "heads on c4"
        case .c5: "heads on c5"
        }
    }

    private func node(_ stage: Stage, _ more: String...) -> OverviewFigure.Node {
        var node = OverviewFigure.Node(stage.name, run.shapeText(stage) ?? "")
        node.lines += more
        return node
    }

    private var proposalNodes: [OverviewFigure.Node] {
        let names = run.model.levelNames
        let anchors = names.reduce(0) { total, name in
            if case .boxes(let boxes) = run[.anchors(name)] { total + boxes.count } else { total }
        }
        let candidates = names.reduce(0) { total, name in
            if case .boxes(let boxes) = run[.candidateBoxes(name)] { total + boxes.count } else { total }
        }
        let perPosition = run.model.configuration.proposals.anchorsPerPosition
        var head = OverviewFigure.Node("rpn.objectness")
        // Without a pyramid the box is twice as wide.
        head.lines =
            names.count > 1
            ? [
                "and rpn.deltas:", "3×3, then 1×1 layers", "shared by all levels",
                "\(perPosition) anchors a position,", "\(anchors) in all",
            ]
            : [
                "and rpn.deltas: 3×3, then 1×1 layers",
                "\(perPosition) anchors a position, \(anchors) in all",
            ]
        return [
            head, OverviewFigure.Node("rpn.candidates", "the best \(candidates), decoded"),
            node(.proposalBoxes, "after suppression"),
        ]
    }

    private var headRows: [OverviewFigure.Head] {
        var heads = [
            OverviewFigure.Head(
                .boxes,
                [node(.boxPooled, poolingName), boxHidden, node(.boxDeltas, "and class probabilities")])
        ]
        if run[.maskPooled] != nil {
            let hidden: OverviewFigure.Node =
                if run[.maskUpsampled] != nil {
                    node(
                        .maskUpsampled,
                        run[.maskC5] == nil ? "convolutions, then 2×" : "the fifth stage, then 2×")
                } else {
                    node(.maskHidden(1), "fully connected")
                }
            heads.append(
                OverviewFigure.Head(
                    .masks,
                    [node(.maskPooled, poolingName), hidden, node(.maskProbabilities, "of the class found")]))
        }
        if run[.keypointPooled] != nil {
            let layers = run.model.configuration.keypoints?.convolutions ?? 0
            heads.append(
                OverviewFigure.Head(
                    .keypoints,
                    [
                        node(.keypointPooled, poolingName),
                        layers > 0
                            ? node(.keypointHidden(layers), "3×3 convolutions")
                            : OverviewFigure.Node("no hidden layer"),
                        node(.keypointHeatmaps, "one map a keypoint"),
                    ]))
        }
        return heads
    }

    private var boxHidden: OverviewFigure.Node {
        switch run.model.configuration.boxes.head {
        case .twoLayers: node(.boxHidden(2), "two fully connected layers")
        case .convolutions: node(.boxHidden(1), "convolutions, fully connected")
        case .residualStage: node(.boxHidden(1), "the fifth stage, averaged")
        }
    }

    private var poolingName: String {
        switch run.model.profile.pooling.layer {
        case .pool: "RoIPool"
        case .warp: "RoIWarp"
        case .align: "RoIAlign"
        case .crop: "crop_and_resize"
        }
    }

    /// The picture with what was found, without words, which would be too small to read.
    private func resultWithoutLabels() throws -> Image {
        let likely = run.instances.filter { $0.score >= 0.5 }
        let classes = run.model.classes
        let drawn = (likely.isEmpty ? run.instances : likely).map { instance in
            DrawnInstance(
                box: instance.box, classIndex: instance.label, className: classes.name(of: instance.label),
                score: Double(instance.score), mask: instance.mask,
                keypoints: classes.hasKeypoints(instance.label) ? instance.keypoints ?? [] : [])
        }
        var options = DetectionOverlay.Options()
        options.showsLabels = false
        // Drawn at about half its size.
        options.scale = 2
        return try DetectionOverlay(image: run.image, instances: drawn, options: options).figure.image()
    }
}
