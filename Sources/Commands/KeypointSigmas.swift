import ArgumentParser
import Foundation

/// How far off each keypoint usually is: numbers with commas between, or the name of a file that holds them.
struct KeypointSigmas: ExpressibleByArgument {
    let values: [Double]

    init?(argument: String) {
        let text: String
        if let numbers = Self.numbers(argument) {
            values = numbers
            return
        }
        guard let data = FileManager.default.contents(atPath: argument), data.count < 1 << 20 else {
            return nil
        }
        text = String(decoding: data, as: UTF8.self)
        guard let numbers = Self.numbers(text) else { return nil }
        values = numbers
    }

    /// The numbers of a text, with commas, white space or brackets between; nil where anything else is in it, and for
    /// numbers that are not positive.
    private static func numbers(_ text: String) -> [Double]? {
        let words = text.split { $0 == "," || $0 == "[" || $0 == "]" || $0.isWhitespace }
        let numbers = words.compactMap { Double($0) }
        guard !numbers.isEmpty, numbers.count == words.count, numbers.allSatisfy({ $0 > 0 && $0.isFinite })
        else {
            return nil
        }
        return numbers
    }
}
