import Inference

// What goes wrong when a checkpoint is read in another way than it was trained: its tensors do not tell all.

/// A checkpoint read in another way, as a model.
package struct OtherReading: Sendable {
    /// The option that reads it so: `--batch-norm-epsilon 1e-05`.
    package let option: String
    /// The model that comes of it.
    package let model: Model

    /// A reading.
    package init(option: String, model: Model) {
        self.option = option
        self.model = model
    }
}

extension Diagnosis {
    static var readingSuspects: [Suspect] {
        [
            Suspect(
                "checkpoint read in another way",
                in: ["backbone.*", "fpn.*", "box.c5", "box.convolution.*", "mask.c5", "mask.hidden.*"]
            ) { trial in
                try trial.otherReadings().map { reading in
                    let runner = StageRunner(model: reading.model, bundle: trial.bundle)
                    return Prediction(.tensor(try runner.run(trial.stage).floats), reading.option)
                }
            }
        ]
    }
}
