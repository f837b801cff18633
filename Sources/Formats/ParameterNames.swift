/// Whose names a file's parameters have, and what stands before them: training code wraps a network in others, and
/// each adds its own attribute's name. Lightning writes `model.`, data parallelism `module.`, `torch.compile`
/// `_orig_mod.`, a weight average `module.` again, and all of them at once occur.
package struct ParameterNames: Sendable {
    /// What stands before every name; empty, or with a dot at its end.
    package let prefix: String
    /// Whose names they are without it.
    package let keyMap: KeyMap
    /// How many of them are known.
    package let count: Int

    /// Prefixes that are tried, the most frequent first.
    private static let prefixLimit = 32

    /// The networks that the names may belong to: none if they are of no network that is known, several if a file has
    /// two copies of one, such as a student's and a teacher's.
    ///
    /// Every network that is known has a backbone, so that what stands before that word may be a prefix.
    package static func readings(of names: some Collection<String>) -> [ParameterNames] {
        if let reading = ParameterNames(names, prefix: "") { return [reading] }
        var counts: [String: Int] = [:]
        for name in names {
            for range in name.ranges(of: "backbone.") where range.lowerBound > name.startIndex {
                let prefix = name[..<range.lowerBound]
                if prefix.hasSuffix("."), prefix.utf8.count <= 256 { counts[String(prefix), default: 0] += 1 }
            }
        }
        let prefixes = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(prefixLimit)
        let readings = prefixes.compactMap { ParameterNames(names, prefix: $0.key) }
        let most = readings.map(\.count).max() ?? 0
        return readings.filter { 2 * $0.count >= most }
    }

    /// The names with a prefix, if most of them are known without it.
    private init?(_ names: some Collection<String>, prefix: String) {
        let stripped =
            prefix.isEmpty
            ? Array(names) : names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        guard let keyMap = KeyMap.detect(stripped) else { return nil }
        self.prefix = prefix
        self.keyMap = keyMap
        count = stripped.count { keyMap.native(from: $0) != nil }
    }
}
