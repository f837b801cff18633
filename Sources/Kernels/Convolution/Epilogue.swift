import Tensors

/// What happens to a sum of products before it is written: scale, shift, residual and ReLU in one pass, while
/// the values are still in the cache.
struct Epilogue: Sendable {
    let scale: [Float]?
    let shift: [Float]?
    let residual: Tensor?
    let relu: Bool
    let channels: Int

    init(scale: [Float]?, shift: [Float]?, residual: Tensor? = nil, relu: Bool, channels: Int) {
        self.scale = scale
        self.shift = shift
        self.residual = residual
        self.relu = relu
        self.channels = channels
    }

    /// Calls `body` with the epilogue's numbers as pointers, for the inner loops.
    func unpacked(_ body: (UnpackedEpilogue) -> Void) {
        let scale = scale ?? Array(repeating: 1, count: channels)
        let shift = shift ?? Array(repeating: 0, count: channels)
        scale.withUnsafeBufferPointer { scale in
            shift.withUnsafeBufferPointer { shift in
                func run(_ residual: UnsafePointer<Float>?) {
                    body(
                        UnpackedEpilogue(
                            scale: scale.baseAddress!, shift: shift.baseAddress!, residual: residual,
                            relu: relu, channels: channels))
                }
                if let residual { residual.withUnsafeElements { run($0.baseAddress) } } else { run(nil) }
            }
        }
    }
}

/// An epilogue inside a kernel's loops.
struct UnpackedEpilogue {
    let scale: UnsafePointer<Float>
    let shift: UnsafePointer<Float>
    let residual: UnsafePointer<Float>?
    let relu: Bool
    let channels: Int

    /// The finished value of one lane, from its sum of products. `position` counts through the whole output.
    @inline(__always)
    func finished<L: Lane>(_ sum: L, position: Int, channel: Int) -> L {
        var value = sum * L(loading: scale + channel) + L(loading: shift + channel)
        if let residual { value += L(loading: residual + position * channels + channel) }
        return relu ? value.maximum(L(repeating: 0)) : value
    }

    /// Finishes whole positions in place; `values` points at the first of them.
    func finish(_ values: UnsafeMutablePointer<Float>, positions: Range<Int>) {
        for position in positions {
            forEachLane(
                of: channels,
                InPlace(
                    epilogue: self, position: position,
                    values: values + (position - positions.lowerBound) * channels))
        }
    }

    private struct InPlace: LaneBody {
        let epilogue: UnpackedEpilogue
        let position: Int
        let values: UnsafeMutablePointer<Float>

        @inline(__always)
        func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
            epilogue.finished(L(loading: values + channel), position: position, channel: channel)
                .store(to: values + channel)
        }
    }
}
