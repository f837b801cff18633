import Figures
import Foundation
import Geometry
import Kernels
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 8.
    func objectness() throws -> Figure {
        let trace = try SelectionTrace(run)
        let proposals = run.model.configuration.proposals
        let ratios = proposals.aspectRatios
        let isRatioOuter = run.model.profile.anchors.ratiosAreOuter
        var rows: [ObjectnessFigure.Row] = []
        for (index, level) in trace.levels.enumerated() {
            let name = Stage.objectness(level.name).name
            let probabilities = level.objectness.probabilities
            for (sideIndex, side) in proposals.anchorSizes[index].enumerated() {
                let maps = ratios.indices.map { ratio in
                    let channel =
                        isRatioOuter
                        ? ratio * proposals.anchorSizes[index].count + sideIndex
                        : sideIndex * ratios.count + ratio
                    return HeatMap(probabilities, channel: channel, isSigned: false, limit: 1)
                }
                rows.append(
                    ObjectnessFigure.Row(
                        title: "\(level.name), stride \(level.anchors.horizontalStride), side "
                            + setting(Double(side)),
                        note: sideIndex == 0 ? TensorSummary(name, map: level.objectness).text : "",
                        level: pyramidIndex(level.name), maps: maps))
            }
        }
        guard rows.allSatisfy({ !$0.maps.isEmpty }), !rows.isEmpty else {
            throw NothingToDraw("the model has no anchors")
        }
        let covered = (
            Double(trace.size.width) / Double(trace.paddedSize.width),
            Double(trace.size.height) / Double(trace.paddedSize.height)
        )
        return ObjectnessFigure(
            image: run.image, covered: covered,
            ratios: ratios.map { "height \(setting(Double($0))) × width" }, rows: Array(rows.prefix(12)),
            background: background
        ).figure
    }
}

extension Tensor {
    /// The sigmoid of every number.
    fileprivate var probabilities: Tensor {
        withUnsafeElements { logits in
            Tensor(shape: shape, elements: logits.map { 1 / (1 + exp(-$0)) })
        }
    }
}
