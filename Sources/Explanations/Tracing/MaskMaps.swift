import Geometry
import Inference
import Kernels
import Tensors

/// The mask head's output for the detections of a run.
package struct MaskMaps {
    package let run: PictureRun
    /// `[detections, m, m, channels]`.
    package let logits: Tensor

    /// - Throws: ``NothingToDraw`` for a model without a mask head or an image without detections.
    package init(_ run: PictureRun) throws {
        guard run.model.network.mask != nil else { throw NothingToDraw("the model has no mask head") }
        guard let logits = run.tensor(.maskLogits), logits.shape[0] > 0, !run.instances.isEmpty else {
            throw NothingToDraw("nothing was found in this picture, so there is no mask")
        }
        self.run = run
        self.logits = logits
    }

    /// The side m of a mask.
    package var side: Int { logits.shape[1] }
    /// The number of classes with background, or 1 for class-agnostic masks.
    package var channels: Int { logits.shape[3] }

    /// One channel of one detection's logits, row by row.
    package func logits(of detection: Int, channel: Int) -> [Float] {
        plane(channel, of: detection)
    }

    /// One channel of one detection as probabilities, by the pipeline's own function.
    package func probabilities(of detection: Int, channel: Int, output: Architecture.Masks.Output) -> [Float]
    {
        let area = side * side * channels
        let own = logits.withUnsafeElements {
            Tensor(
                shape: [1, side, side, channels],
                elements: Array($0[detection * area..<(detection + 1) * area]))
        }
        return maskProbabilities(own, classes: [channel], output: output).array
    }

    private func plane(_ channel: Int, of detection: Int) -> [Float] {
        logits.withUnsafeElements { values in
            (0..<side * side).map { values[(detection * side * side + $0) * channels + channel] }
        }
    }

    /// The box head's class probabilities of the proposal that a detection comes from, background first.
    package func classProbabilities(of detection: Int) -> [Float] {
        let proposals = run.indices(.detectionProposals)
        guard proposals.indices.contains(detection), let table = run.tensor(.boxProbabilities) else {
            return []
        }
        let count = table.shape[1]
        return Array(table.array[proposals[detection] * count..<(proposals[detection] + 1) * count])
    }
}
