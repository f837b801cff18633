import Execution
import Tensors

/// Feature maps in memory: `maps[map, y, x]` points at the channels of one position, and `maps[y, x]` in the first
/// or only map.
///
/// A view keeps its memory alive. Indices are checked in debug builds only, overflow of their products not at all: what
/// exists in memory does not overflow.
struct MapsView<Pointer: FloatPointer>: @unchecked Sendable {
    let sizes: MapSizes
    /// The first channel of the first position.
    let start: Pointer
    fileprivate let memory: TensorMemory

    var count: Int { sizes.count }
    var height: Int { sizes.height }
    var width: Int { sizes.width }
    var channels: Int { sizes.channels }

    @inline(__always)
    subscript(map: Int, y: Int, x: Int) -> Pointer {
        assert(0..<height ~= y && 0..<width ~= x, "position \(y), \(x) of \(sizes)")
        return self[position: (map &* height &+ y) &* width &+ x]
    }

    @inline(__always)
    subscript(y: Int, x: Int) -> Pointer { self[0, y, x] }

    /// The channels of a position that is counted row by row, map after map.
    @inline(__always)
    subscript(position position: Int) -> Pointer {
        assert(0..<sizes.positions ~= position, "position \(position) of \(sizes)")
        return start.advanced(by: position &* channels)
    }

    /// The same memory as a matrix `[positions of all maps, channels]`.
    var matrix: MatrixView<Pointer> {
        MatrixView(start, rows: sizes.positions, columns: channels, memory: memory)
    }
}

/// Maps to read.
typealias Maps = MapsView<UnsafePointer<Float>>
/// Maps that a kernel writes. Several threads may write at once, each to positions or channels of its own.
typealias MutableMaps = MapsView<UnsafeMutablePointer<Float>>

extension MapsView where Pointer == UnsafePointer<Float> {
    /// A map or a batch of maps.
    init(_ tensor: Tensor) { self.init(tensor, as: MapSizes(tensor.shape)) }

    /// The elements of a tensor under other sizes.
    init(_ tensor: Tensor, as sizes: MapSizes) {
        precondition(tensor.count == sizes.positions * sizes.channels, "\(tensor.shape) as \(sizes)")
        self.init(sizes: sizes, start: UnsafePointer(tensor.memory.start), memory: tensor.memory)
    }
}

extension MapsView where Pointer == UnsafeMutablePointer<Float> {
    /// New maps, uninitialized.
    init(_ sizes: MapSizes) {
        let memory = TensorMemory(count: sizes.positions * sizes.channels)
        self.init(sizes: sizes, start: memory.start, memory: memory)
    }

    /// New maps, each value 0.
    init(zeros sizes: MapSizes) {
        self.init(sizes)
        clear()
    }

    /// Sets each value to 0.
    func clear() { start.update(repeating: 0, count: sizes.positions * sizes.channels) }

    /// The memory of `tensor`, to change it in place; a copy if somebody else refers to it.
    init(changing tensor: consuming Tensor) {
        tensor.makeUnique()
        self.init(sizes: MapSizes(tensor.shape), start: tensor.memory.start, memory: tensor.memory)
    }

    /// The finished maps. Nothing may write to them any more.
    var tensor: Tensor { Tensor(shape: sizes.shape, memory: memory) }

    /// The same maps, to read what has been written.
    var readable: Maps { Maps(sizes: sizes, start: UnsafePointer(start), memory: memory) }
}

/// Calls `body` for each row of each map, in parallel.
func parallelRows(of maps: MapSizes, _ body: @Sendable (_ map: Int, _ y: Int) -> Void) {
    parallel(maps.count * maps.height) { row in
        let (map, y) = row.quotientAndRemainder(dividingBy: maps.height)
        body(map, y)
    }
}

/// Calls `body` for sixteen channels of one map at a time (a cache line), in parallel: the split of kernels that
/// scatter into a map, so that no two threads write to the same element.
func parallelChannelBlocks(of maps: MapSizes, _ body: @Sendable (_ map: Int, _ channels: Range<Int>) -> Void)
{
    let blocks = (maps.channels + 15) / 16
    parallel(maps.count * blocks) { index in
        let (map, block) = index.quotientAndRemainder(dividingBy: blocks)
        body(map, block * 16..<min((block + 1) * 16, maps.channels))
    }
}
