import Formats
import Geometry
import Kernels
import Inference
import Tensors

// One stage in isolation: its inputs come from a bundle, so that an error made here is told from one that was
// inherited. Each stage is made from the stages right before it.

/// Runs single stages of a model on the tensors of a bundle.
public struct StageRunner {
    /// The model whose stages run.
    public let model: Model
    /// Where the inputs come from.
    public let bundle: Bundle

    /// A runner of the model's stages on the bundle's tensors.
    public init(model: Model, bundle: Bundle) {
        self.model = model
        self.bundle = bundle
    }

    /// Every stage that the model has, in data-flow order, but the picture itself.
    public var stages: [Stage] {
        var stages: [Stage] = [.inputTensor, .inputSize, .stem]
        let network = model.network
        let backbone = network.backbone.stages.indices.map { Stage.backbone($0 + 2) }
        stages += backbone
        if let pyramid = network.pyramid {
            for level in stride(from: pyramid.laterals.count + 1, through: 2, by: -1) {
                stages.append(.lateral(level))
                if level <= pyramid.laterals.count { stages.append(.topDown(level)) }
                stages += [.merged(level), .pyramid(level)]
            }
            stages.append(.pyramid(pyramid.laterals.count + 2))
        }
        for level in model.levelNames {
            stages += [
                .anchors(level), .rpnHidden(level), .objectness(level), .rpnDeltas(level),
                .candidateBoxes(level), .candidateScores(level),
            ]
        }
        stages += [.proposalBoxes, .proposalScores, .boxLevel, .boxPooled]
        switch network.box.body {
        case .twoLayers: stages += [.boxHidden(1), .boxHidden(2)]
        case .convolutions(let layers, _):
            stages += layers.indices.map { .boxConvolution($0 + 1) } + [.boxHidden(1)]
        case .residualStage: stages += [.boxC5, .boxHidden(1)]
        }
        stages += [.boxLogits, .boxProbabilities, .boxDeltas]
        stages += [.detectionBoxes, .detectionScores, .detectionClasses, .detectionProposals]
        if let mask = network.mask {
            stages += [.maskLevel, .maskPooled]
            if case .residualStage = network.box.body { stages.append(.maskC5) }
            switch mask.body {
            case .convolutions(let layers, _, _):
                stages += layers.indices.map { .maskHidden($0 + 1) } + [.maskUpsampled]
            case .fullyConnected(let layers, _, _, _): stages += layers.indices.map { .maskHidden($0 + 1) }
            }
            stages += [.maskLogits, .maskProbabilities]
        }
        if let keypoints = network.keypoints {
            stages += [.keypointPooled] + keypoints.hidden.indices.map { .keypointHidden($0 + 1) }
            stages.append(.keypointHeatmaps)
        }
        stages += [.outputBoxes, .outputScores, .outputClasses]
        if network.mask != nil { stages.append(.outputMasks) }
        if network.keypoints != nil { stages.append(.outputKeypoints) }
        return stages
    }

    /// Computes one stage from the bundle's tensors.
    /// - Throws: ``FileError`` when the model has no such stage, or the bundle lacks an input of it or has it in
    ///   another shape than the model needs.
    public func run(_ stage: Stage) throws -> ContractTensor {
        let parts = stage.name.split(separator: ".").map(String.init)
        guard parts.count >= 2 else { throw noSuchStage(stage) }
        switch parts[0] {
        case "input": return try runInput(stage)
        case "backbone": return try runBackbone(stage)
        case "fpn": return try runPyramid(stage)
        case "anchors", "rpn": return try runProposals(stage, parts)
        case "box": return try runBoxes(stage)
        case "detections": return try runDetections(stage)
        case "mask": return try runMasks(stage)
        case "keypoint": return try runKeypoints(stage)
        case "output": return try runOutput(stage)
        default: throw noSuchStage(stage)
        }
    }

    func noSuchStage(_ stage: Stage) -> FileError {
        FileError(path: stage.name, fault: "is no stage of this model that can run alone")
    }
}

// MARK: - Input, backbone, pyramid

