/// The mapping from a model's classes to a dataset's categories.
///
/// Classes are matched by name, since ids differ between datasets. If no name matches and there are as many
/// categories as classes, they are matched in order, which is how torchvision's and detectron2's datasets
/// number them.
public struct CategoryMatching: Hashable, Sendable {
    /// The category ids by label; labels count from 1. Classes that the dataset does not have are absent.
    public let categories: [Int: Int]
    /// Notes on categories and classes that did not match, one line each, without the file name.
    public let remarks: [String]

    /// Matches classes, the first of which has label 1, to the categories of `dataset`.
    ///
    /// Categories without objects are ignored. A category with objects that is not a class of the model is
    /// noted in ``remarks``: none of its objects can be found.
    /// - Throws: ``COCOError`` when no category with objects matches a class.
    public init(classes: [String], of dataset: Dataset) throws {
        let occurring = Set(dataset.annotations.lazy.map(\.categoryID))
        let used = dataset.categories.filter { occurring.contains($0.id) }
        let needed = used.isEmpty ? dataset.categories : used
        let labels = Dictionary(zip(classes, 1...)) { first, _ in first }
        var categories: [Int: Int] = [:]
        for category in dataset.categories {
            if let label = labels[category.name] { categories[label] = category.id }
        }
        let matched = Set(categories.values)
        let unknown = needed.filter { !matched.contains($0.id) }
        if let first = unknown.first, unknown.count == needed.count {
            // No name matches.
            let candidates = [dataset.categories, used].first { $0.count == classes.count }
            guard let candidates else {
                let others = unknown.count > 1 ? ", and so are \(unknown.count - 1) others" : ""
                throw COCOError(
                    fault:
                        "category \(first.idText), '\(first.name)', is no class of the model\(others); in their order "
                        + "they do not fit either: \(needed.count) categories, \(classes.count) classes")
            }
            self.categories = Dictionary(uniqueKeysWithValues: zip(1..., candidates.map(\.id)))
            let pairs = zip(classes, candidates).prefix(3).map { "'\($0)' is '\($1.name)'" }
            remarks = [
                "no category has the name of a class; they are taken in their order: "
                    + pairs.joined(separator: ", ") + (candidates.count > 3 ? ", …" : "")
            ]
            return
        }
        self.categories = categories
        let names = unknown.prefix(3).map { "\($0.idText), '\($0.name)'" }.joined(separator: "; ")
        remarks =
            unknown.isEmpty
            ? []
            : [
                "\(unknown.count) of \(needed.count) categories are no classes of the model, which finds nothing of them: "
                    + names + (unknown.count > 3 ? "; …" : "")
            ]
    }
}

extension Category {
    /// The id as written in the file.
    fileprivate var idText: String { textID ?? String(id) }
}
