import Tensors

/// Where windows lie in a batch of maps, and how to copy them into a matrix: one row a window, the patch under
/// it as `[group, row, column, channel]`.
struct Patches: Sendable {
    /// Windows along one axis.
    struct Axis: Hashable, Sendable {
        /// How many windows.
        var count: Int
        /// Positions in a window.
        var length: Int
        /// Where the first window begins; before 0 is padding.
        var first: Int
        /// Distance between neighbouring windows.
        var step: Int
        /// Distance between neighbouring positions of a window: more than 1 where a convolution is dilated.
        var spacing = 1

        /// Where a window begins.
        func start(of window: Int) -> Int { first + window * step }

        /// The positions of a window, counted from its start, that lie inside a map of the given length.
        func inside(_ window: Int, mapLength: Int) -> Range<Int> {
            let start = start(of: window)
            func first(from position: Int) -> Int { (max(0, position - start) + spacing - 1) / spacing }
            let lower = min(first(from: 0), length)
            return lower..<max(lower, min(length, first(from: mapLength)))
        }
    }

    let maps: MapSizes
    let rows: Axis
    let columns: Axis
    let groups: Int

    init(of maps: MapSizes, rows: Axis, columns: Axis, groups: Int) {
        self.maps = maps
        self.rows = rows
        self.columns = columns
        self.groups = groups
    }

    /// The windows of a convolution.
    init(of maps: MapSizes, under output: MapSizes, window: ConvolutionWindow) {
        func axis(_ count: Int) -> Axis {
            Axis(
                count: count, length: window.kernel, first: -window.padding, step: window.stride,
                spacing: window.dilation)
        }
        self.init(of: maps, rows: axis(output.height), columns: axis(output.width), groups: window.groups)
    }

    /// The number of windows in all maps.
    var count: Int { maps.count * rows.count * columns.count }

    /// The numbers in one group's part of a patch.
    var length: Int { rows.length * columns.length * groupChannels }

    /// The part of a patch that belongs to a group.
    func columns(of group: Int) -> Range<Int> { group * length..<(group + 1) * length }

    private var groupChannels: Int { maps.channels / groups }

    /// Whether the maps themselves are the matrix of patches.
    private var areTheMaps: Bool {
        rows == Axis(count: maps.height, length: 1, first: 0, step: 1)
            && columns == Axis(count: maps.width, length: 1, first: 0, step: 1)
    }

    /// Enough rows to make packing the weights pay, few enough for the block to stay in the cache: about a
    /// megabyte of patches and results.
    func positionsPerBlock(outputs: Int) -> Int {
        min(max((1 << 18) / (length * groups + outputs), 256), 2048)
    }

    /// The patches of `positions`, one row each, groups side by side.
    func matrix(of positions: Range<Int>, from input: Maps) -> Matrix {
        if areTheMaps { return input.matrix[rows: positions] }
        let matrix = MutableMatrix(rows: positions.count, columns: length * groups)
        for (row, position) in positions.enumerated() {
            copyPatch(at: position, from: input, to: matrix[row])
        }
        return matrix.readable
    }

    private func copyPatch(at position: Int, from input: Maps, to patch: UnsafeMutablePointer<Float>) {
        let (row, column) = position.quotientAndRemainder(dividingBy: columns.count)
        let (map, y) = row.quotientAndRemainder(dividingBy: rows.count)
        let insideRows = rows.inside(y, mapLength: maps.height)
        let insideColumns = columns.inside(column, mapLength: maps.width)
        let lineLength = columns.length * groupChannels
        for dy in 0..<rows.length {
            let isInside = insideRows.contains(dy) && !insideColumns.isEmpty
            for group in 0..<groups {
                let line = patch + group * length + dy * lineLength
                guard isInside else {
                    line.update(repeating: 0, count: lineLength)
                    continue
                }
                let source = input[
                    map, rows.start(of: y) + dy * rows.spacing,
                    columns.start(of: column) + insideColumns.lowerBound * columns.spacing]
                copyLine(insideColumns, from: source + group * groupChannels, to: line)
            }
        }
    }

    /// Copies one group's part of one row of a window: the columns inside the map, which begin at `source`, and zeros
    /// for the rest.
    @inline(__always)
    private func copyLine(
        _ inside: Range<Int>, from source: UnsafePointer<Float>, to line: UnsafeMutablePointer<Float>
    ) {
        let channels = groupChannels
        let (first, end) = (line + inside.lowerBound * channels, line + inside.upperBound * channels)
        line.update(repeating: 0, count: inside.lowerBound * channels)
        end.update(repeating: 0, count: (columns.length - inside.upperBound) * channels)
        guard groups > 1 || columns.spacing > 1 else {
            return copy(source, inside.count * channels, to: first)
        }
        let distance = columns.spacing * maps.channels
        for column in 0..<inside.count {
            copy(source + column * distance, channels, to: first + column * channels)
        }
    }

    /// Copies the short runs that patches of few channels are made of in a loop here: a call would cost more
    /// than the copy. The last eight numbers may overlap those before.
    @inline(__always)
    private func copy(
        _ source: UnsafePointer<Float>, _ count: Int, to destination: UnsafeMutablePointer<Float>
    ) {
        if count > 128 { return destination.update(from: source, count: count) }
        guard count >= 8 else {
            for index in 0..<count { destination[index] = source[index] }
            return
        }
        for first in stride(from: 0, to: count - 8, by: 8) {
            destination[Channels(eightFrom: first)] = source[Channels(eightFrom: first)]
        }
        destination[Channels(eightFrom: count - 8)] = source[Channels(eightFrom: count - 8)]
    }
}
