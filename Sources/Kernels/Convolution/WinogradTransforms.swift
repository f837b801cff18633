// The three matrices follow from the interpolation points 0, ±a, ±b and ∞ (Cook and Toom). The usual ones, ±1
// and ±2, need no multiplications but lose precision in powers of 2; a = 5/8 and b = 3/2 lie on both sides of 1,
// which more than halves the error, and all their coefficients are exact in float32. About 1e-6 of relative
// error is left.

/// The positive interpolation points.
private let a: Float = 0.625
private let b: Float = 1.5

// MARK: - The three transforms, along one axis

/// G x: one column of a kernel, 3 → 6 numbers: its polynomial at each point, over the product of the point's
/// distances from the others.
@inline(__always)
func kernelTransform<V: LinearVector>(_ x: (V, V, V)) -> Six<V> {
    let near = 1 / (2 * a * a * (a * a - b * b))
    let far = 1 / (2 * b * b * (b * b - a * a))
    let (nearEven, nearOdd) = (x.0 + (a * a) * x.2, a * x.1)
    let (farEven, farOdd) = (x.0 + (b * b) * x.2, b * x.1)
    return Six(
        (1 / (a * a * b * b)) * x.0, near * (nearEven + nearOdd), near * (nearEven - nearOdd),
        far * (farEven + farOdd), far * (farEven - farOdd), x.2)
}

/// Bᵀ x: one column of an input tile, 6 → 6 numbers: the coefficients of the products of all (t − point) but
/// one. Opposite points share their even and odd parts.
@inline(__always)
func inputTransform<V: LinearVector>(_ x: Six<V>) -> Six<V> {
    let nearEven = x.e - (b * b) * x.c
    let nearOdd = a * (x.d - (b * b) * x.b)
    let farEven = x.e - (a * a) * x.c
    let farOdd = b * (x.d - (a * a) * x.b)
    return Six(
        (a * a * b * b) * x.a - (a * a + b * b) * x.c + x.e, nearEven + nearOdd, nearEven - nearOdd,
        farEven + farOdd, farEven - farOdd, (a * a * b * b) * x.b - (a * a + b * b) * x.d + x.f)
}

/// Aᵀ x: one column of a product, 6 → 4 numbers: the powers of the points.
@inline(__always)
func outputTransform<V: LinearVector>(_ x: Six<V>) -> (V, V, V, V) {
    let nearEven = x.b + x.c
    let nearOdd = a * (x.b - x.c)
    let farEven = x.d + x.e
    let farOdd = b * (x.d - x.e)
    return (
        x.a + nearEven + farEven, nearOdd + farOdd, (a * a) * nearEven + (b * b) * farEven,
        (a * a) * nearOdd + (b * b) * farOdd + x.f
    )
}

// MARK: - Two of them transposed, for the gradient by the weight

/// A x: one column of a tile of the output's gradient, 4 → 6 numbers; the transpose of `outputTransform`.
@inline(__always)
func gradientTransform<V: LinearVector>(_ x: (V, V, V, V)) -> Six<V> {
    let nearEven = x.0 + (a * a) * x.2
    let nearOdd = a * (x.1 + (a * a) * x.3)
    let farEven = x.0 + (b * b) * x.2
    let farOdd = b * (x.1 + (b * b) * x.3)
    return Six(x.0, nearEven + nearOdd, nearEven - nearOdd, farEven + farOdd, farEven - farOdd, x.3)
}

/// Gᵀ x: one column of a transformed kernel's gradient, 6 → 3 numbers; the transpose of `kernelTransform`.
@inline(__always)
func kernelGradientTransform<V: LinearVector>(_ x: Six<V>) -> (V, V, V) {
    let near = 1 / (2 * a * a * (a * a - b * b))
    let far = 1 / (2 * b * b * (b * b - a * a))
    let (nearEven, nearOdd) = (near * (x.b + x.c), near * (x.b - x.c))
    let (farEven, farOdd) = (far * (x.d + x.e), far * (x.d - x.e))
    return (
        (1 / (a * a * b * b)) * x.a + nearEven + farEven, a * nearOdd + b * farOdd,
        (a * a) * nearEven + (b * b) * farEven + x.f
    )
}

/// What the transforms are written for: one number, or a vector of eight channels.
protocol LinearVector {
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (factor: Float, b: Self) -> Self
}

extension Float: LinearVector {}
extension ChannelVector: LinearVector {}

/// Six values along one axis of a tile.
struct Six<V> {
    let a: V, b: V, c: V, d: V, e: V, f: V

    @inline(__always)
    init(_ a: V, _ b: V, _ c: V, _ d: V, _ e: V, _ f: V) {
        (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
    }

    /// The values at the indices 0 to 5.
    @inline(__always)
    init(_ value: (Int) -> V) { self.init(value(0), value(1), value(2), value(3), value(4), value(5)) }

    /// Calls `body` with each index and value.
    @inline(__always)
    func forEach(_ body: (Int, V) -> Void) {
        body(0, a)
        body(1, b)
        body(2, c)
        body(3, d)
        body(4, e)
        body(5, f)
    }
}
