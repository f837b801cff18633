import Drawing
import Geometry
import Inference
import Kernels
import Tensors

// Values of a run that figures and pages about single regions need.

extension PictureRun {
    /// The maps that the heads pool from; nil if the run lacks one.
    package var pooledMaps: PooledMaps<Tensor>? { pooledMaps(for: model) }

    /// The same maps, with the conventions of another model.
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

    /// The size of the resized image, without padding.
    package var resizedSize: PixelSize? {
        guard case .indices(let size) = self[.inputSize], size.count == 2 else { return nil }
        return PixelSize(height: size[0], width: size[1])
    }

    /// The boxes of a stage; empty for a stage of another kind.
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

    /// Converts a box from coordinates of the resized image to those of the original image.
    package func inPicture(_ box: Box) -> Box {
        guard let size = resizedSize else { return box }
        return box.scaled(
            x: Float(image.width) / Float(size.width), y: Float(image.height) / Float(size.height))
    }

    /// The detection that figures of a single detection show: the largest with a score above one half, or else the
    /// best.
    package var example: Instance? {
        instances.filter { $0.score >= 0.5 }.max { $0.box.area < $1.box.area } ?? instances.first
    }

    /// A detection in words: `detection 3, person 0.98`.
    package func wording(_ instance: Instance) -> String {
        "detection \(instance.detection), \(model.classes.name(of: instance.label)) "
            + figures(Double(instance.score), decimals: 2)
    }
}
