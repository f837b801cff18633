import Drawing
import Geometry
import Inference
import Kernels
import Tensors

// What figures and pages about single regions ask of a run.

extension PictureRun {
    /// The maps that the heads pool from.
    package var pooledMaps: PooledMaps<Tensor>? { pooledMaps(for: model) }

    /// The same, pooled from as a model with other conventions does.
    package func pooledMaps(for model: Model) -> PooledMaps<Tensor>? {
        let features = model.levelNames.indices.compactMap { level in
            switch model.architecture.features {
            case .pyramid: tensor(.pyramid(level + 2))
            case .c4: tensor(.backbone(4))
            case .c5: tensor(.backbone(5))
            }
        }
        guard features.count == model.levelNames.count, let size = resizedSize else { return nil }
        return model.pooledMaps(features, size: size)
    }

    /// The size of the resized picture, without padding.
    package var resizedSize: PixelSize? {
        guard case .indices(let size) = self[.inputSize], size.count == 2 else { return nil }
        return PixelSize(height: size[0], width: size[1])
    }

    /// The boxes of a stage; none for a stage that is something else.
    package func boxes(_ stage: Stage) -> [Box] {
        if case .boxes(let boxes) = self[stage] { boxes } else { [] }
    }

    /// The numbers of a stage.
    package func numbers(_ stage: Stage) -> [Float] {
        if case .numbers(let numbers) = self[stage] { numbers } else { [] }
    }

    /// The indices of a stage.
    package func indices(_ stage: Stage) -> [Int] {
        if case .indices(let indices) = self[stage] { indices } else { [] }
    }

    /// A box of the resized frame in pixels of the picture as decoded.
    package func inPicture(_ box: Box) -> Box {
        guard let size = resizedSize else { return box }
        return box.scaled(
            x: Float(image.width) / Float(size.width), y: Float(image.height) / Float(size.height))
    }

    /// The detection that figures of a single one show: of those that are likelier than not, the largest; the
    /// best one, if none is.
    package var example: Instance? {
        instances.filter { $0.score >= 0.5 }.max { $0.box.area < $1.box.area } ?? instances.first
    }

    /// A detection in words: `detection 3, person 0.98`.
    package func wording(_ instance: Instance) -> String {
        "detection \(instance.detection), \(model.classes.name(of: instance.label)) "
            + figures(Double(instance.score), decimals: 2)
    }
}
