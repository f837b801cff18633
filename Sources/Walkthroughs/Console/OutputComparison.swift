import Foundation

/// Compares what a command prints with what a page says that it prints.
///
/// Text must agree exactly. A number with a decimal point or an exponent may differ by one unit in its last
/// printed place, because the last bits of a sum depend on the processor; where it thereby becomes longer or
/// shorter, the spaces beside it may make room for that. A whole number is a count or an index, and must agree. Spaces at the
/// end of a line, which nobody sees, do not count. A line `…` of the page stands for any lines.
package struct OutputComparison: Sendable {
    /// A place where page and output differ.
    package struct Difference: Sendable, Equatable {
        /// Which line of the page's output, from 0; the number of lines for what comes after the last.
        package let line: Int
        /// What the page says; nil where the command prints more than the page has.
        package let page: String?
        /// What the command prints; nil where it prints nothing like that.
        package let now: String?

        /// One difference.
        package init(line: Int, page: String?, now: String?) {
            self.line = line
            self.page = page
            self.now = now
        }
    }

    /// The mark for lines left out.
    package static let ellipsis = "…"

    /// Where the two differ; empty if the output is what the page says.
    package let differences: [Difference]

    /// Compares a page's lines with a command's.
    package init(page: [String], now: [String]) {
        let segments = Self.segments(of: page)
        guard segments.count > 1 else {
            differences = Self.pairs(page[...], now[...])
            return
        }
        // The first segment stands at the beginning, the last at the end, and the others somewhere between, in
        // order; the leftmost place for each leaves the most room for the rest.
        var rest = now[...]
        let (first, last) = (segments[0], segments[segments.count - 1])
        var found = Self.pairs(first, rest.prefix(first.count))
        rest = rest.dropFirst(first.count)
        let ending = rest.suffix(last.count)
        found += Self.pairs(last, ending)
        rest = rest.dropLast(ending.count)
        for segment in segments.dropFirst().dropLast() where !segment.isEmpty {
            if let place = Self.place(of: segment, in: rest, like: Self.agree) {
                rest = rest[(place + segment.count)...]
            } else {
                found.append(Difference(line: segment.startIndex, page: segment.first, now: nil))
            }
        }
        differences = found.sorted { $0.line < $1.line }
    }

    /// What the page should say: the output, with the same lines left out as before.
    ///
    /// - Returns: nil when no place can be found for a part between two `…`: then a person has to decide.
    package static func updated(page: [String], now: [String]) -> [String]? {
        let segments = segments(of: page)
        guard segments.count > 1 else { return now }
        let (first, last) = (segments[0].count, segments[segments.count - 1].count)
        guard first + last <= now.count else { return nil }
        var lines = Array(now[..<first])
        var rest = now[first..<now.count - last]
        for segment in segments.dropFirst().dropLast() {
            lines.append(ellipsis)
            guard !segment.isEmpty else { continue }
            guard
                let place = place(of: segment, in: rest, like: agree)
                    ?? place(of: segment, in: rest, like: { withoutNumbers($0) == withoutNumbers($1) })
            else { return nil }
            lines += rest[place..<place + segment.count]
            rest = rest[(place + segment.count)...]
        }
        return lines + [ellipsis] + now[(now.count - last)...]
    }

    /// Whether two lines agree, as described above.
    package static func agree(_ one: String, _ other: String) -> Bool {
        if one == other { return true }
        let (left, right) = (pieces(of: one), pieces(of: other))
        guard left.count == right.count else { return false }
        // Texts and numbers take turns, a text first.
        let numbers = stride(from: 1, to: left.count, by: 2)
        guard numbers.allSatisfy({ PrintedNumber.agree(left[$0], right[$0]) }) else { return false }
        // How much longer each number is on the right; nothing stands before the first text and after the last.
        let growths = [0] + numbers.map { right[$0].count - left[$0].count } + [0]
        return stride(from: 0, to: left.count, by: 2).allSatisfy { index in
            textsAgree(
                left[index], right[index], growthBefore: growths[index / 2],
                growthAfter: growths[index / 2 + 1])
        }
    }

    /// Whether two texts agree but for spaces at their ends that make room for the numbers there.
    private static func textsAgree(
        _ left: String, _ right: String, growthBefore: Int, growthAfter: Int
    ) -> Bool {
        if left == right { return true }
        // At most as many spaces as the number gained go, and at most as many as it lost come.
        func room(_ growth: Int) -> ClosedRange<Int> { min(0, -growth)...max(0, -growth) }
        let (before, after) = (room(growthBefore), room(growthAfter))
        let (core, other) = (left.trimmingSpaces, right.trimmingSpaces)
        guard core == other else { return false }
        if core.isEmpty {
            let both = before.lowerBound + after.lowerBound...before.upperBound + after.upperBound
            return both.contains(right.count - left.count)
        }
        let leading = right.leadingSpaces - left.leadingSpaces
        return before.contains(leading) && after.contains(right.count - left.count - leading)
    }

    private static func segments(of page: [String]) -> [ArraySlice<String>] {
        page.split(omittingEmptySubsequences: false) { $0.trimmingCharacters(in: .whitespaces) == ellipsis }
    }

    private static func pairs(_ page: ArraySlice<String>, _ now: ArraySlice<String>) -> [Difference] {
        let both = zip(page.indices, now.indices).filter { !agree(page[$0], now[$1]) }
            .map { Difference(line: $0, page: page[$0], now: now[$1]) }
        let missing = page.indices.dropFirst(now.count)
            .map { Difference(line: $0, page: page[$0], now: nil) }
        let added = now.dropFirst(page.count).map { Difference(line: page.endIndex, page: nil, now: $0) }
        return both + missing + added
    }

    private static func place(
        of segment: ArraySlice<String>, in lines: ArraySlice<String>, like: (String, String) -> Bool
    ) -> Int? {
        guard segment.count <= lines.count else { return nil }
        return (lines.startIndex...lines.endIndex - segment.count).first { start in
            zip(segment, lines[start...]).allSatisfy(like)
        }
    }

    /// Texts and numbers in turn, a text first and last; spaces at the end left out.
    private static func pieces(of line: String) -> [String] {
        let line = line.replacing(/\s+$/, with: "")
        var pieces: [String] = []
        var end = line.startIndex
        for match in line.matches(of: PrintedNumber.pattern) {
            pieces += [String(line[end..<match.range.lowerBound]), String(match.output)]
            end = match.range.upperBound
        }
        return pieces + [String(line[end...])]
    }

    private static func withoutNumbers(_ line: String) -> String {
        withoutRuns(ofSpacesIn: line.replacing(PrintedNumber.pattern, with: "0"))
    }

    private static func withoutRuns(ofSpacesIn text: String) -> String { text.replacing(/\ +/, with: " ") }
}

