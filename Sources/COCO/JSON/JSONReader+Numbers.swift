extension JSONReader {
    /// Reads a number; one too large for a double becomes infinity.
    package mutating func number() throws(JSONFault) -> Double {
        _ = peek()
        let start = position
        guard let shape = try skipNumber() else { return special(from: start) }
        if shape.digits <= 18, let magnitude = nearest(digits(from: start), timesTenTo: shape.scale) {
            return bytes[start] == UInt8(ascii: "-") ? -magnitude : magnitude
        }
        return Double(String(decoding: bytes[start..<position], as: UTF8.self)) ?? .nan
    }

    /// Reads an integer; 3.0 counts as one.
    package mutating func integer() throws(JSONFault) -> Int {
        _ = peek()
        let start = position
        guard let shape = try skipNumber() else { throw fault("is not a whole number") }
        if shape.isWhole {
            // The slice is digits after an optional sign, so only overflow can fail.
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            guard let value = shape.digits <= 18 ? signed(from: start) : Int(text) else {
                throw fault("is a whole number that is too large")
            }
            return value
        }
        position = start
        guard let value = Int(exactly: try number()) else { throw fault("is not a whole number") }
        return value
    }

    /// The form of a number, found without converting it.
    struct NumberShape {
        /// The number of digits before the exponent.
        var digits = 0
        /// The power of ten by which the digits, read as an integer, are multiplied.
        var scale = 0
        /// Whether there is neither a decimal point nor an exponent.
        var isWhole = true
    }

    /// Skips a number and returns its form; nil for NaN and infinities.
    @discardableResult
    mutating func skipNumber() throws(JSONFault) -> NumberShape? {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        var shape = NumberShape()
        shape.digits = skipDigits()
        guard shape.digits > 0 else {
            if current == UInt8(ascii: "I") {
                try skipWord("Infinity")
                return nil
            }
            if current == UInt8(ascii: "N"), position == start {
                try skipWord("NaN")
                return nil
            }
            throw fault("is not a number")
        }
        let leading = bytes[position - shape.digits]
        if leading == UInt8(ascii: "0") && shape.digits > 1 {
            throw fault("has a number with a leading zero")
        }
        if current == UInt8(ascii: ".") {
            position += 1
            let fraction = skipDigits()
            guard fraction > 0 else { throw fault("has a number that ends in a point") }
            shape.digits += fraction
            shape.scale = -fraction
            shape.isWhole = false
        }
        if let byte = current, byte | 0x20 == UInt8(ascii: "e") {
            try skipExponent(&shape)
        }
        return shape
    }

    private mutating func skipExponent(_ shape: inout NumberShape) throws(JSONFault) {
        position += 1
        let isNegative = current == UInt8(ascii: "-")
        if isNegative || current == UInt8(ascii: "+") { position += 1 }
        let start = position
        guard skipDigits() > 0 else { throw fault("has a number without an exponent") }
        var exponent = 0
        for offset in start..<position {
            // Far beyond the range of doubles; a larger exponent would not change the result but could
            // overflow.
            exponent = min(exponent * 10 + Int(bytes[offset] - UInt8(ascii: "0")), 100_000)
        }
        shape.scale += isNegative ? -exponent : exponent
        shape.isWhole = false
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Skips digits and returns their number.
    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        return position - start
    }

    /// The digits of a number up to its exponent, without the decimal point, as an integer; at most 18
    /// digits.
    private func digits(from start: Int) -> Int {
        var value = 0
        for offset in start..<position {
            let byte = bytes[offset]
            if byte | 0x20 == UInt8(ascii: "e") { break }
            let digit = byte &- UInt8(ascii: "0")
            if digit < 10 { value = value &* 10 &+ Int(digit) }
        }
        return value
    }

    private func signed(from start: Int) -> Int {
        bytes[start] == UInt8(ascii: "-") ? -digits(from: start) : digits(from: start)
    }

    private func special(from start: Int) -> Double {
        switch bytes[start] {
        case UInt8(ascii: "N"): .nan
        case UInt8(ascii: "-"): -.infinity
        default: .infinity
        }
    }
}

/// The double nearest to `digits · 10^scale` for the common cases; nil for the others. `digits` is not
/// negative. For the long fractions that Python writes, this takes a third of the time of the standard
/// library's parser.
private func nearest(_ digits: Int, timesTenTo scale: Int) -> Double? {
    if scale == 0 || digits == 0 { return Double(digits) }
    guard scale < 0, scale > -powersOfTen.count else { return nil }
    let power = powersOfTen[-scale]
    // One integer division, with both operands shifted so that their highest bits are set: the quotient has
    // 63 or 64 bits, ten more than a double's significand. Setting its lowest bit if there is a remainder
    // makes the conversion round correctly.
    let digitsShift = digits.leadingZeroBitCount, powerShift = power.leadingZeroBitCount
    let dividend = UInt64(digits) << digitsShift
    let (quotient, remainder) = (power << powerShift).dividingFullWidth((dividend >> 1, dividend << 63))
    let sticky: UInt64 = remainder == 0 ? 0 : 1
    return Double(
        sign: .plus, exponent: powerShift - digitsShift - 63, significand: Double(quotient | sticky))
}

/// 10⁰ to 10¹⁹, the powers of ten that fit into 64 bits.
private let powersOfTen: [UInt64] = (0..<20).map { exponent in
    (0..<exponent).reduce(1) { power, _ in power * 10 }
}
