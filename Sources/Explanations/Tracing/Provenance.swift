import Geometry
import Inference
import Tensors

/// The provenance of one detection: mask ← RoI ← pyramid level ← proposal ← anchor, cell and level, with scores and the
/// boxes that it suppressed.
///
/// Boxes are in coordinates of the resized image, except those of ``instance``.
package struct Provenance: Sendable {
    /// The anchor that the detection comes from.
    package struct Anchor: Hashable, Sendable {
        /// `p2` … `p6`, `c4` or `c5`.
        package let level: String
        /// The level as an index into the model's level names.
        package let levelIndex: Int
        /// Height and width of the level's map, in cells.
        package let mapSize: PixelSize
        /// Pixels between neighbouring rows of cells.
        package let verticalStride: Int
        /// Pixels between neighbouring columns of cells.
        package let horizontalStride: Int
        /// The cell's row, from 0.
        package let row: Int
        /// The cell's column, from 0.
        package let column: Int
        /// The index of the anchor's shape at that cell, from 0.
        package let shape: Int
        /// The side of a square of the same area, in pixels.
        package let size: Float
        /// Height over width.
        package let aspectRatio: Float
        /// The anchor's box.
        package let box: Box
    }

    /// A candidate that the detection's proposal suppressed.
    package struct SuppressedCandidate: Hashable, Sendable {
        /// Its rank among the candidates of the level, 0 for the best.
        package let rank: Int
        /// The decoded and clipped box.
        package let box: Box
        /// Its objectness as a probability.
        package let score: Float
        /// Its overlap (IoU) with the proposal.
        package let overlap: Float
    }

    /// A box of the same class that the detection suppressed.
    package struct SuppressedClassBox: Hashable, Sendable {
        /// The proposal that it was refined from, an index into `rpn.proposals`.
        package let proposal: Int
        /// The refined and clipped box.
        package let box: Box
        /// Its probability of the class.
        package let score: Float
        /// Its overlap (IoU) with the detection.
        package let overlap: Float
    }

    /// The detection: an index into `detections.*`, 0 for the best.
    package let detection: Int

    // Region proposal network.
    /// The anchor, its cell and its level.
    package let anchor: Anchor
    /// The anchor's objectness logit.
    package let logit: Float
    /// The anchor's objectness probability.
    package let objectness: Float
    /// The predicted delta of the anchor.
    package let delta: BoxDelta
    /// The anchor after applying ``delta``; may extend beyond the image.
    package let decoded: Box
    /// The part of ``decoded`` within the image: the candidate and later the proposal.
    package let clipped: Box
    /// The candidate's rank within its level, 0 for the best.
    package let rank: Int
    /// The number of candidates of the level.
    package let candidateCount: Int
    /// The candidates that it suppressed, best first.
    package let suppressedCandidates: [SuppressedCandidate]

    // Box head.
    /// The proposal: an index into `rpn.proposals`, 0 for the best.
    package let proposal: Int
    /// The number of proposals.
    package let proposalCount: Int
    /// The pyramid level that the proposal was pooled from: 2 for p2.
    package let poolingLevel: Int
    /// The proposal's probability of each class, background first.
    package let probabilities: [Float]
    /// The detected class, from 1.
    package let label: Int
    /// Its name.
    package let className: String
    /// Its probability: the detection's score.
    package let score: Float
    /// The predicted delta of the proposal for that class, before the coder divides it by its weights.
    package let refinement: BoxDelta
    /// The proposal after applying ``refinement``; may extend beyond the image.
    package let refined: Box
    /// The part of ``refined`` within the image: the detection's box.
    package let box: Box
    /// The boxes of the same class that it suppressed, best first.
    package let suppressedClassBoxes: [SuppressedClassBox]

    // Output.
    /// The pyramid level that the mask was pooled from; nil without a mask head.
    package let maskLevel: Int?
    /// The result in coordinates of the original image: box, mask and keypoints; nil if no part of it lies in the
    /// image.
    package let instance: Instance?

    /// Traces a detection of a run.
    /// - Parameters:
    ///   - detection: an index into `detections.*`, 0 for the best.
    ///   - trace: the trace of the run's selections; nil to compute it.
    /// - Throws: ``NothingToDraw`` if there is no such detection.
    package init(_ run: PictureRun, detection: Int, trace: SelectionTrace? = nil) throws {
        let trace = try trace ?? SelectionTrace(run)
        let detections = trace.detections
        guard detections.boxes.indices.contains(detection) else {
            throw NothingToDraw(Self.fault(detection, count: detections.boxes.count))
        }
        self.detection = detection

        proposal = detections.proposals[detection]
        proposalCount = trace.proposals.boxes.count
        let keptMember = trace.suppression.outcome.kept[proposal]
        let member = trace.suppression.members[keptMember]
        let level = trace.levels[member.level]
        rank = member.rank
        candidateCount = level.candidates.boxes.count
        let index = level.candidates.anchors[member.rank]
        anchor = Anchor(index, level: member.level, of: level, model: run.model)
        logit = level.objectness.withUnsafeElements { $0[index] }
        objectness = level.candidates.scores[member.rank]
        delta = level.deltas.delta(at: index)
        decoded = run.model.conventions.proposals.coder.decode(delta, from: anchor.box)
        let clipped = level.candidates.boxes[member.rank]
        self.clipped = clipped
        suppressedCandidates = trace.suppression.outcome.suppressed(by: keptMember)
            .map { trace.suppression.members[$0] }
            .map { other in
                let box = trace.box(of: other)
                return SuppressedCandidate(
                    rank: other.rank, box: box, score: trace.score(of: other),
                    overlap: clipped.overlap(with: box))
            }
            .sorted { $0.rank < $1.rank }

        let classes = trace.probabilities.shape[1]
        let label = detections.classes[detection]
        self.label = label
        className = run.model.classes.name(of: label)
        let row = proposal * classes
        probabilities = trace.probabilities.withUnsafeElements { Array($0[row..<row + classes]) }
        score = detections.scores[detection]
        refinement = Inference.refinement(trace.refinements, proposal: proposal, label: label)
        refined = run.model.conventions.detections.coder.decode(refinement, from: clipped)
        let box = detections.boxes[detection]
        self.box = box
        let found = trace.classBoxes
        suppressedClassBoxes = trace.classSuppression
            .suppressed(by: trace.classSuppression.kept[detection])
            .map { other in
                SuppressedClassBox(
                    proposal: found.proposals[other], box: found.boxes[other], score: found.scores[other],
                    overlap: box.overlap(with: found.boxes[other]))
            }
            .sorted { ($1.score, $0.proposal) < ($0.score, $1.proposal) }

        poolingLevel = try run.requiredIndices(.boxLevel)[proposal]
        maskLevel =
            run.model.architecture.masks == nil ? nil : try run.requiredIndices(.maskLevel)[detection]
        instance = run.instances.first { $0.detection == detection }
    }

    private static func fault(_ detection: Int, count: Int) -> String {
        switch count {
        case 0: "nothing was detected"
        case 1: "there is no detection \(detection): the only one is 0"
        default: "there is no detection \(detection): they are 0 to \(count - 1)"
        }
    }
}