extension String {
    fileprivate var leadingSpaces: Int { prefix { $0 == " " }.count }
    fileprivate var trimmingSpaces: Substring {
        let text = drop { $0 == " " }
        return text.dropLast(text.reversed().prefix { $0 == " " }.count)
    }
}

/// A number as it is printed.
private struct PrintedNumber {
    /// The sign is a hyphen or a minus.
    static var pattern: Regex<Substring> { /[-−]?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?/ }

    let value: Double
    /// What one in the last printed place is worth; nil for a whole number.
    let unit: Double?

    init?(_ text: String) {
        let text = text.replacing("−", with: "-")
        let halves = text.split(separator: "e")
        guard let value = Double(text), let mantissa = halves.first else { return nil }
        let exponent = halves.count > 1 ? Int(halves[1]) ?? 0 : 0
        let places = mantissa.split(separator: ".").dropFirst().first?.count ?? 0
        self.value = value
        unit = places > 0 || halves.count > 1 ? pow(10, Double(exponent - places)) : nil
    }

    static func agree(_ one: String, _ other: String) -> Bool {
        if one == other { return true }
        guard let left = PrintedNumber(one), let right = PrintedNumber(other),
            let unit = [left.unit, right.unit].compactMap({ $0 }).max()
        else { return false }
        return abs(left.value - right.value) <= unit * 1.000_001
    }
}
