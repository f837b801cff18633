import Inference
import Tensors

/// The spatial distribution of a stage's errors, as small images.
package struct ErrorMap: Sendable {
    /// A description of the images.
    package let caption: String
    /// The width of the images, in pixels.
    package let width: Int
    /// The height of the images, in pixels.
    package let height: Int
    /// |candidate − reference|: the largest over all elements shown in a pixel, row-major.
    package let error: [Float]
    /// The reference's values in the channel with the largest error; nil for tables.
    package let reference: [Float]?
    /// The candidate's values in the same channel; nil for tables.
    package let candidate: [Float]?

    /// The largest width or height; larger maps are reduced.
    static let largestSide = 320
}

extension BundleComparison {
    /// The map of a stage's errors against the reference, end to end; nil for one-dimensional tensors and
    /// stages whose shapes cannot be compared.
    /// - Throws: ``FileError`` when a bundle cannot be read.
    package func errorMap(of comparison: StageComparison) throws -> ErrorMap? {
        let stage = comparison.stage
        guard let a = try reference.stageTensor(stage), let b = try candidate.stageTensor(stage),
            a.shape.dropFirst() == b.shape.dropFirst(), !a.shape.contains(0), !b.shape.contains(0),
            let ours = a.elements, let theirs = b.elements
        else { return nil }
        let kind = stage.correspondence
        switch (kind, a.shape.count) {
        case (.tensor, 3), (.tensor, 4):
            guard a.shape == b.shape else { return nil }
            return map(
                Planes(ours.floats, from: 0, shape: a.shape), Planes(theirs.floats, from: 0, shape: a.shape),
                caption: "all channels")
        case (.following, 4),
            (.following, 3) where stage != .boxDeltas, (.masks, 3):
            let columns = a.shape.dropFirst().reduce(1, *)
            let (row, otherRow) = worstRows(comparison, columns)
            guard row < a.rowCount, otherRow < b.rowCount else { return nil }
            let shape = Array(a.shape.dropFirst())
            return map(
                Planes(ours.floats, from: row * columns, shape: shape),
                Planes(theirs.floats, from: otherRow * columns, shape: shape), caption: "row \(row)")
        case (_, 2), (.following, 3): return try table(kind, a, b, ours.floats, theirs.floats)
        default: return nil
        }
    }

    private func worstRows(_ comparison: StageComparison, _ columns: Int) -> (Int, Int) {
        if let pair = comparison.masks?.worst { return (pair.reference, pair.candidate) }
        guard let worst = comparison.worst else { return (0, 0) }
        return (worst.index / columns, worst.candidateIndex / columns)
    }

    /// A map of several channels: the largest error over all channels, and the values of the channel that has
    /// it.
    private func map(_ ours: Planes, _ theirs: Planes, caption: String) -> ErrorMap {
        let (height, width) = (ours.height, ours.width)
        var error = [Float](repeating: 0, count: height * width)
        var (worst, channel) = (-Float.infinity, 0)
        for plane in 0..<ours.count {
            for index in 0..<height * width {
                let difference = abs(theirs[plane, index] - ours[plane, index])
                let size = difference.isNaN ? .infinity : difference
                error[index] = max(error[index], size)
                if size > worst { (worst, channel) = (size, plane) }
            }
        }
        let reduction = Reduction(width: width, height: height)
        return ErrorMap(
            caption: ours.count > 1 ? "\(caption); values of channel \(channel)" : caption,
            width: reduction.reducedWidth, height: reduction.reducedHeight, error: reduction.largest(error),
            reference: reduction.means(ours.plane(channel)), candidate: reduction.means(theirs.plane(channel))
        )
    }

    /// A table: one pixel for each number, with the rows of the table from left to right.
    private func table(
        _ kind: Correspondence, _ a: StageTensor, _ b: StageTensor, _ ours: [Float], _ theirs: [Float]
    ) throws -> ErrorMap? {
        var pairs: [RowPairing.Pair]?
        switch kind {
        case .selected(let group), .following(let group):
            pairs = try GroupPairing(group, reference: reference, candidate: candidate, limits: limits)?
                .pairing.pairs
        default: break
        }
        if pairs == nil && a.shape != b.shape { return nil }
        let columns = a.shape.dropFirst().reduce(1, *)
        let rows = a.rowCount
        var error = [Float](repeating: 0, count: rows * columns)
        let all = pairs ?? (0..<rows).map { RowPairing.Pair(reference: $0, candidate: $0) }
        for pair in all where pair.reference < rows && pair.candidate < b.rowCount {
            for column in 0..<columns {
                let difference = abs(
                    theirs[pair.candidate * columns + column] - ours[pair.reference * columns + column])
                error[column * rows + pair.reference] = difference.isNaN ? .infinity : difference
            }
        }
        let reduction = Reduction(width: rows, height: columns)
        return ErrorMap(
            caption: "rows from left to right, their numbers from top to bottom",
            width: reduction.reducedWidth, height: reduction.reducedHeight, error: reduction.largest(error),
            reference: nil, candidate: nil)
    }
}

/// The channels of one map within the numbers of a stage.
private struct Planes {
    let numbers: [Float]
    let start: Int
    let count: Int
    let height: Int
    let width: Int

    /// The last two axes of `shape` are height and width.
    init(_ numbers: [Float], from start: Int, shape: [Int]) {
        self.numbers = numbers
        self.start = start
        height = shape[shape.count - 2]
        width = shape[shape.count - 1]
        count = shape.dropLast(2).reduce(1, *)
    }

    subscript(plane: Int, index: Int) -> Float { numbers[start + plane * height * width + index] }

    func plane(_ index: Int) -> [Float] {
        let area = height * width
        return Array(numbers[start + index * area..<start + (index + 1) * area])
    }
}

/// Reduces a map by merging squares of pixels.
private struct Reduction {
    let width: Int
    let height: Int
    let factor: Int
    var reducedWidth: Int { (width + factor - 1) / factor }
    var reducedHeight: Int { (height + factor - 1) / factor }

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        factor = max((max(width, height) + ErrorMap.largestSide - 1) / ErrorMap.largestSide, 1)
    }

    func largest(_ values: [Float]) -> [Float] {
        reduced(values) { $0.max() ?? 0 }
    }

    func means(_ values: [Float]) -> [Float] {
        reduced(values) { $0.reduce(0, +) / Float($0.count) }
    }

    private func reduced(_ values: [Float], _ one: ([Float]) -> Float) -> [Float] {
        if factor == 1 { return values }
        return (0..<reducedHeight).flatMap { y in
            (0..<reducedWidth).map { x in
                var square: [Float] = []
                for row in y * factor..<min((y + 1) * factor, height) {
                    square += values[row * width + x * factor..<row * width + min((x + 1) * factor, width)]
                }
                return one(square)
            }
        }
    }
}

extension ContractTensor.Elements {
    /// All values as floats.
    fileprivate var floats: [Float] {
        switch self {
        case .floats(let tensor): tensor.array
        case .integers(let integers): integers.map(Float.init)
        case .bytes(let bytes): bytes.map(Float.init)
        }
    }
}
