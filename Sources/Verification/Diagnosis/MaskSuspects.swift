import Foundation
import Geometry
import Kernels
import Inference
import Tensors

// Common faults between mask logits and pixels, and of keypoints.

extension Diagnosis {
    static var maskSuspects: [Suspect] {
        [
            Suspect("mask of the wrong class", in: ["mask.probabilities"]) { trial in
                let count = trial.model.architecture.classes + 1
                return [
                    try trial.masks("the class before") { $0 &- 1 },
                    try trial.masks("the class after") { ($0 &+ 1) % count },
                    try trial.masks("class 0") { _ in 0 }, try trial.masks("class 1") { _ in 1 },
                ]
            },
            .switched(
                "softmax in place of sigmoid", in: ["mask.probabilities"],
                [(nil, { $0.architecture.masks?.output = .softmax })]),
            .switched(
                "sigmoid in place of softmax", in: ["mask.probabilities"],
                [(nil, { $0.architecture.masks?.output = .sigmoid })]),
            Suspect("logits in place of probabilities", in: ["mask.probabilities"]) { trial in
                try trial.classLogits().map { [Prediction(.tensor($0))] } ?? []
            },
            Suspect("pasted without the half pixel", in: ["output.masks"]) { trial in
                [
                    try trial.pasted("half a pixel too far left and up", moved: -0.5),
                    try trial.pasted("half a pixel too far right and down", moved: 0.5),
                ]
            },
            .switched(
                "another way of pasting", in: ["output.masks"],
                [
                    (
                        "on whole pixels",
                        { configuration in configuration.conventions.output.pasting = .wholePixels }
                    ),
                    (
                        "at pixel centres",
                        { configuration in configuration.conventions.output.pasting = .pixelCentres }
                    ),
                    (
                        "resized to the rounded box",
                        { configuration in
                            configuration.conventions.output.pasting = .resizedToBox
                            configuration.conventions.output.roundsBoxes = true
                        }
                    ),
                ]),
            .switched(
                "cut at > against ≥", in: ["output.masks"],
                [
                    (
                        nil,
                        { configuration in
                            configuration.settings.masks.threshold =
                                configuration.settings.masks.threshold.nextUp
                        }
                    )
                ]),
            .switched(
                "another mask threshold", in: ["output.masks"],
                [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map { (threshold: Float) in
                    ("\(threshold)", { configuration in configuration.settings.masks.threshold = threshold })
                }),
            .switched(
                "another keypoint score", in: ["output.keypoints"],
                [
                    ("logit", { configuration in configuration.conventions.output.keypointScore = .logit }),
                    (
                        "probability",
                        { configuration in configuration.conventions.output.keypointScore = .probability }
                    ),
                ]),
            .rearranged(
                "half-pixel shift", in: ["output.keypoints"],
                [("half a pixel", 0.5), ("half a pixel back", -0.5)].map { (detail: String, step: Float) in
                    (
                        detail,
                        { keypoints in
                            var changed = keypoints
                            changed.withUnsafeMutableElements { values in
                                for index in values.indices where index % 3 != 2 { values[index] += step }
                            }
                            return changed
                        }
                    )
                }),
            .rearranged(
                "x and y exchanged", in: ["output.keypoints"],
                [(nil, { $0.reordered(axis: $0.shape.count - 1, [1, 0, 2]) })]),
        ]
    }
}

extension Trial {
    /// The masks of classes other than the detected ones.
    fileprivate func masks(_ detail: String, _ change: (Int) -> Int) throws -> Prediction {
        let classes = try bundle.indices(.detectionClasses).map { Int64(change($0)) }
        let changed = bundle.replacing([
            .detectionClasses: ContractTensor(shape: [classes.count], elements: .integers(classes))
        ])
        return Prediction(try run(bundle: changed), detail)
    }

    /// The logits of each detection's class, `[detections, side, side]`.
    fileprivate func classLogits() throws -> Tensor? {
        guard let shape = expected.tensor?.shape, shape.count == 3 else { return nil }
        let logits = try bundle.regionMaps(.maskLogits)
        let classes = try bundle.indices(.detectionClasses)
        let channels = logits.shape[3]
        guard logits.shape == shape + [channels], classes.count == shape[0],
            classes.allSatisfy({ channels == 1 || (0..<channels).contains($0) })
        else { return nil }
        let area = shape[1] * shape[2]
        let values = logits.array
        return Tensor(shape: shape) { output in
            for index in output.indices {
                let label = channels == 1 ? 0 : classes[index / area]
                output[index] = values[index * channels + label]
            }
        }
    }

    /// The masks pasted onto shifted boxes, with the shift in pixels of the image.
    fileprivate func pasted(_ detail: String, moved step: Float) throws -> Prediction {
        let probabilities = try bundle.table(.maskProbabilities, rank: 3)
        let shape = try bundle.shape(.image)
        let boxes = try bundle.boxes(.outputBoxes)
        guard shape.count == 3, probabilities.shape[0] == boxes.count,
            probabilities.shape[1] == probabilities.shape[2],
            expected.tensor?.shape == [boxes.count, shape[1], shape[2]]
        else { throw bundle.fault(.maskProbabilities, "does not fit the boxes") }
        let (side, picture) = (probabilities.shape[1], PixelSize(height: shape[1], width: shape[2]))
        // Masks that are not pasted at pixel centres differ by more than half a pixel.
        var conventions = model.conventions.output
        conventions.pasting = .pixelCentres
        let masks = probabilities.withUnsafeElements { values in
            boxes.enumerated().map { index, box in
                let plane = UnsafeBufferPointer(
                    rebasing: values[index * side * side..<(index + 1) * side * side])
                return pasteMask(
                    plane, side: side,
                    box: Box(
                        x1: box.x1 + step, y1: box.y1 + step, x2: box.x2 + step, y2: box.y2 + step),
                    imageSize: picture, threshold: model.settings.masks.threshold, conventions: conventions)
            }
        }
        return Prediction(.tensor(ContractTensor(.masks(masks, picture)).floats), detail)
    }
}
