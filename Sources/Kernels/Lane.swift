/// A group of neighbouring channels that a kernel handles in one go.
///
/// Channels are contiguous in memory, so a kernel is written once for "a lane" and compiled twice: for eight
/// channels at a time (`SIMD8<Float>`), and for the one to seven that are left over (`Float`).
protocol Lane {
    /// The same channels in `Double`, for sums of many numbers.
    associatedtype Wide: WideLane
    /// How many channels the lane holds.
    static var width: Int { get }
    init(loading pointer: UnsafePointer<Float>)
    func store(to pointer: UnsafeMutablePointer<Float>)
    /// A lane with the same number in each channel.
    init(repeating value: Float)
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    static func * (a: Float, b: Self) -> Self
    /// The larger of the two, channel by channel; NaN if either is NaN, so that no broken number gets lost.
    func maximum(_ other: Self) -> Self
    /// This lane in the channels where `a` equals `b` or both are NaN, and 0 in the others.
    func kept(where a: Self, equals b: Self) -> Self
    /// The same numbers in `Double`.
    var wide: Wide { get }
}

/// What a lane's channels add up to, in `Double`.
protocol WideLane {
    init(loading pointer: UnsafePointer<Double>)
    func store(to pointer: UnsafeMutablePointer<Double>)
    static func + (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
}

extension Lane {
    @inline(__always) static func += (a: inout Self, b: Self) { a = a + b }
}

extension SIMD8<Float>: Lane {
    @inline(__always) static var width: Int { 8 }

    @inline(__always) init(loading pointer: UnsafePointer<Float>) {
        self = UnsafeRawPointer(pointer).loadUnaligned(as: Self.self)
    }

    @inline(__always) func store(to pointer: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Self.self)
    }

    @inline(__always) func maximum(_ other: Self) -> Self {
        // Only NaN differs from itself.
        replacing(with: other, where: (self .< other) .| (other .!= other))
    }

    @inline(__always) func kept(where a: Self, equals b: Self) -> Self {
        Self.zero.replacing(with: self, where: (a .== b) .| ((a .!= a) .& (b .!= b)))
    }

    @inline(__always) var wide: SIMD8<Double> { SIMD8<Double>(self) }
}

extension Float: Lane {
    @inline(__always) static var width: Int { 1 }
    @inline(__always) init(loading pointer: UnsafePointer<Float>) { self = pointer.pointee }
    @inline(__always) func store(to pointer: UnsafeMutablePointer<Float>) { pointer.pointee = self }
    @inline(__always) init(repeating value: Float) { self = value }
    @inline(__always) func maximum(_ other: Self) -> Self { self < other || other.isNaN ? other : self }
    @inline(__always) func kept(where a: Self, equals b: Self) -> Self {
        a == b || (a.isNaN && b.isNaN) ? self : 0
    }
    @inline(__always) var wide: Double { Double(self) }
}

extension SIMD8<Double>: WideLane {
    @inline(__always) init(loading pointer: UnsafePointer<Double>) {
        self = UnsafeRawPointer(pointer).loadUnaligned(as: Self.self)
    }

    @inline(__always) func store(to pointer: UnsafeMutablePointer<Double>) {
        UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Self.self)
    }
}

extension Double: WideLane {
    @inline(__always) init(loading pointer: UnsafePointer<Double>) { self = pointer.pointee }
    @inline(__always) func store(to pointer: UnsafeMutablePointer<Double>) { pointer.pointee = self }
}

/// Something to do for the channels that start at an offset, whatever the width of the lane.
protocol LaneBody {
    func callAsFunction<L: Lane>(_ lane: L.Type, at channel: Int)
}

/// Runs `body` over `channels`: eight at a time, then one at a time.
@inline(__always)
func forEachLane<Body: LaneBody>(of channels: Int, _ body: Body) {
    var channel = 0
    while channel + 8 <= channels {
        body(SIMD8<Float>.self, at: channel)
        channel += 8
    }
    while channel < channels {
        body(Float.self, at: channel)
        channel += 1
    }
}
