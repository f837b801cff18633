import Drawing
import Foundation
import Tensors

extension SeededGenerator {
    /// A number drawn evenly from a range.
    mutating func number(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
    }

    /// A positive number whose logarithm is drawn evenly: every doubling is equally likely.
    mutating func logarithmic(in range: ClosedRange<Double>) -> Double {
        range.lowerBound * exp(uniform() * log(range.upperBound / range.lowerBound))
    }

    /// An integer drawn evenly from a range.
    mutating func integer(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + min(Int(uniform() * Double(range.count)), range.count - 1)
    }

    /// `true` with the given probability.
    mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// One of the elements, all equally likely. There must be one.
    mutating func element<Element>(of elements: [Element]) -> Element {
        elements[integer(in: 0...elements.count - 1)]
    }

    /// 1 or −1.
    mutating func sign() -> Double { chance(0.5) ? 1 : -1 }

    /// A colour of the given range of lightness and chroma in OKLab, of any hue.
    mutating func color(lightness: ClosedRange<Double>, chroma: ClosedRange<Double>) -> Color {
        OKLab(lightness: number(in: lightness), chroma: number(in: chroma), hue: number(in: 0...360)).color
    }
}
