/// Which of a dataset's categories the classes of a model stand for.
///
/// Names decide: ids differ between datasets. Where no name fits, as many categories as classes are taken in their order,
/// which is how torchvision's and detectron2's datasets number them.
public struct CategoryMatching: Hashable, Sendable {
    /// The category ids by label, from 1. A class that is not among them is none of the dataset's.
    public let categories: [Int: Int]
    /// How the unusual was taken, one line each, without the name of the file.
    public let remarks: [String]

    /// Matches classes, the first of which has the label 1, with the categories of `dataset`.
    ///
    /// A category that no object has cannot matter. One with objects that is no class of the model is remarked on:
    /// nothing is found of it.
    /// - Throws: ``COCOError`` when no category with objects fits any class.
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
            // No name fits.
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
    /// The id as the file has it.
    fileprivate var idText: String { textID ?? String(id) }
}
