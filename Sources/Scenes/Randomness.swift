import Drawing
import Foundation
import Tensors

extension SeededGenerator {
    /// A uniformly distributed number in a range.
    mutating func number(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
    }

    /// A positive number whose logarithm is uniformly distributed.
    mutating func logarithmic(in range: ClosedRange<Double>) -> Double {
        range.lowerBound * exp(uniform() * log(range.upperBound / range.lowerBound))
    }

    /// A uniformly distributed integer in a range.
    mutating func integer(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + min(Int(uniform() * Double(range.count)), range.count - 1)
    }

    /// `true` with the given probability.
    mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// A random element, all equally likely. `elements` must not be empty.
    mutating func element<Element>(of elements: [Element]) -> Element {
        elements[integer(in: 0...elements.count - 1)]
    }

    /// 1 or −1.
    mutating func sign() -> Double { chance(0.5) ? 1 : -1 }

    /// A random colour with OKLab lightness and chroma in the given ranges and any hue.
    mutating func color(lightness: ClosedRange<Double>, chroma: ClosedRange<Double>) -> Color {
        OKLab(lightness: number(in: lightness), chroma: number(in: chroma), hue: number(in: 0...360)).color
    }
}
