/// The information in a framework's checkpoint beside its parameters, as free text.
///
/// MMDetection's files have a dictionary `meta`. In version 2 it contains the training configuration as text
/// under `config` and the class names under `CLASSES`; in version 3 under `cfg` and in `dataset_meta`. Other
/// entries may be anything and are ignored.
package enum CheckpointNotes {
    /// The text of an MMDetection configuration.
    package static let configuration = "mmdetection_config"
    /// The version of MMDetection that trained the model.
    package static let version = "mmdetection_version"
    /// The class names, one per line.
    package static let classes = "class_names"
    /// The author of the file, in detectron2's checkpoints.
    package static let author = "author"

    /// Longer texts and lists are ignored.
    private static let textLimit = 1 << 20
    private static let classLimit = 10_000

    static func read(_ tree: PickleTree, _ root: PickleTree.Reference) -> [String: String] {
        var notes: [String: String] = [:]
        notes[author] = entry("__author__", of: root, in: tree).flatMap(tree.text)
        guard let meta = entry("meta", of: root, in: tree) else { return notes }
        let configurations = ["config", "cfg"].lazy.compactMap { entry($0, of: meta, in: tree) }
        notes[configuration] = configurations.first.flatMap { tree.longText($0, limit: textLimit) }
        notes[version] = entry("mmdet_version", of: meta, in: tree).flatMap(tree.text)
        let datasets = [meta, entry("dataset_meta", of: meta, in: tree)].compactMap { $0 }
        let lists = datasets.lazy.flatMap { dataset in
            ["CLASSES", "classes"].lazy.compactMap { entry($0, of: dataset, in: tree) }
        }
        notes[classes] = lists.first.flatMap { names($0, in: tree) }
        return notes
    }

    private static func entry(
        _ key: String, of dictionary: PickleTree.Reference, in tree: PickleTree
    ) -> PickleTree.Reference? {
        tree.dictionary(dictionary)?.last { tree.text($0.key) == key }?.value
    }

    private static func names(_ list: PickleTree.Reference, in tree: PickleTree) -> String? {
        let members: [PickleTree.Reference]
        switch tree[list] {
        case .tuple(let items), .list(let items): members = tree.members(items)
        default: return nil
        }
        guard (1...classLimit).contains(members.count) else { return nil }
        let names = members.compactMap(tree.text)
        guard names.count == members.count, !names.contains(where: { $0.contains("\n") }) else { return nil }
        return names.joined(separator: "\n")
    }
}
