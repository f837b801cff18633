import Inference
import Tensors

/// The pipeline, with something left out or exchanged.
package struct AblatedPipeline {
    /// What it is, in a few words.
    package let name: String
    /// The network, with the conventions and limits to run it by.
    package let model: Model
    /// The steps that it takes.
    package let steps: PipelineSteps<Tensor>

    /// A model with other steps than its own; with none, all that is left out is what the model's profile and limits
    /// leave out.
    package init(name: String, model: Model, steps: PipelineSteps<Tensor> = PipelineSteps()) {
        self.name = name
        self.model = model
        self.steps = steps
    }

    /// Finds the objects in a picture.
    package func detect(_ image: Image) -> [Instance] {
        model.detect(image, in: PipelineRun(steps: steps))
    }
}
