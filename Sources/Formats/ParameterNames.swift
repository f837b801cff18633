/// The naming scheme of a file's parameters, and their common prefix. Training code wraps a network in other
/// modules, each of which adds the name of an attribute: Lightning adds `model.`, data parallelism `module.`,
/// `torch.compile` `_orig_mod.`, weight averaging `module.` again. Combinations occur.
package struct ParameterNames: Sendable {
    /// The prefix of every name; empty, or ending with a dot.
    package let prefix: String
    /// The naming scheme of the names without the prefix.
    package let keyMap: KeyMap
    /// The number of names that are recognised.
    package let count: Int

    /// The number of prefixes that are tried, the most frequent first.
    private static let prefixLimit = 32

    /// The possible interpretations of the names: empty if they are not those of a known network, several if
    /// a file has two copies of one, such as a student and a teacher.
    ///
    /// Every known network has a backbone, so candidates for the prefix are what precedes that word.
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

    /// The names with a prefix; nil unless most of them are recognised without it.
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