extension StageRunner {
    private func runInput(_ stage: Stage) throws -> ContractTensor {
        let input = model.prepare(try bundle.image())
        switch stage {
        case .inputTensor: return ContractTensor(.map(input.tensor))
        case .inputSize: return ContractTensor(.indices([input.size.height, input.size.width]))
        default: throw noSuchStage(stage)
        }
    }

    private func runBackbone(_ stage: Stage) throws -> ContractTensor {
        let backbone = model.network.backbone
        if stage == .stem {
            return ContractTensor(.map(backbone.stem(of: try map(.inputTensor, channels: 3))))
        }
        for (index, blocks) in backbone.stages.enumerated() where stage == .backbone(index + 2) {
            let input = index == 0 ? Stage.stem : .backbone(index + 1)
            let channels = blocks.blocks[0].conv1.convolution.inputs
            return ContractTensor(.map(blocks(try map(input, channels: channels))))
        }
        throw noSuchStage(stage)
    }

    private func runPyramid(_ stage: Stage) throws -> ContractTensor {
        guard let pyramid = model.network.pyramid else { throw noSuchStage(stage) }
        let top = pyramid.laterals.count + 1
        for level in 2...top {
            let (lateral, output) = (pyramid.laterals[level - 2], pyramid.outputs[level - 2])
            let channels = output.convolution.inputs
            switch stage {
            case .lateral(level):
                let feature = try map(.backbone(level), channels: lateral.convolution.inputs)
                return ContractTensor(.map(feature.convolved(by: lateral, adding: nil, relu: false)))
            case .topDown(level) where level < top:
                let coarser = try map(.merged(level + 1), channels: channels)
                let size = try map(.backbone(level), channels: lateral.convolution.inputs).shape
                return ContractTensor(.map(upsampledNearest(coarser, height: size[0], width: size[1])))
            case .merged(level):
                let lateral = try map(.lateral(level), channels: channels)
                guard level < top else { return ContractTensor(.map(lateral)) }
                let topDown = try map(.topDown(level), channels: channels)
                guard topDown.shape == lateral.shape else {
                    throw bundle.fault(.topDown(level), "has another shape than '\(Stage.lateral(level))'")
                }
                return ContractTensor(.map(sum(lateral, topDown)))
            case .pyramid(level):
                let merged = try map(.merged(level), channels: channels)
                return ContractTensor(.map(merged.convolved(by: output, adding: nil, relu: false)))
            default: continue
            }
        }
        guard stage == .pyramid(top + 1) else { throw noSuchStage(stage) }
        let finer = try map(.pyramid(top), channels: pyramid.outputs[0].convolution.outputs)
        return ContractTensor(.map(finer.maxPooled(FeaturePyramid.subsampling)))
    }

    /// A map of the bundle with the number of channels that the model needs.
    func map(_ stage: Stage, channels: Int) throws -> Tensor {
        let map = try bundle.map(stage)
        guard map.shape[2] == channels else {
            throw bundle.fault(stage, "has \(map.shape[2]) channels, the model needs \(channels)")
        }
        guard map.count > 0 else { throw bundle.fault(stage, "is a map without positions") }
        return map
    }

    /// Region maps of the bundle with the number of channels that the model needs.
    func regionMaps(_ stage: Stage, channels: Int) throws -> Tensor {
        let maps = try bundle.regionMaps(stage)
        guard maps.shape[3] == channels else {
            throw bundle.fault(stage, "has \(maps.shape[3]) channels, the model needs \(channels)")
        }
        guard maps.shape[1] > 0 && maps.shape[2] > 0 else {
            throw bundle.fault(stage, "has maps without positions")
        }
        return maps
    }

    /// A table of the bundle with the number of columns that the model needs.
    func table(_ stage: Stage, columns: Int) throws -> Tensor {
        let table = try bundle.table(stage, rank: 2)
        guard table.shape[1] == columns else {
            throw bundle.fault(stage, "has \(table.shape[1]) columns, the model needs \(columns)")
        }
        return table
    }
}
