import Figures
import Geometry
import MaskRCNN
import Tensors
import Training

extension Gallery {
    /// Figure 23: what a training step would sample from the proposals of this picture, with the paper's matcher
    /// and sampler.
    func targets() throws -> Figure {
        let known = try PictureObjects(run)
        let settings = TrainingSettings()
        guard let size = run.resizedSize else { throw NothingToDraw("the network saw no picture") }
        let boxes = known.objects.map { known.resized($0.box, to: size) }
        // As in training: the true boxes join the proposals.
        let candidates = run.boxes(.proposalBoxes) + boxes
        let matches = settings.proposalMatcher(candidates, with: boxes)
        var generator = SeededGenerator(seed: 1)
        let sample = settings.proposalSampler(matches, using: &generator)
        let sampled = SampledRegions(sample, of: candidates, matches: matches, objects: boxes)
        let masks = maskTargets
        let regions = sampled.regions.map { region -> TargetsFigure.Region in
            let box = run.inPicture(region.box)
            let target = known.objects[region.object].mask.flatMap { mask in
                masks.map { targets in
                    HeatMap(
                        values: targets(mask, in: [box]).array, width: targets.side, height: targets.side,
                        isSigned: false, limit: 1)
                }
            }
            return TargetsFigure.Region(
                box: box, object: region.object, overlap: region.overlap, target: target)
        }
        return TargetsFigure(
            picture: run.image,
            objects: known.objects.map {
                TargetsFigure.Object(name: $0.name, classIndex: $0.label, box: $0.box, mask: $0.mask)
            }, regions: regions, shown: sampled.examples(6),
            backgrounds: sampled.backgrounds.map(run.inPicture),
            counts: TargetsFigure.Counts(
                candidates: candidates.count,
                matched: matches.count { if case .object = $0 { true } else { false } },
                limit: settings.proposalSampler.count, objectShare: settings.proposalSampler.objectShare,
                threshold: settings.proposalMatcher.objectOverlap),
            source: known.areTrue
                ? "The objects are those that were drawn into this scene."
                : "Nobody has labelled this picture: detections of 0.5 or more stand for its objects.",
            background: background
        ).figure
    }

    /// As the trainer makes them for this model; nil for one without a mask head.
    private var maskTargets: MaskTargets? {
        guard let masks = run.model.configuration.masks, run.model.network.mask != nil else { return nil }
        let side = run.tensor(.maskLogits)?.shape[1] ?? 2 * masks.poolSize
        return MaskTargets(
            side: side,
            subtractsHalfPixel: run.model.profile.pooling.align(outputSize: side).subtractsHalfPixel)
    }
}

/// A sample of candidates, sorted into objects and background.
private struct SampledRegions {
    private(set) var regions: [(box: Box, object: Int, overlap: Float)] = []
    private(set) var backgrounds: [Box] = []

    init(_ sample: [Int], of candidates: [Box], matches: [BoxMatch], objects: [Box]) {
        for index in sample {
            if case .object(let object) = matches[index] {
                regions.append(
                    (candidates[index], object, candidates[index].overlap(with: objects[object])))
            } else {
                backgrounds.append(candidates[index])
            }
        }
    }

    /// Regions to show: each object's in turn, the largest objects first, those that overlap least before the
    /// better ones, since there the target differs most from the object's own mask.
    func examples(_ count: Int) -> [Int] {
        var byObject = Dictionary(grouping: regions.indices) { regions[$0].object }.mapValues { members in
            members.sorted { (regions[$0].overlap, $0) < (regions[$1].overlap, $1) }
        }
        let order = byObject.keys.sorted { first, second in
            let areas = [first, second].map { byObject[$0]?.first.map { regions[$0].box.area } ?? 0 }
            return (areas[1], first) < (areas[0], second)
        }
        var chosen: [Int] = []
        while chosen.count < count {
            let before = chosen.count
            for object in order where chosen.count < count {
                guard let next = byObject[object]?.first else { continue }
                byObject[object]?.removeFirst()
                chosen.append(next)
            }
            if chosen.count == before { break }
        }
        return chosen
    }
}
