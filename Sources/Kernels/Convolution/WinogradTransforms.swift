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
func kernelTransform<L: Lane>(_ x: (L, L, L)) -> Six<L> {
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
func inputTransform<L: Lane>(_ x: Six<L>) -> Six<L> {
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
func outputTransform<L: Lane>(_ x: Six<L>) -> (L, L, L, L) {
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
func gradientTransform<L: Lane>(_ x: (L, L, L, L)) -> Six<L> {
    let nearEven = x.0 + (a * a) * x.2
    let nearOdd = a * (x.1 + (a * a) * x.3)
    let farEven = x.0 + (b * b) * x.2
    let farOdd = b * (x.1 + (b * b) * x.3)
    return Six(x.0, nearEven + nearOdd, nearEven - nearOdd, farEven + farOdd, farEven - farOdd, x.3)
}

/// Gᵀ x: one column of a transformed kernel's gradient, 6 → 3 numbers; the transpose of `kernelTransform`.
@inline(__always)
func kernelGradientTransform<L: Lane>(_ x: Six<L>) -> (L, L, L) {
    let near = 1 / (2 * a * a * (a * a - b * b))
    let far = 1 / (2 * b * b * (b * b - a * a))
    let (nearEven, nearOdd) = (near * (x.b + x.c), near * (x.b - x.c))
    let (farEven, farOdd) = (far * (x.d + x.e), far * (x.d - x.e))
    return (
        (1 / (a * a * b * b)) * x.a + nearEven + farEven, a * nearOdd + b * farOdd,
        (a * a) * nearEven + (b * b) * farEven + x.f
    )
}

/// Six values along one axis of a tile.
struct Six<L> {
    let a: L, b: L, c: L, d: L, e: L, f: L

    @inline(__always)
    init(_ a: L, _ b: L, _ c: L, _ d: L, _ e: L, _ f: L) {
        (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
    }

    /// Reads six values from scratch memory, `stride` apart.
    @inline(__always)
    init(from start: UnsafePointer<L>, stride: Int) {
        self.init(
            start[0], start[stride], start[2 * stride], start[3 * stride], start[4 * stride],
            start[5 * stride])
    }

    /// Writes the six values to scratch memory, `stride` apart.
    @inline(__always)
    func write(to start: UnsafeMutablePointer<L>, stride: Int) {
        start[0] = a
        start[stride] = b
        start[2 * stride] = c
        start[3 * stride] = d
        start[4 * stride] = e
        start[5 * stride] = f
    }
}

extension Six where L: Lane {
    /// Loads the lanes that begin at six places, `stride` floats apart.
    @inline(__always)
    init(loading start: UnsafePointer<Float>, stride: Int) {
        self.init(
            L(loading: start), L(loading: start + stride), L(loading: start + 2 * stride),
            L(loading: start + 3 * stride), L(loading: start + 4 * stride), L(loading: start + 5 * stride))
    }

    /// Stores the lanes at six places, `stride` floats apart.
    @inline(__always)
    func store(to start: UnsafeMutablePointer<Float>, stride: Int) {
        a.store(to: start)
        b.store(to: start + stride)
        c.store(to: start + 2 * stride)
        d.store(to: start + 3 * stride)
        e.store(to: start + 4 * stride)
        f.store(to: start + 5 * stride)
    }
}
