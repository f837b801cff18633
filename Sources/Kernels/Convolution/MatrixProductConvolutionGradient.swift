import Execution
import Tensors

// By the weight: where the forward pass multiplies patches by weights, this multiplies the gradient, transposed,
// by the same patches, and adds up over all positions.
//
// By the input: each input position collects the gradient of every window that covered it. Positions with the same
// (y + padding) mod stride and (x + padding) mod stride meet the same taps of the kernel: a *phase*. A phase is once
// more patches (of the gradient) times weights.

extension Convolution {
    /// The gradient by the weight, one output a row.
    func weightGradientByMatrixProduct(_ gradient: Maps, _ input: Maps, into result: MutableMatrix) {
        let patches = Patches(of: input.sizes, under: gradient.sizes, window: window)
        let positions = gradient.sizes.positions
        // A fixed number of sums, whatever the number of threads, each over its own share of the positions.
        // Where there are too few positions to share, the outputs are: there are enough of them then.
        let shares = max(1, min(4, positions / 256))
        let pieces = shares == 1 && groupOutputs >= 64 ? 2 : 1
        let sums = MutableMatrix(rows: shares * outputs, columns: patches.length)
        parallel(shares * pieces) { index in
            let (share, piece) = index.quotientAndRemainder(dividingBy: pieces)
            sumProducts(
                of: gradient.matrix, input, patches,
                over: share * positions / shares..<(share + 1) * positions / shares,
                groupOutputs: piece * groupOutputs / pieces..<(piece + 1) * groupOutputs / pieces,
                into: sums.stacked(share, rows: outputs))
        }
        parallelBlocks(of: 16, covering: outputs) { range in
            for output in range { finishSum(of: output, sums, shares: shares, into: result[output]) }
        }
    }

    /// For some outputs of each group: the gradient, transposed, times the patches, summed over some positions.
    private func sumProducts(
        of gradient: Matrix, _ input: Maps, _ patches: Patches, over positions: Range<Int>,
        groupOutputs range: Range<Int>, into sums: MutableMatrix
    ) {
        for block in blocks(of: patches.positionsPerBlock(outputs: outputs), covering: positions) {
            let matrix = patches.matrix(of: block, from: input)
            for group in 0..<window.groups {
                let outputs = range.shifted(by: group * groupOutputs)
                multiply(
                    gradient[rows: block, columns: outputs].transposed,
                    matrix[columns: patches.columns(of: group)], into: sums[rows: outputs],
                    accumulating: block.lowerBound > positions.lowerBound)
            }
        }
    }

    /// Adds up an output's sums over all shares, and reorders the total from the order of a patch to that of the file.
    private func finishSum(
        of output: Int, _ sums: MutableMatrix, shares: Int, into result: UnsafeMutablePointer<Float>
    ) {
        let area = window.kernel * window.kernel
        let total = sums[output]
        for share in 1..<shares {
            let sum = sums[share * outputs + output]
            for index in 0..<sums.columns { total[index] += sum[index] }
        }
        multiplyByScale(total, count: sums.columns, output: output)
        transpose(
            MutableMatrix(total, rows: area, columns: groupInputs, memory: sums.memory),
            into: MutableMatrix(result, rows: groupInputs, columns: area, memory: sums.memory))
    }

    func inputGradientByMatrixProduct(_ gradient: Maps, into result: MutableMaps) {
        let phases = Phase.all(of: window, input: result.sizes, output: gradient.sizes)
        let weights = gradientWeights(phases)
        let work = phases.flatMap { phase in
            blocks(of: phase.patches.positionsPerBlock(outputs: inputs), covering: 0..<phase.patches.count)
                .map { (phase: phase, positions: $0) }
        }
        parallel(work.count) { index in
            let (phase, positions) = work[index]
            guard window.stride > 1 else {
                return multiplyPatches(
                    of: phase, positions, gradient, by: weights, into: result.matrix[rows: positions])
            }
            let products = MutableMatrix(rows: positions.count, columns: inputs)
            multiplyPatches(of: phase, positions, gradient, by: weights, into: products)
            for (row, position) in positions.enumerated() {
                result[position: phase.inputPosition(position)].update(from: products[row], count: inputs)
            }
        }
    }

