import Figures
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 2: the four kinds of pyramids. Runs the backbone over three smaller versions of the picture as well.
    func pyramids() throws -> Figure {
        guard case .pyramid = run.model.configuration.features else {
            throw NothingToDraw("the model has no feature pyramid")
        }
        let backbone = run.backboneStages.compactMap { run.tensor(.backbone($0)) }
        let pyramid = run.backboneStages.compactMap { run.tensor(.pyramid($0)) }
        guard let coarsest = backbone.last, let tensor = run.tensor(.inputTensor) else {
            throw NothingToDraw("the run recorded no maps")
        }
        let conventions = run.model.profile.input
        var pictures = [picture(of: NetworkInput(run.image, conventions: conventions))]
        var maps = [coarsest]
        if pictures[0].width == 0 || tensor.count == 0 { throw NothingToDraw("the picture is empty") }
        for step in 1..<backbone.count {
            var smaller = conventions
            let lengths = conventions.resize.lengths
            smaller.resize = conventions.resize.with(
                minimum: max(lengths.minimum >> step, 1), maximum: max(lengths.maximum >> step, 1))
            let input = NetworkInput(run.image, conventions: smaller)
            pictures.append(picture(of: input))
            if let map = run.model.network.backbone(input.tensor).last { maps.append(map) }
        }
        return PyramidsFigure(
            pictures: pictures, ownMaps: maps.map(meanMagnitude), backbone: backbone.map(meanMagnitude),
            pyramid: pyramid.map(meanMagnitude), background: background
        ).figure
    }

    /// The mean of |value| over the channels of a map, position by position.
    private func meanMagnitude(_ map: Tensor) -> HeatMap {
        let (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
        let means = map.withUnsafeElements { elements in
            (0..<height * width).map { position in
                let start = position * channels
                return (start..<start + channels).reduce(Float(0)) { $0 + abs(elements[$1]) }
                    / Float(channels)
            }
        }
        return HeatMap(values: means, width: width, height: height, isSigned: false)
    }
}
