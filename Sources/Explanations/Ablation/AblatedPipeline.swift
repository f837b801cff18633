import Inference
import Tensors

/// The pipeline, with something left out or exchanged.
public struct AblatedPipeline {
    /// What it is, in a few words.
    public let name: String
    /// The network, with the conventions and limits to run it by.
    public let model: Model
    /// The steps that it takes.
    public let steps: PipelineSteps<Tensor>

    /// A model with other steps than its own; with none, all that is left out is what the model's profile and limits
    /// leave out.
    public init(name: String, model: Model, steps: PipelineSteps<Tensor> = PipelineSteps()) {
        self.name = name
        self.model = model
        self.steps = steps
    }

    /// Finds the objects in a picture.
    public func detect(_ image: Image) -> [Instance] {
        model.detect(image, in: PipelineRun(steps: steps))
    }
}
