import Figures
import Geometry
import MaskRCNN
import Training

extension Gallery {
    /// Figure 7.
    func matching() throws -> Figure {
        let trace = try SelectionTrace(run)
        let known = try PictureObjects(run)
        let boxes = known.objects.map { known.resized($0.box, to: trace.size) }
        let matcher = BoxMatcher.anchors
        // Over all levels at once: an object's best anchor is the best of all.
        let all = trace.levels.flatMap { Array($0.anchors) }
        let matches = matcher(
            all, with: boxes, crowds: known.crowds.map { known.resized($0, to: trace.size) })

        var anchors: [MatchingFigure.Anchor] = []
        var levels: [MatchingFigure.Level] = []
        var start = 0
        for level in trace.levels {
            var counts: [MatchingFigure.Verdict: Int] = [:]
            var background: [MatchingFigure.Anchor] = []
            for index in start..<start + level.anchors.count {
                let anchor = Self.anchor(all[index], matches[index], boxes: boxes, matcher: matcher)
                counts[anchor.verdict, default: 0] += 1
                if anchor.verdict == .background {
                    background.append(anchor)
                } else {
                    anchors.append(anchor)
                }
            }
            levels.append(
                MatchingFigure.Level(name: level.name, index: pyramidIndex(level.name), counts: counts))
            anchors += Self.spread(background, count: 60 / trace.levels.count)
            start += level.anchors.count
        }
        return MatchingFigure(
            ground: ground(size: trace.size),
            objects: zip(known.objects, boxes).map {
                MatchingFigure.Object(box: $1, name: $0.name, label: $0.label)
            },
            objectsAre: "Objects are \(known.words).", anchors: anchors, levels: levels,
            thresholds: (matcher.backgroundOverlap, matcher.objectOverlap), background: background
        ).figure
    }

    /// Some of many anchors, from everywhere among them.
    private static func spread(_ anchors: [MatchingFigure.Anchor], count: Int) -> [MatchingFigure.Anchor] {
        // Multiples of the golden ratio's fraction, whole parts cut off, leave no large gap and no pattern.
        (0..<min(count, anchors.count)).map { index in
            let position = (Double(index) * 0.6180339887).truncatingRemainder(dividingBy: 1)
            return anchors[Int(position * Double(anchors.count))]
        }
    }

    private static func anchor(
        _ box: Box, _ match: BoxMatch, boxes: [Box], matcher: BoxMatcher
    ) -> MatchingFigure.Anchor {
        switch match {
        case .object(let object):
            let isGood = box.overlap(with: boxes[object]) >= matcher.objectOverlap
            return MatchingFigure.Anchor(
                box: box, verdict: isGood ? .positive : .lowQuality, object: object)
        case .ignored:
            let overlaps = boxes.map { box.overlap(with: $0) }
            let best = overlaps.indices.dropFirst().reduce(0) { overlaps[$1] > overlaps[$0] ? $1 : $0 }
            // In a crowd, an ignored anchor may overlap no object.
            return MatchingFigure.Anchor(
                box: box, verdict: .ignored, object: overlaps[best] > 0 ? best : nil)
        case .background:
            return MatchingFigure.Anchor(box: box, verdict: .background, object: nil)
        }
    }
}
