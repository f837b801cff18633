import Drawing
import Figures
import Geometry
import Tensors

/// Small made-up data for the figures between anchors and detections.
enum DetectionFigureExamples {
    /// One colour, so that whatever else is found in a figure has been drawn.
    static let image = Image(
        width: 96, height: 72, pixels: (0..<96 * 72).flatMap { _ in [200, 206, 216] as [UInt8] })

    /// Boxes live in a frame of twice the picture's size.
    static let ground = Ground(image, size: PixelSize(height: 144, width: 192))

    static func box(_ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float) -> Box {
        Box(x1: x1, y1: y1, x2: x2, y2: y2)
    }

    /// Two heaps on p3, of which the first one has three boxes, and a lone box on p4.
    static func suppression(_ theme: Theme = .light) -> SuppressionFigure {
        func candidate(_ box: Box, _ score: Double, level: Int = 3, by suppressor: Int? = nil)
            -> SuppressionFigure.Candidate
        {
            SuppressionFigure.Candidate(box: box, score: score, level: level, suppressor: suppressor)
        }
        return SuppressionFigure(
            ground: ground,
            candidates: [
                candidate(box(20, 20, 80, 100), 0.95), candidate(box(26, 24, 84, 106), 0.9, by: 0),
                candidate(box(14, 30, 76, 98), 0.8, by: 0), candidate(box(20, 12, 82, 92), 0.7, by: 0),
                candidate(box(120, 50, 180, 110), 0.85), candidate(box(128, 60, 184, 116), 0.6, by: 4),
                candidate(box(60, 10, 190, 140), 0.5, level: 4),
            ], kept: [0, 4, 6], proposalCount: 3, threshold: 0.7, levelName: { "p\($0)" },
            theme: theme)
    }

    /// A detection with everything, or without a mask.
    static func provenance(_ theme: Theme = .light, hasMask: Bool = true) -> ProvenanceFigure {
        let suppressed = [
            ProvenanceFigure.Suppressed(box: box(62, 34, 112, 120), score: 0.9, overlap: 0.8),
            ProvenanceFigure.Suppressed(box: box(56, 44, 108, 126), score: 0.75, overlap: 0.72),
        ]
        let origin = ProvenanceFigure.Origin(
            level: "p4", levelIndex: 4, row: 5, column: 5, verticalStride: 16, horizontalStride: 16, side: 64,
            aspectRatio: 2, anchor: box(57, 35, 103, 125), decoded: box(60, 38, 110, 122),
            proposal: box(60, 38, 110, 122), logit: 2.94, objectness: 0.95, rank: 3, candidateCount: 40,
            proposalIndex: 2, proposalCount: 20, suppressed: suppressed)
        let disc = (0..<14 * 14).map { index -> Float in
            let (x, y) = (Float(index % 14) - 6.5, Float(index / 14) - 6.5)
            return x * x + y * y < 36 ? 1 : 0
        }
        let outcome = ProvenanceFigure.Outcome(
            poolingLevel: "p2", poolingIndex: 2,
            map: HeatMap(
                values: (0..<48 * 36).map { Float($0 % 48 + $0 / 48) / 84 }, width: 48, height: 36,
                isSigned: false), stride: 4,
            classes: [(0, "background", 0.06), (1, "person", 0.9), (2, "ring", 0.04)], label: 1,
            className: "person", box: box(61, 40, 108, 121), score: 0.9,
            suppressed: [suppressed[0]],
            mask: hasMask ? HeatMap(values: disc, width: 14, height: 14, isSigned: false, limit: 1) : nil,
            maskLevel: hasMask ? "p2" : nil, result: image, resultText: "mask of 700 pixels, cut at 0.5")
        return ProvenanceFigure(
            ground: ground, detection: 0, origin: origin, outcome: outcome, theme: theme)
    }

    static func anchors(levels: Int) -> AnchorsFigure {
        AnchorsFigure(
            ground: ground,
            levels: (0..<levels).map { level in
                let (stride, side) = (8 << level, Float(16 << level))
                return AnchorsFigure.Level(
                    name: "p\(level + 3)", index: level + 3,
                    cells: PixelSize(height: 144 / stride, width: 192 / stride), verticalStride: stride,
                    horizontalStride: stride,
                    shapes: [box(-side / 2, -side / 2, side / 2, side / 2)], sides: [side])
            }, aspectRatios: [1], objects: [], objectsAre: "", theme: .light)
    }

    static func matching(positives: [Box]) -> MatchingFigure {
        MatchingFigure(
            ground: ground,
            objects: [MatchingFigure.Object(box: box(40, 40, 100, 100), name: "ring", label: 2)],
            objectsAre: "One object.",
            anchors: positives.map { MatchingFigure.Anchor(box: $0, verdict: .positive, object: 0) },
            levels: [MatchingFigure.Level(name: "p3", index: 3, counts: [.positive: positives.count])],
            thresholds: (0.3, 0.7), theme: .light)
    }

    /// One level of one anchor shape, 6 × 8 cells, with one probability that is not 0.
    static func objectness(row: Int, column: Int) -> ObjectnessFigure {
        var values = [Float](repeating: 0, count: 48)
        values[row * 8 + column] = 1
        return ObjectnessFigure(
            image: image, ratios: ["height 1 × width"],
            rows: [
                ObjectnessFigure.Row(
                    title: "p5", note: "", level: 5,
                    maps: [HeatMap(values: values, width: 8, height: 6, isSigned: false, limit: 1)],
                    picture: (8, 6))
            ], theme: .light)
    }

    static func decoding(decoded: Box, clipped: Box) -> DecodingFigure {
        DecodingFigure(
            ground: ground,
            items: [
                DecodingFigure.Item(
                    level: "p3", levelIndex: 3, anchor: box(140, 40, 180, 80),
                    delta: BoxDelta(dx: 0.5, dy: 0, dw: 0.1, dh: 0), decoded: decoded, clipped: clipped,
                    score: 0.9)
            ], worked: 0, theme: .light)
    }

    static func levels(_ regions: [(side: Float, level: Int)]) -> LevelsFigure {
        LevelsFigure(
            ground: ground,
            proposals: regions.map {
                LevelsFigure.Region(box: box(0, 0, $0.side, $0.side), level: $0.level)
            }, detections: [], levels: 2...5, theme: .light)
    }

    static func classes(_ probabilities: [Double]) -> ClassesFigure {
        ClassesFigure(
            ground: ground, proposal: (7, box(40, 40, 100, 100)),
            entries: probabilities.enumerated().map { label, probability in
                ClassesFigure.Entry(
                    label: label, name: label == 0 ? "background" : "class \(label)",
                    probability: probability, delta: label == 0 ? nil : BoxDelta(dx: 0, dy: 0, dw: 0, dh: 0),
                    box: label == 0 ? nil : box(40, 40, 100 + Float(label), 100))
            }, theme: .light)
    }

    static func detections(scores: [Double], limit: Int) -> DetectionsFigure {
        DetectionsFigure(
            ground: ground,
            boxes: scores.enumerated().map { index, score in
                DetectionsFigure.ClassBox(
                    box: box(4 + 20 * Float(index), 40, 22 + 20 * Float(index), 60), label: 3, score: score,
                    suppressor: nil)
            }, kept: Array(scores.indices),
            counts: DetectionsFigure.Counts(
                proposals: 10, classes: 3, detections: min(scores.count, limit), limit: limit,
                scoreThreshold: 0.05, overlapThreshold: 0.5), className: { "class \($0)" },
            theme: .light)
    }
}
