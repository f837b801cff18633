/// The type of the elements of a stored tensor. The raw values are safetensors' names.
public enum ElementType: String, Sendable, CaseIterable {
    /// One byte, 0 or 1.
    case bool = "BOOL"
    /// Unsigned integers.
    case uint8 = "U8"
    case uint16 = "U16"
    case uint32 = "U32"
    case uint64 = "U64"
    /// Signed integers, two's complement.
    case int8 = "I8"
    case int16 = "I16"
    case int32 = "I32"
    case int64 = "I64"
    /// IEEE 754 binary16.
    case float16 = "F16"
    /// bfloat16: the upper half of a binary32.
    case bfloat16 = "BF16"
    /// IEEE 754 binary32.
    case float32 = "F32"
    /// IEEE 754 binary64.
    case float64 = "F64"
    /// Two binary32 values: recognised, so that files with such tensors can be listed, but not read.
    case complex64 = "C64"
    /// Floats of at most eight bits: recognised, but not read.
    case float8E4M3 = "F8_E4M3"
    case float8E5M2 = "F8_E5M2"
    case float8E8M0 = "F8_E8M0"
    case float8E4M3FNUZ = "F8_E4M3FNUZ"
    case float8E5M2FNUZ = "F8_E5M2FNUZ"
    case float6E2M3 = "F6_E2M3"
    case float6E3M2 = "F6_E3M2"
    case float4 = "F4"

    /// The size of one element in bits; elements below eight bits are packed.
    public var bits: Int {
        switch self {
        case .float4: 4
        case .float6E2M3, .float6E3M2: 6
        case .bool, .uint8, .int8, .float8E4M3, .float8E5M2, .float8E8M0, .float8E4M3FNUZ, .float8E5M2FNUZ: 8
        case .uint16, .int16, .float16, .bfloat16: 16
        case .uint32, .int32, .float32: 32
        case .uint64, .int64, .float64, .complex64: 64
        }
    }

    /// The size of `count` elements in bytes; nil when they do not fill whole bytes, or the size overflows
    /// `Int`.
    func byteCount(of count: Int) -> Int? {
        let (total, overflow) = count.multipliedReportingOverflow(by: bits)
        return overflow || total % 8 != 0 ? nil : total / 8
    }
}

/// The number of elements of a tensor of that shape; nil when a length is negative, there are more than 64
/// axes, or the product overflows `Int`.
func elementCount(of shape: [Int]) -> Int? {
    guard shape.count <= 64 else { return nil }
    var product = 1
    for length in shape {
        guard length >= 0 else { return nil }
        let (next, overflow) = product.multipliedReportingOverflow(by: length)
        if overflow { return nil }
        product = next
    }
    return product
}

/// The value of an IEEE 754 binary16, exactly.
///
/// Computed from its bits, since Swift's `Float16` does not exist on every processor.
func float(halfPrecision bits: UInt16) -> Float {
    let sign = UInt32(bits >> 15) << 31
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:  // Zero and the subnormals: fraction · 2⁻²⁴.
        let magnitude = Float(fraction) * 0x1p-24
        return sign == 0 ? magnitude : -magnitude
    case 0x1F:  // Infinity and NaN.
        return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default:  // Exponents move from bias 15 to bias 127.
        return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
}

/// The IEEE 754 binary16 nearest to a number, ties to even; infinity from 65 520 on (the largest finite one
/// is 65 504).
func halfPrecision(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16(bits >> 16) & 0x8000
    let magnitude = Float(bitPattern: bits & 0x7FFF_FFFF)
    if magnitude.isNaN { return sign | 0x7E00 }
    // From half a step above 65 504, numbers round to infinity.
    if magnitude >= 65_520 { return sign | 0x7C00 }
    if magnitude < 0x1p-14 {
        // Zero and the subnormals: multiples of 2⁻²⁴. Rounding up the largest gives the bits of the smallest
        // normal number, as it should.
        return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
    }
    // Keep ten of the fraction's 23 bits; a carry into the exponent is correct.
    let rounded = (bits & 0x7FFF_FFFF) + 0xFFF + ((bits >> 13) & 1)
    return sign | UInt16((rounded >> 13) - (112 << 10))
}
