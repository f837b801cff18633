/// Up to eight neighbouring channels of one position, which a kernel computes at once.
///
/// Channels are contiguous in memory. A kernel's innermost loop reads as if it treated one channel:
///
///     forEachChannelVector(of: input.channels) { channels in
///         output[y, x][channels] = 2 * input[y, x][channels]
///     }
typealias ChannelVector = SIMD8<Float>

/// The channels that a ``ChannelVector`` stands for: eight, or a single one, whose vector is filled up with zeros.
struct Channels {
    let first: Int
    fileprivate let isSingle: Bool

    /// Eight channels.
    @inline(__always)
    init(eightFrom first: Int) {
        self.first = first
        isSingle = false
    }

    /// One channel.
    @inline(__always)
    fileprivate init(single: Int) {
        first = single
        isSingle = true
    }
}

/// Calls `body` for all channels below `count`, eight at a time, then one at a time.
@inline(__always)
func forEachChannelVector(of count: Int, _ body: (Channels) -> Void) {
    forEachChannelVector(in: 0..<count, body)
}

/// Calls `body` for all channels in `range`, eight at a time, then one at a time.
///
/// Each of the two calls is compiled for its number of channels: the second becomes scalar code.
@inline(__always)
func forEachChannelVector(in range: Range<Int>, _ body: (Channels) -> Void) {
    var first = range.lowerBound
    while first + ChannelVector.scalarCount <= range.upperBound {
        body(Channels(eightFrom: first))
        first += ChannelVector.scalarCount
    }
    while first < range.upperBound {
        body(Channels(single: first))
        first += 1
    }
}

extension UnsafePointer<Float> {
    /// The values of some channels, given a pointer to the first channel of their position.
    @inline(__always)
    subscript(channels: Channels) -> ChannelVector {
        let start = self + channels.first
        return channels.isSingle
            ? ChannelVector(start.pointee, 0, 0, 0, 0, 0, 0, 0)
            : UnsafeRawPointer(start).loadUnaligned(as: ChannelVector.self)
    }
}

extension UnsafeMutablePointer<Float> {
    /// The values of some channels, given a pointer to the first channel of their position.
    @inline(__always)
    subscript(channels: Channels) -> ChannelVector {
        get { UnsafePointer(self)[channels] }
        nonmutating set {
            let start = self + channels.first
            if channels.isSingle {
                start.pointee = newValue[0]
            } else {
                UnsafeMutableRawPointer(start).storeBytes(of: newValue, as: ChannelVector.self)
            }
        }
    }
}

extension UnsafeMutablePointer<Double> {
    /// Writes the sums of some channels, given a pointer to that of the first channel.
    @inline(__always)
    func store(_ sums: SIMD8<Double>, _ channels: Channels) {
        let start = self + channels.first
        if channels.isSingle {
            start.pointee = sums[0]
        } else {
            UnsafeMutableRawPointer(start).storeBytes(of: sums, as: SIMD8<Double>.self)
        }
    }
}

extension ChannelVector {
    /// The larger of the two, channel by channel; NaN if either is NaN, so that no invalid number disappears.
    @inline(__always)
    func maximum(_ other: Self) -> Self {
        // Only NaN differs from itself.
        replacing(with: other, where: (self .< other) .| (other .!= other))
    }

    /// max(x, 0). NaN stays NaN.
    @inline(__always)
    var relu: Self { maximum(.zero) }

    /// This vector in the channels where `a` equals `b` or both are NaN, and 0 in the others.
    @inline(__always)
    func kept(where a: Self, equals b: Self) -> Self {
        Self.zero.replacing(with: self, where: (a .== b) .| ((a .!= a) .& (b .!= b)))
    }
}
