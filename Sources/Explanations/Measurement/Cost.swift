import Inference
import Kernels

/// The multiplications and memory writes of each layer of a run, from the layers' definitions and the sizes of the
/// maps.
package struct Cost {
    package private(set) var multiplications: [PipelineStep: Double] = [:]
    package private(set) var activations: [PipelineStep: Double] = [:]
    package private(set) var parameters: [PipelineStep: Double] = [:]

    /// The size of a map, or of each of `count` maps.
    package struct Size {
        package var height: Int
        package var width: Int
        /// The number of maps.
        package var count = 1
        package var positions: Double { Double(height * width * count) }
    }

    /// The cost of a run.
    package init(_ run: PictureRun) {
        let network = run.model.network
        for layer in network.layers { parameters[layer.step, default: 0] += Double(layer.weight.count) }
        guard let input = run.tensor(.inputTensor) else { return }
        write(.input, Double(input.count))
        var size = Size(height: input.shape[0], width: input.shape[1])
        size = add(network.backbone.stem, .backbone, on: size)
        size.height = ResNet.stemPool.outputLength(size.height)
        size.width = ResNet.stemPool.outputLength(size.width)
        write(.backbone, size.positions * Double(network.backbone.stem.convolution.outputs))
        var maps: [Size] = []
        for stage in network.backbone.stages {
            size = add(stage, .backbone, on: size)
            maps.append(size)
        }
        var levels = [size]
        if let pyramid = network.pyramid {
            levels = maps
            for (index, map) in maps.enumerated() {
                _ = add(pyramid.laterals[index], .pyramid, on: map)
                _ = add(pyramid.outputs[index], .pyramid, on: map)
            }
            let window = FeaturePyramid.subsampling
            levels.append(
                Size(height: window.outputLength(size.height), width: window.outputLength(size.width)))
        }
        for level in levels {
            for layer in network.rpn.hidden { _ = add(layer, .rpn, on: level) }
            _ = add(network.rpn.objectness, .rpn, on: level)
            _ = add(network.rpn.deltas, .rpn, on: level)
        }
        addBoxes(run)
        addMasks(run)
        addKeypoints(run)
    }

    private mutating func addBoxes(_ run: PictureRun) {
        guard let pooled = run.tensor(.boxPooled) else { return }
        let size = regions(pooled.shape, .boxes)
        let head = run.model.network.box
        switch head.body {
        case .twoLayers(let first, let second):
            add(first, .boxes, rows: size.count)
            add(second, .boxes, rows: size.count)
        case .convolutions(let convolutions, let dense):
            for layer in convolutions { _ = add(layer, .boxes, on: size) }
            add(dense, .boxes, rows: size.count)
        case .residualStage(let stage): _ = add(stage, .boxes, on: size)
        }
        add(head.logits, .boxes, rows: size.count)
        add(head.deltas, .boxes, rows: size.count)
    }

    private mutating func addMasks(_ run: PictureRun) {
        guard let pooled = run.tensor(.maskPooled), let head = run.model.network.mask else { return }
        var size = regions(pooled.shape, .masks)
        // In a C4 model, masks run the box head's fifth stage again.
        if case .residualStage(let stage) = run.model.network.box.body { size = add(stage, .masks, on: size) }
        switch head.body {
        case .convolutions(let convolutions, let upsampled, let logits):
            for layer in convolutions { size = add(layer, .masks, on: size) }
            size = add(upsampled, .masks, on: size)
            _ = add(logits, .masks, on: size)
        case .fullyConnected(let hidden, let logits, _, _):
            for layer in hidden + [logits] { add(layer, .masks, rows: size.count) }
        }
    }

    private mutating func addKeypoints(_ run: PictureRun) {
        guard let pooled = run.tensor(.keypointPooled), let head = run.model.network.keypoints else { return }
        var size = regions(pooled.shape, .keypoints)
        for layer in head.hidden { size = add(layer, .keypoints, on: size) }
        size = add(head.heatmaps, .keypoints, on: size)
        if let enlarged = run.tensor(.keypointHeatmaps) { write(.keypoints, Double(enlarged.count)) }
    }

    // MARK: Layers

    private mutating func write(_ step: PipelineStep, _ numbers: Double) {
        activations[step, default: 0] += 4 * numbers
    }

    /// Counts the pooled features of regions, `[regions, height, width, channels]`.
    private mutating func regions(_ shape: [Int], _ step: PipelineStep) -> Size {
        write(step, Double(shape.reduce(1, *)))
        return Size(height: shape[1], width: shape[2], count: shape[0])
    }

    private mutating func add(_ layer: ConvolutionLayer, _ step: PipelineStep, on size: Size) -> Size {
        let window = layer.convolution.window
        let output = Size(
            height: window.outputLength(size.height), width: window.outputLength(size.width),
            count: size.count)
        multiplications[step, default: 0] += output.positions * Double(layer.convolution.weight.count)
        // A group norm writes another map.
        let maps = layer.groupNorm == nil ? 1.0 : 2.0
        write(step, maps * output.positions * Double(layer.convolution.outputs))
        return output
    }

    private mutating func add(_ stage: ResidualStage, _ step: PipelineStep, on size: Size) -> Size {
        stage.blocks.reduce(size) { size, block in
            if let shortcut = block.shortcut { _ = add(shortcut, step, on: size) }
            return block.convolutions.reduce(size) { add($1, step, on: $0) }
        }
    }

    private mutating func add(_ layer: TransposedConvolutionLayer, _ step: PipelineStep, on size: Size)
        -> Size
    {
        let kernel = layer.convolution
        multiplications[step, default: 0] += size.positions * Double(kernel.weight.count)
        let output = Size(
            height: kernel.outputLength(size.height), width: kernel.outputLength(size.width),
            count: size.count)
        write(step, output.positions * Double(kernel.outputs))
        return output
    }

    private mutating func add(_ layer: DenseLayer, _ step: PipelineStep, rows: Int) {
        multiplications[step, default: 0] += Double(rows) * Double(layer.dense.weight.count)
        write(step, Double(rows) * Double(layer.dense.outputs))
    }
}
