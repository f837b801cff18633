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
    /// The gradient by the input, of `inputShape`.
    ///
    /// - Parameter gradient: by the output before residual and ReLU, after scale and shift; of the output's
    ///   shape.
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
                switch resolvedAlgorithm {
                case .direct: pullBackDirectly(gradient, outputMaps, to: result, maps)
                case .matrixProduct, .winograd:
                    pullBackByMatrixProduct(gradient, outputMaps, to: result, maps)
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
        return Tensor(shape: weight.shape) { result in
            let result = Shared(result.baseAddress!)
            gradient.withUnsafeElements { gradient in
                let gradient = Shared(gradient.baseAddress!)
                input.withUnsafeElements { input in
                    let input = Shared(input.baseAddress!)
                    switch resolvedAlgorithm {
                    case .direct:
                        sumWeightGradientDirectly(gradient, outputMaps, input, maps, into: result)
                    case .matrixProduct, .winograd:
                        sumWeightGradient(gradient, outputMaps, input, maps, into: result)
                    }
                }
            }
        }
    }

    // MARK: - By matrix products

    private func sumWeightGradient(
        _ gradient: Shared<UnsafePointer<Float>>, _ outputMaps: MapBatch,
        _ input: Shared<UnsafePointer<Float>>, _ maps: MapBatch,
        into result: Shared<UnsafeMutablePointer<Float>>
    ) {
        let patches = Patches(maps: maps, outputMaps: outputMaps, window: window)
        let groupOutputs = outputs / window.groups
        let positions = outputMaps.positions
        // A fixed number of sums, whatever the number of threads, each over its own share of the positions.
        let shares = max(1, min(4, positions / 256))
        let count = weight.count
        withScratch(shares * count) { sums in
            let sums = Shared(sums)
            parallel(shares) { share in
                let sum = sums.pointer + share * count
                sum.update(repeating: 0, count: count)
                let end = (share + 1) * positions / shares
                for first in stride(from: share * positions / shares, to: end, by: patches.positionsPerBlock)
                {
                    let block = first..<min(first + patches.positionsPerBlock, end)
                    patches.withMatrix(of: block, from: input.pointer) { matrix in
                        for group in 0..<window.groups {
                            multiply(
                                MatrixView(
                                    gradient.pointer + first * outputs + group * groupOutputs, stride: outputs
                                ),
                                MatrixView(matrix.start + group * patches.length, stride: matrix.stride),
                                leftLayout: .transposed,
                                into: MatrixView(
                                    sum + group * groupOutputs * patches.length, stride: patches.length),
                                rows: groupOutputs, columns: patches.length, inner: block.count,
                                accumulating: true)
                        }
                    }
                }
            }
            // From the order of a patch to the order of the file.
            let area = window.kernel * window.kernel
            let channels = inputs / window.groups
            parallel(outputs) { output in
                let factor = scale?[output] ?? 1
                let first = output * patches.length
                for channel in 0..<channels {
                    for tap in 0..<area {
                        var total: Float = 0
                        for share in 0..<shares {
                            total += sums.pointer[share * count + first + tap * channels + channel]
                        }
                        result.pointer[first + channel * area + tap] = factor * total
                    }
                }
            }
        }
    }

    private func pullBackByMatrixProduct(
        _ gradient: Shared<UnsafePointer<Float>>, _ outputMaps: MapBatch,
        to result: Shared<UnsafeMutablePointer<Float>>, _ maps: MapBatch
    ) {
        let groups = window.groups
        let (groupInputs, groupOutputs) = (inputs / groups, outputs / groups)
        let phases = Phase.all(of: window, maps: maps, outputMaps: outputMaps)
        let blocks = phases.flatMap { phase in
            stride(from: 0, to: phase.positions, by: phase.positionsPerBlock).map {
                (phase: phase, positions: $0..<min($0 + phase.positionsPerBlock, phase.positions))
            }
        }
        let weights = transposedWeights(phases)
        weights.withUnsafeElements { weights in
            let weights = Shared(weights.baseAddress!)
            parallel(blocks.count) { index in
                let (phase, positions) = blocks[index]
                let length = phase.taps * groupOutputs
                withScratch(positions.count * inputs) { products in
                    withScratch(positions.count * phase.taps * outputs) { patches in
                        for (row, position) in positions.enumerated() {
                            phase.copyPatch(
                                at: position, from: gradient.pointer,
                                to: patches + row * phase.taps * outputs, groups: groups)
                        }
                        for group in 0..<groups {
                            multiply(
                                MatrixView(
                                    UnsafePointer(patches) + group * length, stride: phase.taps * outputs),
                                MatrixView(
                                    weights.pointer + phase.firstTap * outputs * groupInputs
                                        + group * length * groupInputs, stride: groupInputs),
                                into: MatrixView(products + group * groupInputs, stride: inputs),
                                rows: positions.count, columns: groupInputs, inner: length)
                        }
                    }
                    for (row, position) in positions.enumerated() {
                        (result.pointer + phase.inputPosition(position) * inputs)
                            .update(from: products + row * inputs, count: inputs)
                    }
                }
            }
        }
    }

    /// The weights, times the scale, as `[phase, group, tap, output, input]`: for each phase the right-hand
    /// factor of its product.
    private func transposedWeights(_ phases: [Phase]) -> Tensor {
        let area = window.kernel * window.kernel
        let (groupInputs, groupOutputs) = (inputs / window.groups, outputs / window.groups)
        return Tensor(shape: [weight.count]) { result in
            var destination = result.baseAddress!
            weight.withUnsafeElements { weight in
                for phase in phases {
                    for group in 0..<window.groups {
                        for tap in phase.kernelTaps {
                            for output in group * groupOutputs..<(group + 1) * groupOutputs {
                                let factor = scale?[output] ?? 1
                                for input in 0..<groupInputs {
                                    destination[input] =
                                        factor * weight[(output * groupInputs + input) * area + tap]
                                }
                                destination += groupInputs
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The positions of the input along one axis that lie under the same taps of the kernel.
private struct AxisPhase {
    /// The kernel's taps that meet these positions, last first, so that the outputs they lead to run forwards.
    let taps: [Int]
    /// The first position, and how many there are, `stride` apart.
    let first: Int
    let count: Int
    /// The output that the first position reaches by the first of `taps`; each next one is one further.
    let firstOutput: Int

    init(_ phase: Int, window: ConvolutionWindow, length: Int) {
        taps = stride(from: phase, to: window.kernel, by: window.stride).reversed()
        let rest = (phase - window.padding) % window.stride
        first = rest < 0 ? rest + window.stride : rest
        count = first < length ? (length - 1 - first) / window.stride + 1 : 0
        firstOutput = (first + window.padding - phase) / window.stride - (taps.count - 1)
    }
}

/// The positions of the input that lie under the same taps of the kernel.
private struct Phase {
    let rows: AxisPhase
    let columns: AxisPhase
    /// The number of taps of the phases before.
    let firstTap: Int
    let maps: MapBatch
    let outputMaps: MapBatch
    let window: ConvolutionWindow

    static func all(of window: ConvolutionWindow, maps: MapBatch, outputMaps: MapBatch) -> [Phase] {
        var phases: [Phase] = []
        for row in 0..<window.stride {
            for column in 0..<window.stride {
                phases.append(
                    Phase(
                        rows: AxisPhase(row, window: window, length: maps.height),
                        columns: AxisPhase(column, window: window, length: maps.width),
                        firstTap: phases.reduce(0) { $0 + $1.taps }, maps: maps, outputMaps: outputMaps,
                        window: window))
            }
        }
        return phases
    }

    var taps: Int { rows.taps.count * columns.taps.count }
    var positions: Int { maps.count * rows.count * columns.count }
    var positionsPerBlock: Int {
        min(max((1 << 18) / (taps * outputMaps.channels + maps.channels), 256), 2048)
    }

    /// The taps as indices into a kernel of the file.
    var kernelTaps: [Int] { rows.taps.flatMap { y in columns.taps.map { x in y * window.kernel + x } } }

    /// The position of the phase with that number, as map, row and column counted within the phase.
    private func place(_ position: Int) -> (map: Int, row: Int, column: Int) {
        let (line, column) = position.quotientAndRemainder(dividingBy: columns.count)
        let (map, row) = line.quotientAndRemainder(dividingBy: rows.count)
        return (map, row, column)
    }

    /// Where in the input a position of the phase lies.
    func inputPosition(_ position: Int) -> Int {
        let (map, row, column) = place(position)
        return (map * maps.height + rows.first + row * window.stride) * maps.width
            + columns.first + column * window.stride
    }

    /// Copies the gradient of each output that the position is part of, 0 for those beyond the border.
    func copyPatch(
        at position: Int, from gradient: UnsafePointer<Float>, to patch: UnsafeMutablePointer<Float>,
        groups: Int
    ) {
        let (map, row, column) = place(position)
        let channels = outputMaps.channels / groups
        var destination = patch
        for group in 0..<groups {
            for dy in rows.taps.indices {
                let y = rows.firstOutput + row + dy
                for dx in columns.taps.indices {
                    let x = columns.firstOutput + column + dx
                    if y >= 0 && y < outputMaps.height && x >= 0 && x < outputMaps.width {
                        let source = (map * outputMaps.height + y) * outputMaps.width + x
                        destination.update(
                            from: gradient + source * outputMaps.channels + group * channels, count: channels)
                    } else {
                        destination.update(repeating: 0, count: channels)
                    }
                    destination += channels
                }
            }
        }
    }
}
