import Tensors

/// Where windows lie in a batch of maps, and how to copy them into a matrix: one row a window, the patch under
/// it as `[group, row, column, channel]`.
struct Patches: Sendable {
    /// A row of windows along one axis.
    struct Axis: Hashable, Sendable {
        /// How many windows.
        var count: Int
        /// Positions in a window.
        var length: Int
        /// Where the first window begins; before 0 is padding.
        var first: Int
        /// Distance between neighbouring windows.
        var step: Int
    }

    let maps: MapBatch
    let rows: Axis
    let columns: Axis
    let groups: Int

    init(of maps: MapBatch, rows: Axis, columns: Axis, groups: Int) {
        self.maps = maps
        self.rows = rows
        self.columns = columns
        self.groups = groups
    }

    /// The windows of a convolution.
    init(of maps: MapBatch, under outputMaps: MapBatch, window: ConvolutionWindow) {
        func axis(_ count: Int) -> Axis {
            Axis(count: count, length: window.kernel, first: -window.padding, step: window.stride)
        }
        self.init(
            of: maps, rows: axis(outputMaps.height), columns: axis(outputMaps.width), groups: window.groups)
    }

    /// The number of windows in all maps.
    var count: Int { maps.count * rows.count * columns.count }

    /// The numbers in one group's part of a patch.
    var length: Int { rows.length * columns.length * maps.channels / groups }

    /// Whether the maps themselves are the matrix of patches.
    var areTheMaps: Bool {
        rows == Axis(count: maps.height, length: 1, first: 0, step: 1)
            && columns == Axis(count: maps.width, length: 1, first: 0, step: 1)
    }

    /// Enough rows to make packing the weights pay, few enough for the block to stay in the cache: about a
    /// megabyte of patches and results.
    func positionsPerBlock(outputs: Int) -> Int {
        min(max((1 << 18) / (length * groups + outputs), 256), 2048)
    }

    /// Calls `body` with the patches of `positions`, one row each, groups side by side.
    func withMatrix(
        of positions: Range<Int>, from input: UnsafePointer<Float>,
        _ body: (MatrixView<UnsafePointer<Float>>) -> Void
    ) {
        let rowLength = length * groups
        guard !areTheMaps else {
            return body(MatrixView(input + positions.lowerBound * rowLength, stride: rowLength))
        }
        withScratch(positions.count * rowLength) { matrix in
            for position in positions {
                copyPatch(
                    at: position, from: input, to: matrix + (position - positions.lowerBound) * rowLength)
            }
            body(MatrixView(UnsafePointer(matrix), stride: rowLength))
        }
    }

    private func copyPatch(
        at position: Int, from input: UnsafePointer<Float>, to patch: UnsafeMutablePointer<Float>
    ) {
        let (row, column) = position.quotientAndRemainder(dividingBy: columns.count)
        let (map, y) = row.quotientAndRemainder(dividingBy: rows.count)
        let top = rows.first + y * rows.step
        let left = columns.first + column * columns.step
        // The columns of the window that lie inside the map; the rest is padding.
        let first = min(max(0, -left), columns.length)
        let inside = first..<max(first, min(columns.length, maps.width - left))
        let channels = maps.channels / groups
        for dy in 0..<rows.length {
            let sourceY = top + dy
            for group in 0..<groups {
                let line = patch + group * length + dy * columns.length * channels
                guard sourceY >= 0 && sourceY < maps.height else {
                    line.update(repeating: 0, count: columns.length * channels)
                    continue
                }
                line.update(repeating: 0, count: inside.lowerBound * channels)
                (line + inside.upperBound * channels)
                    .update(repeating: 0, count: (columns.length - inside.upperBound) * channels)
                let source =
                    input + ((map * maps.height + sourceY) * maps.width + left) * maps.channels
                    + group * channels
                if groups == 1 {
                    copy(
                        source + inside.lowerBound * channels, inside.count * channels,
                        to: line + inside.lowerBound * channels)
                } else {
                    for dx in inside {
                        copy(source + dx * maps.channels, channels, to: line + dx * channels)
                    }
                }
            }
        }
    }

    /// Copies in a loop here the short runs that patches of few channels are made of: a call would cost more
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
        for offset in stride(from: 0, to: count - 8, by: 8) {
            SIMD8<Float>(loading: source + offset).store(to: destination + offset)
        }
        SIMD8<Float>(loading: source + count - 8).store(to: destination + count - 8)
    }
}
