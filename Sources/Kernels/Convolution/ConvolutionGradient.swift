import Tensors

// The pullbacks of a convolution: linear maps, each the transpose of what the convolution does.
//
// By the weight: where the forward pass multiplies patches by weights, this multiplies the gradient, transposed,
// by the same patches, and adds up over all positions.
//
// By the input: each input position collects the gradient of every window that covered it. Positions whose
// place under the windows is the same, (y + padding) mod stride and (x + padding) mod stride, meet the same taps
// of the kernel: a *phase*. A phase is once more patches (of the gradient) times weights.

extension Convolution {
    /// The gradient by the input.
    ///
    /// - Parameters:
    ///   - gradient: by the output before residual and ReLU, after scale and shift; of the output's shape.
    ///   - inputShape: the input's shape, which is the result's.
    public func inputGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
        let maps = MapBatch(inputShape)
        precondition(maps.channels == inputs, "convolution of \(maps.channels) channels by \(weight.shape)")
        let outputMaps = maps.convolved(by: window, outputs: outputs)
        precondition(
            gradient.shape == outputMaps.shape(like: inputShape), "a gradient of \(gradient.shape)")
        return Tensor(shape: inputShape) { result in
            let result = Shared(result.baseAddress!)
            gradient.withUnsafeElements { gradient in
                let gradient = Shared(gradient.baseAddress!)
                switch algorithm(on: outputMaps) {
                case .direct: pullBackDirectly(gradient, outputMaps, to: result, maps)
                case .matrixProduct: pullBackByMatrixProduct(gradient, outputMaps, to: result, maps)
                case .winograd: pullBackByWinograd(gradient, outputMaps, to: result, maps)
                }
            }
        }
    }

    /// The gradient by `weight`, in its shape and order; the scale, if any, is included.
    ///
    /// - Parameters:
    ///   - gradient: by the output before residual and ReLU, after scale and shift; of the output's shape.
    ///   - input: what the convolution was applied to.
    public func weightGradient(_ gradient: Tensor, input: Tensor) -> Tensor {
        let maps = MapBatch(input.shape)
        precondition(maps.channels == inputs, "convolution of \(maps.channels) channels by \(weight.shape)")
        let outputMaps = maps.convolved(by: window, outputs: outputs)
        precondition(
            gradient.shape == outputMaps.shape(like: input.shape), "a gradient of \(gradient.shape)")
        guard outputMaps.positions > 0 else { return Tensor(shape: weight.shape) }
        return Tensor(shape: weight.shape) { result in
            let result = Shared(result.baseAddress!)
            gradient.withUnsafeElements { gradient in
                let gradient = Shared(gradient.baseAddress!)
                input.withUnsafeElements { input in
                    let input = Shared(input.baseAddress!)
                    switch algorithm(on: outputMaps) {
                    case .direct:
                        sumWeightGradientDirectly(gradient, outputMaps, input, maps, into: result)
                    case .matrixProduct:
                        sumWeightGradientByMatrixProduct(gradient, outputMaps, input, maps, into: result)
                    case .winograd:
                        sumWeightGradientByWinograd(gradient, outputMaps, input, maps, into: result)
                    }
                }
            }
        }
    }

    // MARK: - By matrix products

    private func sumWeightGradientByMatrixProduct(
        _ gradient: Shared<UnsafePointer<Float>>, _ outputMaps: MapBatch,
        _ input: Shared<UnsafePointer<Float>>, _ maps: MapBatch,
        into result: Shared<UnsafeMutablePointer<Float>>
    ) {
        let patches = Patches(of: maps, under: outputMaps, window: window)
        let groupOutputs = outputs / window.groups
        let blockSize = patches.positionsPerBlock(outputs: outputs)
        // A fixed number of sums, whatever the number of threads, each over its own share of the positions.
        // Where there are too few positions to share, the outputs are: there are enough of them then.
        let shares = max(1, min(4, outputMaps.positions / 256))
        let pieces = shares == 1 && groupOutputs >= 64 ? 2 : 1
        let count = weight.count
        withScratch(shares * count) { sums in
            let sums = Shared(sums)
            parallel(shares * pieces) { index in
                let (share, piece) = index.quotientAndRemainder(dividingBy: pieces)
                let rows = piece * groupOutputs / pieces..<(piece + 1) * groupOutputs / pieces
                let positions =
                    share * outputMaps.positions / shares..<(share + 1) * outputMaps.positions / shares
                for first in stride(from: positions.lowerBound, to: positions.upperBound, by: blockSize) {
                    let block = first..<min(first + blockSize, positions.upperBound)
                    patches.withMatrix(of: block, from: input.pointer) { matrix in
                        for group in 0..<window.groups {
                            let output = group * groupOutputs + rows.lowerBound
                            multiply(
                                MatrixView(gradient.pointer + first * outputs + output, stride: outputs),
                                MatrixView(matrix.start + group * patches.length, stride: matrix.stride),
                                leftLayout: .transposed,
                                into: MatrixView(
                                    sums.pointer + share * count + output * patches.length,
                                    stride: patches.length),
                                rows: rows.count, columns: patches.length, inner: block.count,
                                accumulating: first > positions.lowerBound)
                        }
                    }
                }
            }
            parallelBlocks(of: 16, covering: outputs) { range in
                for output in range {
                    let first = output * patches.length
                    let sum = sums.pointer + first
                    for share in 1..<shares {
                        for index in 0..<patches.length { sum[index] += sum[share * count + index] }
                    }
                    if let factor = scale?[output] {
                        for index in 0..<patches.length { sum[index] *= factor }
                    }
                    // From the order of a patch to the order of the file.
                    transpose(
                        sum, rows: window.kernel * window.kernel, columns: inputs / window.groups,
                        into: result.pointer + first)
                }
            }
        }
    }

    private func pullBackByMatrixProduct(
        _ gradient: Shared<UnsafePointer<Float>>, _ outputMaps: MapBatch,
        to result: Shared<UnsafeMutablePointer<Float>>, _ maps: MapBatch
    ) {
        let groups = window.groups
        let groupInputs = inputs / groups
        let phases = Phase.all(of: window, maps: maps, outputMaps: outputMaps)
        let blocks = phases.flatMap { phase in
            let size = phase.patches.positionsPerBlock(outputs: inputs)
            return stride(from: 0, to: phase.patches.count, by: size).map {
                (phase: phase, positions: $0..<min($0 + size, phase.patches.count))
            }
        }
        let weights = gradientWeights(phases)
        weights.withUnsafeElements { weights in
            let weights = Shared(weights.baseAddress!)
            parallel(blocks.count) { index in
                let (phase, positions) = blocks[index]
                let length = phase.patches.length
                func pullBack(to products: UnsafeMutablePointer<Float>) {
                    phase.patches.withMatrix(of: positions, from: gradient.pointer) { matrix in
                        for group in 0..<groups {
                            multiply(
                                MatrixView(matrix.start + group * length, stride: matrix.stride),
                                MatrixView(
                                    weights.pointer + (phase.firstTap * outputs + group * length)
                                        * groupInputs,
                                    stride: groupInputs),
                                into: MatrixView(products + group * groupInputs, stride: inputs),
                                rows: positions.count, columns: groupInputs, inner: length)
                        }
                    }
                }
                if window.stride == 1 {
                    pullBack(to: result.pointer + positions.lowerBound * inputs)
                } else {
                    withScratch(positions.count * inputs) { products in
                        pullBack(to: products)
                        for (row, position) in positions.enumerated() {
                            (result.pointer + phase.inputPosition(position) * inputs)
                                .update(from: products + row * inputs, count: inputs)
                        }
                    }
                }
            }
        }
    }

    /// The weights, times the scale, as `[phase, group, tap, output, input]`: for each phase the right-hand
    /// factor of its product.
    private func gradientWeights(_ phases: [Phase]) -> Tensor {
        if window.kernel == 1 && scale == nil { return weight }
        return packed.packing(for: .matrixProductGradient) {
            let area = window.kernel * window.kernel
            let (groupInputs, groupOutputs) = (inputs / window.groups, outputs / window.groups)
            return Tensor(shape: [weight.count]) { result in
                let result = Shared(result.baseAddress!)
                weight.withUnsafeElements { weight in
                    let weight = Shared(weight.baseAddress!)
                    parallelBlocks(of: 16, covering: outputs) { range in
                        for output in range {
                            let (group, row) = output.quotientAndRemainder(dividingBy: groupOutputs)
                            let factor = scale?[output] ?? 1
                            let source = weight.pointer + output * groupInputs * area
                            for phase in phases {
                                for (index, tap) in phase.taps.enumerated() {
                                    let place =
                                        phase.firstTap * outputs
                                        + (group * phase.taps.count + index) * groupOutputs + row
                                    let destination = result.pointer + place * groupInputs
                                    for input in 0..<groupInputs {
                                        destination[input] = factor * source[input * area + tap]
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The positions of the input that lie under the same taps of the kernel, `stride` apart.
private struct Phase {
    /// The taps that meet these positions as indices into a kernel of the file, last first, so that the outputs
    /// that they lead to run forwards.
    let taps: [Int]
    /// The number of taps of the phases before.
    let firstTap: Int
    /// The outputs that each of the positions is part of.
    let patches: Patches

    private let maps: MapBatch
    private let stride: Int
    /// The first of the positions.
    private let firstRow: Int
    private let firstColumn: Int

    static func all(of window: ConvolutionWindow, maps: MapBatch, outputMaps: MapBatch) -> [Phase] {
        var phases: [Phase] = []
        for row in 0..<window.stride {
            for column in 0..<window.stride {
                phases.append(
                    Phase(
                        row: row, column: column, of: window,
                        firstTap: phases.last.map { $0.firstTap + $0.taps.count } ?? 0, maps: maps,
                        outputMaps: outputMaps))
            }
        }
        return phases
    }

    /// The positions with (y + padding) mod stride = `row` and (x + padding) mod stride = `column`.
    private init(
        row: Int, column: Int, of window: ConvolutionWindow, firstTap: Int, maps: MapBatch,
        outputMaps: MapBatch
    ) {
        func taps(_ phase: Int) -> [Int] {
            Swift.stride(from: phase, to: window.kernel, by: window.stride).reversed()
        }
        func first(_ phase: Int) -> Int {
            let rest = (phase - window.padding) % window.stride
            return rest < 0 ? rest + window.stride : rest
        }
        func axis(_ phase: Int, length: Int) -> Patches.Axis {
            let (taps, first) = (taps(phase).count, first(phase))
            return Patches.Axis(
                count: first < length ? (length - 1 - first) / window.stride + 1 : 0, length: taps,
                first: (first + window.padding - phase) / window.stride - (taps - 1), step: 1)
        }
        self.taps = taps(row).flatMap { y in taps(column).map { x in y * window.kernel + x } }
        self.firstTap = firstTap
        self.maps = maps
        stride = window.stride
        firstRow = first(row)
        firstColumn = first(column)
        patches = Patches(
            of: outputMaps, rows: axis(row, length: maps.height), columns: axis(column, length: maps.width),
            groups: window.groups)
    }

    /// Where in the input a position of the phase lies.
    func inputPosition(_ position: Int) -> Int {
        let (line, column) = position.quotientAndRemainder(dividingBy: patches.columns.count)
        let (map, row) = line.quotientAndRemainder(dividingBy: patches.rows.count)
        return (map * maps.height + firstRow + row * stride) * maps.width + firstColumn + column * stride
    }
}
