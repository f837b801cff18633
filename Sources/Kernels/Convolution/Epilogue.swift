import Tensors

/// What happens to a sum of products before it is written: scale, shift, residual and ReLU in one pass, while
/// the values are still in the cache.
struct Epilogue: @unchecked Sendable {
    // Pointers for the inner loop, and what keeps their memory alive.
    private let scale: UnsafePointer<Float>
    private let shift: UnsafePointer<Float>
    private let residual: UnsafePointer<Float>?
    private let memory: [TensorMemory]
    private let relu: Bool
    let channels: Int

    /// - Parameters:
    ///   - scale: one factor a channel; nil for 1.
    ///   - shift: one summand a channel; nil for 0.
    ///   - residual: of the output's shape.
    init(
        scale: [Float]? = nil, shift: [Float]? = nil, residual: Tensor? = nil, relu: Bool = false,
        channels: Int
    ) {
        let scale = Matrix(row: scale ?? Array(repeating: 1, count: channels))
        let shift = Matrix(row: shift ?? Array(repeating: 0, count: channels))
        let residual = residual.map { Matrix($0, rows: 1, columns: $0.count) }
        self.scale = scale.start
        self.shift = shift.start
        self.residual = residual?.start
        memory = [scale.memory, shift.memory] + (residual.map { [$0.memory] } ?? [])
        self.relu = relu
        self.channels = channels
    }

    /// The finished values of some channels, from their sums of products. `position` counts through the whole
    /// output.
    @inline(__always)
    func finished(_ sum: ChannelVector, position: Int, channels: Channels) -> ChannelVector {
        var value = scale[channels] * sum + shift[channels]
        if let residual { value += (residual + position &* self.channels)[channels] }
        return relu ? value.relu : value
    }

    /// Finishes some positions of an output `[positions, channels]` in place.
    func finish(_ output: MutableMatrix, positions: Range<Int>) {
        for position in positions {
            let values = output[position]
            forEachChannelVector(of: channels) { channels in
                values[channels] = finished(values[channels], position: position, channels: channels)
            }
        }
    }
}
