import Drawing
import Figures
import Tensors

/// Small invented data for the figures of the pipeline, its heads, its training and its costs.
enum PipelineFigureExample: String, CaseIterable, Sendable {
    case overview, overviewOfC4 = "overview-c4", pyramids, input, backbone, fusion, heads, losses, weights
    case convolution, cost

    /// The figure of the invented data.
    func figure(on theme: Theme) -> Figure {
        switch self {
        case .overview: Self.overview(isC4: false, theme)
        case .overviewOfC4: Self.overview(isC4: true, theme)
        case .pyramids:
            PyramidsFigure(
                pictures: [Self.picture(32, 24), Self.picture(16, 12)],
                ownMaps: [Self.heat(4, 3, 1), Self.heat(2, 2, 2)],
                backbone: [Self.heat(16, 12, 3), Self.heat(8, 6, 4)],
                pyramid: [Self.heat(16, 12, 5), Self.heat(8, 6, 6)], theme: theme
            ).figure
        case .input:
            InputFigure(
                original: Self.picture(48, 30), resized: Self.picture(32, 20),
                tensor: Self.map([24, 32, 3], 7),
                channels: [
                    InputFigure.Channel(name: "blue", mean: 103.5, deviation: 1),
                    InputFigure.Channel(name: "green", mean: 116.25, deviation: 57.5),
                    InputFigure.Channel(name: "red", mean: 123.75, deviation: 58.25),
                ], multiple: 8, whitePoint: 255, theme: theme
            ).figure
        case .backbone:
            BackboneFigure(
                maps: [
                    BackboneFigure.Map(name: "backbone.c2", stride: 4, tensor: Self.map([12, 16, 8], 8)),
                    BackboneFigure.Map(name: "backbone.c3", stride: 8, tensor: Self.map([6, 8, 3], 9)),
                ], theme: theme
            ).figure
        case .fusion: Self.fusion(theme)
        case .heads: Self.heads(theme)
        case .losses: Self.losses(theme)
        case .weights: Self.weights(theme)
        case .convolution: Self.convolution(theme)
        case .cost: Self.cost(theme)
        }
    }

    // MARK: Invented data

