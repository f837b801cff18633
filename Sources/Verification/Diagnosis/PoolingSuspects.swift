import Geometry
import Kernels
import Inference
import Tensors

// Common faults of RoI pooling: the level, the layer, its samples, its scale.

private let pooled = ["box.pooled", "mask.pooled", "keypoint.pooled"]

extension Diagnosis {
    static var poolingSuspects: [Suspect] {
        [
            .switched(
                "level assignment by rounding", in: ["box.level", "mask.level"] + pooled,
                [(nil, { configuration in configuration.conventions.pooling.level = .rounded })]),
            Suspect("level index off by one", in: ["box.level", "mask.level"]) { trial in
                guard let expected = trial.expected.tensor else { return [] }
                let levels = trial.model.architecture.proposals.anchorSizes.count
                return [
                    Prediction(.tensor(expected.mapped { $0 + 1 }), "one more"),
                    Prediction(.tensor(expected.mapped { $0 - 1 }), "one less"),
                    Prediction(.tensor(expected.mapped { $0 - 2 }), "counted from 0"),
                    Prediction(.tensor(expected.mapped { Float(levels) - $0 }), "coarsest first"),
                ]
            },
            .switched(
                "RoIAlign with or without the half pixel", in: pooled,
                [
                    (
                        nil,
                        { configuration in
                            guard
                                case .align(let samples, let isSubtracted, let reduction) = configuration
                                    .conventions.pooling
                                    .layer
                            else { return }
                            configuration.conventions.pooling.layer = .align(
                                samplesPerAxis: samples, subtractsHalfPixel: !isSubtracted, reduction)
                        }
                    )
                ]),
            .switched(
                "another sampling ratio", in: pooled,
                [1, 2, 3, 4, nil].map { (count: Int?) in
                    (
                        count.map { "\($0) × \($0)" } ?? "adaptive",
                        { configuration in
                            guard
                                case .align(_, let isSubtracted, let reduction) = configuration.conventions
                                    .pooling.layer
                            else {
                                return
                            }
                            configuration.conventions.pooling.layer = .align(
                                samplesPerAxis: count, subtractsHalfPixel: isSubtracted, reduction)
                        }
                    )
                }),
            .switched(
                "maximum in place of average", in: pooled,
                [
                    (
                        nil,
                        { configuration in
                            guard
                                case .align(let samples, let isSubtracted, _) = configuration.conventions
                                    .pooling.layer
                            else {
                                return
                            }
                            configuration.conventions.pooling.layer = .align(
                                samplesPerAxis: samples, subtractsHalfPixel: isSubtracted, .maximum)
                        }
                    )
                ]),
            .switched(
                "RoIPool in place of RoIAlign", in: pooled,
                [
                    (
                        "rounding to the nearest",
                        { configuration in configuration.conventions.pooling.layer = .pool(.nearest) }
                    ),
                    (
                        "cutting down",
                        { configuration in configuration.conventions.pooling.layer = .pool(.truncating) }
                    ),
                ]),
            .switched(
                "RoIWarp in place of RoIAlign", in: pooled,
                [
                    (
                        nil,
                        { configuration in configuration.conventions.pooling.layer = .warp(samplesPerAxis: 2)
                        }
                    )
                ]),
            .switched(
                "crop_and_resize in place of RoIAlign", in: pooled,
                [
                    (
                        "map scale 1/stride",
                        { configuration in configuration.conventions.pooling.layer = .crop }
                    ),
                    (
                        "map scale from corner to corner",
                        { configuration in
                            configuration.conventions.pooling.layer = .crop
                            configuration.conventions.pooling.scale = .cornerToCorner
                        }
                    ),
                ]),
            .switched(
                "RoIAlign in place of this layer", in: pooled,
                [
                    (
                        "with the half pixel",
                        { configuration in
                            configuration.conventions.pooling.layer = .align(
                                samplesPerAxis: 2, subtractsHalfPixel: true)
                        }
                    ),
                    (
                        "without the half pixel",
                        { configuration in
                            configuration.conventions.pooling.layer = .align(
                                samplesPerAxis: 2, subtractsHalfPixel: false)
                        }
                    ),
                ]),
            Suspect("stride or scale off by two", in: pooled) { trial in
                try [("doubled", 2), ("halved", 0.5)].map { (detail: String, factor: Float) in
                    Prediction(
                        .tensor(try trial.pooled { $0.scaled(x: factor, y: factor) }), detail)
                }
            },
            Suspect("x and y exchanged", in: pooled) { trial in
                [
                    Prediction(
                        .tensor(try trial.pooled { Box(x1: $0.y1, y1: $0.x1, x2: $0.y2, y2: $0.x2) }))
                ]
            },
            Suspect("all regions from one level", in: pooled) { trial in
                try trial.model.levelNames.dropLast().indices.map { level in
                    Prediction(.tensor(try trial.pooled(level: level) { $0 }), trial.model.levelNames[level])
                }
            },
        ]
    }
}

extension Trial {
    /// The pooled features when each box is changed but its level is not.
    fileprivate func pooled(level fixed: Int? = nil, _ change: @escaping (Box) -> Box) throws -> Tensor {
        var steps = PipelineSteps<Tensor>()
        steps.pool = { [model] pooling in
            let maps = pooling.maps
            let regions = pooling.boxes.map {
                RegionOfInterest(box: change($0), map: fixed ?? (maps.level(of: $0) - maps.firstLevel))
            }
            let layer = model.conventions.pooling.layer.layer(outputSize: pooling.side)
            return layer(maps.maps, regions: regions, scales: maps.scales)
        }
        return try StageRunner(model: model, bundle: bundle).run(stage, steps: steps).floats
    }
}