extension Provenance.Anchor {
    /// The anchor at an index into a level's grid.
    fileprivate init(_ index: Int, level levelIndex: Int, of level: SelectionTrace.Level, model: Model) {
        let grid = level.anchors
        let (position, shape) = index.quotientAndRemainder(dividingBy: grid.shapes.boxes.count)
        let proposals = model.architecture.proposals
        let (sizes, ratios) = (proposals.anchorSizes[levelIndex], proposals.aspectRatios)
        let isRatioOuter = model.conventions.anchors.ratiosAreOuter
        self.init(
            level: level.name, levelIndex: levelIndex, mapSize: grid.size,
            verticalStride: grid.verticalStride, horizontalStride: grid.horizontalStride,
            row: position / grid.size.width, column: position % grid.size.width, shape: shape,
            size: sizes[isRatioOuter ? shape % sizes.count : shape / ratios.count],
            aspectRatio: ratios[isRatioOuter ? shape / sizes.count : shape % ratios.count], box: grid[index])
    }
}

extension NonMaximumSuppression.Outcome {
    /// The boxes that one box suppressed, in order of their indices.
    package func suppressed(by index: Int) -> [Int] { suppressor.indices.filter { suppressor[$0] == index } }
}

extension Tensor {
    /// The four elements from 4 · `index` on as a delta.
    package func delta(at index: Int) -> BoxDelta {
        withUnsafeElements {
            BoxDelta(
                dx: $0[4 * index], dy: $0[4 * index + 1], dw: $0[4 * index + 2], dh: $0[4 * index + 3])
        }
    }
}

extension PictureRun {
    /// The indices of a stage.
    /// - Throws: ``NothingToDraw`` if the run has none.
    package func requiredIndices(_ stage: Stage) throws -> [Int] {
        guard case .indices(let indices)? = self[stage] else {
            throw NothingToDraw("the run has no \(stage)")
        }
        return indices
    }
}
