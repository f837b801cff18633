import Inference
import Tensors

/// A variant of the pipeline in which a part is left out or replaced.
package struct AblatedPipeline {
    /// A short description.
    package let name: String
    /// The model, with the conventions and settings of the variant.
    package let model: Model
    /// The steps of the variant.
    package let steps: PipelineSteps<Tensor>

    /// A variant with other steps than the standard ones; by default it differs only in the model's conventions and
    /// settings.
    package init(name: String, model: Model, steps: PipelineSteps<Tensor> = PipelineSteps()) {
        self.name = name
        self.model = model
        self.steps = steps
    }

    /// Detects the objects in an image.
    package func detect(_ image: Image) -> [Instance] {
        model.detect(image, in: PipelineRun(steps: steps))
    }
}
