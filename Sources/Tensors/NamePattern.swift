extension String {
    /// Whether this name, of a tensor or of a stage, is what a pattern says, in which `*` stands for any run of
    /// characters: `fpn.*`.
    package func matches(pattern: String) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else {
            return self == pattern
        }
        guard hasPrefix(first), count >= first.count + last.count, hasSuffix(last) else { return false }
        var rest = dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let found = rest.firstRange(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}
