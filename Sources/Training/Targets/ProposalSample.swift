import Geometry
import Kernels
import Tensors

/// The objects of an example, scaled to the resized image.
struct ScaledObjects {
    /// The single objects, as in the example.
    let objects: [LabelledObject]
    /// Their boxes, in coordinates of the resized image.
    let boxes: [Box]
    /// The boxes of crowds, in coordinates of the resized image.
    let crowds: [Box]
    /// The scale from the example's image to the resized image.
    let scale: (x: Float, y: Float)

    /// Scales the objects of an example, without those whose box is empty.
    init(_ example: Example, to size: PixelSize) {
        let scale = (
            x: Float(size.width) / Float(example.size.width),
            y: Float(size.height) / Float(example.size.height)
        )
        self.scale = scale
        objects = example.objects.filter { !$0.isCrowd && $0.box.width > 0 && $0.box.height > 0 }
        boxes = objects.map { $0.box.scaled(x: scale.x, y: scale.y) }
        crowds = example.objects.filter(\.isCrowd).map { $0.box.scaled(x: scale.x, y: scale.y) }
    }
}

/// The sampled proposals that the heads are trained on, with their targets.
struct ProposalSample {
    /// The proposals' boxes, in coordinates of the resized image.
    let boxes: [Box]
    /// The class of each proposal; 0 for background.
    let labels: [Int]
    /// The ground-truth box of each proposal; for background, the proposal itself.
    let targets: [Box]
    /// The index of each proposal's object; nil for background.
    private let matched: [Int?]
    private let objects: ScaledObjects

    /// Matches and samples proposals.
    init(
        _ proposals: [Box], objects: ScaledObjects, settings: TrainingSettings,
        using generator: inout SeededGenerator
    ) {
        let matches = settings.proposalMatcher(proposals, with: objects.boxes, crowds: objects.crowds)
        let sample = settings.proposalSampler(matches, using: &generator)
        boxes = sample.map { proposals[$0] }
        matched = sample.map { if case .object(let object) = matches[$0] { object } else { nil } }
        labels = matched.map { $0.map { objects.objects[$0].label } ?? 0 }
        targets = zip(matched, boxes).map { object, box in object.map { objects.boxes[$0] } ?? box }
        self.objects = objects
    }

    /// The proposals matched to objects that satisfy `hasTarget`, as indices into `boxes`.
    func regions(where hasTarget: (LabelledObject) -> Bool) -> [Int] {
        matched.indices.filter { matched[$0].map { hasTarget(objects.objects[$0]) } ?? false }
    }

    /// The mask targets of regions: `[regions, side, side]`.
    func maskTargets(_ maskTargets: MaskTargets, regions: [Int]) -> Tensor {
        let cells = maskTargets.side * maskTargets.side
        return Tensor(shape: [regions.count, maskTargets.side, maskTargets.side]) { targets in
            // Grouped by object, so that each mask is processed once.
            for (object, members) in Dictionary(grouping: regions.indices, by: { matched[regions[$0]] }) {
                guard let object, let mask = objects.objects[object].mask else { continue }
                // The boxes are scaled to the mask's coordinates, rather than the mask to the resized image.
                let boxes = members.map {
                    self.boxes[regions[$0]].scaled(x: 1 / objects.scale.x, y: 1 / objects.scale.y)
                }
                maskTargets(mask, in: boxes).withUnsafeElements { cropped in
                    for (position, region) in members.enumerated() {
                        _ = targets[(region * cells)...].update(
                            fromContentsOf: cropped[position * cells..<(position + 1) * cells])
                    }
                }
            }
        }
    }

    /// The target cell of each keypoint of a region, as an index row by row; nil for a keypoint without one.
    func keypointTargets(of region: Int, side: Int) -> [Int?] {
        guard let object = matched[region], let keypoints = objects.objects[object].keypoints else {
            return []
        }
        return keypoints.map { keypoint in
            var scaled = keypoint
            scaled.x *= objects.scale.x
            scaled.y *= objects.scale.y
            return keypointTarget(scaled, in: boxes[region], side: side)
        }
    }
}
