import Figures
import Geometry
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 19: the example detection's mask on its way into the picture; beside it the largest, a middling and
    /// the smallest of the others.
    func pasting() throws -> Figure {
        let maps = try MaskMaps(run)
        guard let example = run.example, let probabilities = run.tensor(.maskProbabilities),
            let subject = subject(example, probabilities, side: maps.side)
        else { throw NothingToDraw("nothing was found in this picture, so there is no mask") }
        let others = run.instances.filter { $0.score >= 0.5 && $0.detection != example.detection }
            .sorted { $0.box.area > $1.box.area }
        let chosen =
            others.count > 3 ? [others[0], others[others.count / 2], others[others.count - 1]] : others
        return PastingFigure(
            picture: run.image, subject: subject,
            others: chosen.compactMap { self.subject($0, probabilities, side: maps.side) },
            threshold: Double(run.model.profile.output.maskThreshold), background: background
        ).figure
    }

    private func subject(_ instance: Instance, _ probabilities: Tensor, side: Int) -> PastingFigure.Subject? {
        guard let mask = instance.mask, instance.detection < probabilities.shape[0] else { return nil }
        let area = side * side
        return probabilities.withUnsafeElements { all in
            let own = UnsafeBufferPointer(
                rebasing: all[instance.detection * area..<(instance.detection + 1) * area])
            let enlarged = enlargedMask(
                own, side: side, box: instance.box, imageSize: mask.imageSize,
                conventions: run.model.profile.output)
            guard !enlarged.region.isEmpty else { return nil }
            return PastingFigure.Subject(
                name: run.model.classes.name(of: instance.label), classIndex: instance.label,
                box: instance.box,
                probabilities: HeatMap(
                    values: Array(own), width: side, height: side, isSigned: false, limit: 1),
                enlarged: HeatMap(
                    values: enlarged.values, width: enlarged.region.width, height: enlarged.region.height,
                    isSigned: false, limit: 1),
                region: enlarged.region, mask: mask)
        }
    }
}
