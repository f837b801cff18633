/// The same in every figure: blue for what is right, orange for what is not.
extension Background {
    /// What is kept, found or agreed upon; what is exact, or the reference.
    package var keptColor: Color { self == .light ? Color(hex: 0x0072b2) : Color(hex: 0x56b4e9) }
    /// What is suppressed, dropped or refused; what is rounded, wrong or lost.
    package var droppedColor: Color { self == .light ? Color(hex: 0xd55e00) : Color(hex: 0xff8a3c) }
    /// What agrees where blue is taken; a third curve.
    package var thirdColor: Color { self == .light ? Color(hex: 0x00805c) : Color(hex: 0x2fc493) }
}
