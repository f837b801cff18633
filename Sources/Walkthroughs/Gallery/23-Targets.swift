import Figures
import Formats
import Geometry
import MaskRCNN
import Scenes
import Tensors
import Training

extension Gallery {
    /// Figure 23: what a training step would sample from the proposals of this picture, with the paper's matcher
    /// and sampler.
    func targets() throws -> Figure {
        let truth = try PictureObjects(run)
        guard !truth.objects.isEmpty else {
            throw NothingToDraw(
                "nothing is known to be in this picture, so there is nothing to learn from it")
        }
        let settings = TrainingSettings()
        guard let size = run.resizedSize else { throw NothingToDraw("the network saw no picture") }
        let horizontal = Float(size.width) / Float(run.image.width)
        let vertical = Float(size.height) / Float(run.image.height)
        let boxes = truth.objects.map { $0.box.scaled(x: horizontal, y: vertical) }
        // As in training: the true boxes join the proposals.
        let candidates = run.boxes(.proposalBoxes) + boxes
        let matches = settings.proposalMatcher(candidates, with: boxes)
        var generator = SeededGenerator(seed: 1)
        let sample = settings.proposalSampler(matches, using: &generator)
        let sampled = SampledRegions(sample, of: candidates, matches: matches, objects: boxes)
        let masks = maskTargets
        let regions = sampled.regions.map { region -> TargetsFigure.Region in
            let box = run.inPicture(region.box)
            let target = truth.objects[region.object].mask.flatMap { mask in
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
            picture: run.image, objects: truth.objects, regions: regions, shown: sampled.examples(6),
            backgrounds: sampled.backgrounds.map(run.inPicture),
            counts: TargetsFigure.Counts(
                candidates: candidates.count,
                matched: matches.count { if case .object = $0 { true } else { false } },
                limit: settings.proposalSampler.count, objectShare: settings.proposalSampler.objectShare,
                threshold: settings.proposalMatcher.objectOverlap),
            source: truth.source, background: background
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

/// The objects of a run's picture: those of the shipped scene, which are known because it was drawn, and of any
/// other picture what the model is sure of.
struct PictureObjects {
    let objects: [TargetsFigure.Object]
    /// Where they come from, as a sentence.
    let source: String

    init(_ run: PictureRun) throws {
        if let shipped = try? Image(contentsOf: ShippedScene.path), shipped == run.image {
            objects = ShippedScene.objects.filter { !$0.isCrowd }.map { object in
                TargetsFigure.Object(
                    name: object.category.name, classIndex: object.category.id, box: object.box,
                    mask: object.mask)
            }
            source = "The objects are those that were drawn into this scene."
        } else {
            objects = run.instances.filter { $0.score >= 0.5 && $0.box.width > 0 && $0.box.height > 0 }
                .map { instance in
                    TargetsFigure.Object(
                        name: run.model.classes.name(of: instance.label), classIndex: instance.label,
                        box: instance.box, mask: instance.mask)
                }
            source = "Nobody has labelled this picture: detections of 0.5 or more stand for its objects."
        }
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