    /// Numbers from −1 to 1 that look irregular and are the same everywhere: a linear congruential generator's.
    static func numbers(_ count: Int, _ seed: UInt32) -> [Float] {
        var state = seed &* 747_796_405 &+ 2_891_336_453
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(state >> 8) / 8_388_608 - 1
        }
    }

    static func map(_ shape: [Int], _ seed: UInt32) -> Tensor {
        Tensor(shape: shape, elements: numbers(shape.reduce(1, *), seed))
    }

    private static func heat(_ width: Int, _ height: Int, _ seed: UInt32) -> HeatMap {
        HeatMap(
            values: numbers(width * height, seed).map { abs($0) }, width: width, height: height,
            isSigned: false)
    }

    private static func picture(_ width: Int, _ height: Int) -> Image {
        let pixels = (0..<width * height).flatMap { index -> [UInt8] in
            let (y, x) = index.quotientAndRemainder(dividingBy: width)
            let isDisc = (x - width / 2) * (x - width / 2) + (y - height / 2) * (y - height / 2) < height * 2
            return isDisc ? [214, 94, 0] : [UInt8(x * 255 / width), UInt8(y * 255 / height), 160]
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    private static func overview(isC4: Bool, _ theme: Theme) -> Figure {
        typealias Node = OverviewFigure.Node
        var heads = [
            OverviewFigure.Head(
                .boxes,
                [
                    Node("box.pooled", "20×8×7×7", "RoIAlign"),
                    Node("box.hidden.2", "20×16", "two fully connected layers"),
                    Node("box.deltas", "20×4×4", "and class probabilities"),
                ])
        ]
        if !isC4 {
            for (part, name) in [(Part.masks, "mask"), (.keypoints, "keypoint")] {
                heads.append(
                    OverviewFigure.Head(
                        part,
                        [
                            Node("\(name).pooled", "3×8×14×14"), Node("\(name).hidden", "3×8×14×14"),
                            Node("\(name).result", "3×28×28"),
                        ]))
            }
        }
        return OverviewFigure(
            picture: picture(64, 48), result: picture(64, 48), input: Node("input.tensor", "3×64×64"),
            backbone: ["stem", "c2", "c3", "c4", "c5"].prefix(isC4 ? 4 : 5).map {
                Node("backbone.\($0)", "8×16×16")
            },
            pyramid: isC4 ? [] : (2...6).map { Node("fpn.p\($0)", "8×16×16") },
            proposals: [
                Node("rpn.objectness, rpn.deltas", "the same weights on every level", "960 anchors"),
                Node("rpn.candidates", "the best 40, decoded and clipped"),
                Node("rpn.proposals.boxes", "20×4"),
            ], heads: heads, detections: Node("detections.boxes", "3×4"),
            subtitle: "An invented picture through an invented network.", theme: theme
        ).figure
    }

    private static func fusion(_ theme: Theme) -> Figure {
        func level(_ name: String, _ side: Int, hasTopDown: Bool, _ seed: UInt32) -> FusionFigure.Level {
            let shape = [side, side + 2, 4]
            let (lateral, topDown) = (map(shape, seed), map(shape, seed + 1))
            let sum = zip(lateral.array, topDown.array).map { $0 + $1 }
            return FusionFigure.Level(
                name: name, lateral: lateral, topDown: hasTopDown ? topDown : nil,
                merged: hasTopDown ? Tensor(shape: shape, elements: sum) : lateral,
                smoothed: map(shape, seed + 2))
        }
        return FusionFigure(
            levels: [level("p4", 8, hasTopDown: true, 20), level("p5", 4, hasTopDown: false, 30)],
            theme: theme
        ).figure
    }

    private static func heads(_ theme: Theme) -> Figure {
        typealias Step = HeadsFigure.Step
        return HeadsFigure(
            [
                HeadsFigure.Architecture(
                    name: "One kind",
                    heads: [
                        HeadsFigure.Head(
                            name: "Box head", part: .boxes, start: .map(side: 7, channels: 256),
                            steps: [
                                Step("fully\nconnected", .vector(1024)),
                                Step("fully\nconnected", .vector(1024)),
                            ],
                            ends: [
                                Step("", .vector(81), name: "class logits"),
                                Step("", .table(rows: 81, columns: 4), name: "box deltas"),
                            ]),
                        HeadsFigure.Head(
                            name: "Mask head", part: .masks, start: .map(side: 14, channels: 256),
                            steps: [
                                Step("3×3\nconvolution", count: 4, .map(side: 14, channels: 256)),
                                Step("2×2\ntransposed", .map(side: 28, channels: 256)),
                                Step("1×1", .map(side: 28, channels: 81), name: "mask logits"),
                            ], ends: []),
                    ])
            ], subtitle: "With invented sizes.", theme: theme
        ).figure
    }

    /// Losses that fall with the root of the step, the second with a gap, at a rate that drops once.
    private static func losses(_ theme: Theme) -> Figure {
        let steps = (0..<120).map { Double(20 * $0 + 19) }
        let noise = numbers(120, 40)
        let falling = steps.indices.map { (1 + 0.2 * Double(noise[$0])) / (steps[$0] / 200 + 1).squareRoot() }
        let broken = falling.indices.map { (30..<40).contains($0) ? Double.nan : 3 * falling[$0] }
        return LossesFigure(
            steps: steps,
            curves: [
                LossesFigure.Curve(
                    name: "rpn.objectness", meaning: "is it one?", part: .proposals, values: falling),
                LossesFigure.Curve(name: "box.logits", meaning: "which class?", part: .boxes, values: broken),
                LossesFigure.Curve(
                    name: "mask.logits", meaning: "nothing was reported", part: .masks,
                    values: [Double](repeating: .nan, count: 120)),
            ], rates: steps.map { $0 < 1600 ? 0.01 : 0.001 }, subtitle: "Invented.", theme: theme
        ).figure
    }

    private static func weights(_ theme: Theme) -> Figure {
        func layer(_ name: String, size: Double, dead: Int = 0) -> WeightsFigure.Layer {
            WeightsFigure.Layer(
                name: name, part: .backbone,
                counts: (0..<48).map { Int(1000 * max(0, 1 - abs(Double($0) - 23.5) / (1 + 12 * size))) },
                size: size, largest: 3 * size, deadOutputs: dead)
        }
        return WeightsFigure(
            layers: [
                layer("backbone.stem", size: 1), layer("backbone.c2.0.conv1", size: 0.4, dead: 3),
                layer("rpn.a layer with a name that is too long", size: 0.001),
                layer("box.hidden.1", size: 40),
                layer("mask.logits", size: 0.8),
            ], subtitle: "Five invented layers.", theme: theme
        ).figure
    }

    private static func convolution(_ theme: Theme) -> Figure {
        ConvolutionFigure(
            layer: "rpn.hidden.1",
            input: HeatMap(values: numbers(60, 50), width: 10, height: 6, isSigned: true),
            kernel: numbers(9, 51),
            tile: ConvolutionFigure.Tile(
                transformedInput: numbers(36, 52), transformedKernel: numbers(36, 53),
                product: numbers(36, 54), output: numbers(16, 55)), patchShape: (5120, 576), outputs: 64,
            note: "what channel 3 adds to channel 5", theme: theme
        ).figure
    }

    private static func cost(_ theme: Theme) -> Figure {
        CostFigure(
            steps: [
                CostFigure.Step(
                    name: "input", part: .input, multiplications: 0, activationBytes: 983_040,
                    parameterBytes: 0, seconds: 0.004),
                CostFigure.Step(
                    name: "backbone", part: .backbone, multiplications: 3.2e9, activationBytes: 12e6,
                    parameterBytes: 3e6, seconds: 0.06),
                CostFigure.Step(
                    name: "keypoints", part: .keypoints, multiplications: 8e6, activationBytes: 5e4,
                    parameterBytes: 999_999, seconds: nil),
            ], theme: theme
        ).figure
    }
}