    /// The gradient by some positions of a phase, one a row.
    private func multiplyPatches(
        of phase: Phase, _ positions: Range<Int>, _ gradient: Maps, by weights: Matrix,
        into result: MutableMatrix
    ) {
        let matrix = phase.patches.matrix(of: positions, from: gradient)
        let weights = weights[rows: phase.weightRows(outputs: outputs)]
        for group in 0..<window.groups {
            let columns = phase.patches.columns(of: group)
            multiply(
                matrix[columns: columns], weights[rows: columns],
                into: result[columns: group * groupInputs..<(group + 1) * groupInputs])
        }
    }

    /// The weights, times the scale, with rows `[phase, group, tap, output]` and one column an input of the group: for
    /// each phase the right-hand factor of its product.
    private func gradientWeights(_ phases: [Phase]) -> Matrix {
        let area = window.kernel * window.kernel
        if area == 1 && scale == nil { return Matrix(weight) }
        let packed = packed.packing(for: .matrixProductGradient) {
            let weight = Matrix(weight)
            let result = MutableMatrix(rows: area * outputs, columns: groupInputs)
            parallelBlocks(of: 16, covering: outputs) { range in
                for output in range {
                    for phase in phases { pack(weight[output], of: output, for: phase, into: result) }
                }
            }
            return result.tensor(shape: [result.rows, result.columns])
        }
        return Matrix(packed)
    }

    /// Copies the taps of one output's weight, `[input, tap]`, that belong to a phase.
    private func pack(
        _ weight: UnsafePointer<Float>, of output: Int, for phase: Phase, into result: MutableMatrix
    ) {
        let area = window.kernel * window.kernel
        let (group, output) = output.quotientAndRemainder(dividingBy: groupOutputs)
        let factor = scale?[group * groupOutputs + output] ?? 1
        for (index, tap) in phase.taps.enumerated() {
            let row = (group * phase.taps.count + index) * groupOutputs + output
            let destination = result[phase.firstTap * outputs + row]
            for input in 0..<groupInputs { destination[input] = factor * weight[input * area + tap] }
        }
    }
}

extension Range<Int> {
    func shifted(by distance: Int) -> Range<Int> { lowerBound + distance..<upperBound + distance }
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

    private let input: MapSizes
    private let stride: Int
    /// The first of the positions.
    private let firstRow: Int
    private let firstColumn: Int

    static func all(of window: ConvolutionWindow, input: MapSizes, output: MapSizes) -> [Phase] {
        var phases: [Phase] = []
        for row in 0..<window.stride {
            for column in 0..<window.stride {
                phases.append(
                    Phase(
                        row: row, column: column, of: window,
                        firstTap: phases.last.map { $0.firstTap + $0.taps.count } ?? 0, input: input,
                        output: output))
            }
        }
        return phases
    }

    /// The positions with (y + padding) mod stride = `row` and (x + padding) mod stride = `column`.
    private init(
        row: Int, column: Int, of window: ConvolutionWindow, firstTap: Int, input: MapSizes, output: MapSizes
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
                first: (first + window.padding - phase) / window.stride - (taps - 1) * window.dilation,
                step: 1, spacing: window.dilation)
        }
        self.taps = taps(row).flatMap { y in taps(column).map { x in y * window.kernel + x } }
        self.firstTap = firstTap
        self.input = input
        stride = window.stride
        firstRow = first(row)
        firstColumn = first(column)
        patches = Patches(
            of: output, rows: axis(row, length: input.height), columns: axis(column, length: input.width),
            groups: window.groups)
    }

    /// The rows of the packed weights that belong to the phase.
    func weightRows(outputs: Int) -> Range<Int> {
        firstTap * outputs..<(firstTap + taps.count) * outputs
    }

    /// Where in the input a position of the phase lies.
    func inputPosition(_ position: Int) -> Int {
        let (line, column) = position.quotientAndRemainder(dividingBy: patches.columns.count)
        let (map, row) = line.quotientAndRemainder(dividingBy: patches.rows.count)
        return (map * input.height + firstRow + row * stride) * input.width + firstColumn + column * stride
    }
}
