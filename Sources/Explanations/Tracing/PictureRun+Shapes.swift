import Inference

extension PictureRun {
    /// A stage's shape as bundles have it, channels first: `64×60×80`; nil if this model has no such stage.
    package func shapeText(_ stage: Stage) -> String? {
        guard let value = self[stage] else { return nil }
        var shape: [Int]
        switch value {
        case .map(let tensor), .regionMaps(let tensor):
            shape = tensor.shape
            shape.insert(shape.removeLast(), at: shape.count - 2)
        case .anchorMap(let tensor, let numbers):
            let sizes = tensor.shape
            shape = [sizes[2] / numbers] + (numbers == 1 ? [] : [numbers]) + [sizes[0], sizes[1]]
        case .table(let tensor): shape = tensor.shape
        case .boxes(let boxes): shape = [boxes.count, 4]
        case .numbers(let numbers): shape = [numbers.count]
        case .indices(let indices): shape = [indices.count]
        case .image(let image): shape = [3, image.height, image.width]
        case .masks(let masks, let size): shape = [masks.count, size.height, size.width]
        }
        return Explanations.wording(shape: shape)
    }

    /// The numbers of the backbone's recorded stages, `2 … 5` or, in a C4 model, `2 … 4`.
    package var backboneStages: [Int] { (2...5).filter { tensor(.backbone($0)) != nil } }
}
