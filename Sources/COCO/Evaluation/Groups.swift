// Detections are matched only to objects of their own image and category. Everything before accumulation
// works on one such group at a time.

/// The objects and detections of one category in one image.
struct Group: Sendable {
    /// The index of the category in ``Groups/categories``.
    let category: Int
    /// Indices into ``Dataset/annotations``, in the order of the file.
    var truths: [Int] = []
    /// Indices into ``Results/detections``: best first, equal scores in the order of the file, no more than
    /// the largest limit.
    var detections: [Int] = []
}

/// The groups that are not empty, sorted by category id and then by image id.
struct Groups: Sendable {
    /// The categories by ascending id.
    let categories: [Category]
    private(set) var groups: [Group]

    /// - Throws: ``COCOError`` for a detection or annotation of an image or category that does not exist.
    init(dataset: Dataset, results: Results, largestLimit: Int) throws {
        let index = try DatasetIndex(dataset)
        categories = dataset.categories.sorted { $0.id < $1.id }
        let columns = Ranks(categories.map(\.id)), rows = Ranks(dataset.images.map(\.id).sorted())
        var truths: [Member] = [], detections: [Member] = []
        truths.reserveCapacity(dataset.annotations.count)
        for (position, annotation) in dataset.annotations.enumerated() {
            do throws(EntryFault) { try index.check(annotation) } catch {
                throw COCOError(fault: "annotation \(annotation.id): \(error.message)")
            }
            let key = columns[annotation.categoryID] * rows.count + rows[annotation.imageID]
            truths.append(Member(key: key, score: 0, position: position))
        }
        detections.reserveCapacity(results.detections.count)
        for (position, detection) in results.detections.enumerated() {
            do throws(EntryFault) { try index.check(detection) } catch {
                throw COCOError(fault: "detection \(position + 1): \(error.message)")
            }
            let key = columns[detection.categoryID] * rows.count + rows[detection.imageID]
            detections.append(Member(key: key, score: detection.score, position: position))
        }
        truths.sort()
        detections.sort()
        groups = []
        var truth = truths[...], detection = detections[...]
        while let key = [truth.first?.key, detection.first?.key].compactMap({ $0 }).min() {
            var group = Group(category: key / rows.count)
            while let member = truth.first, member.key == key {
                group.truths.append(member.position)
                truth.removeFirst()
            }
            while let member = detection.first, member.key == key {
                if group.detections.count < largestLimit { group.detections.append(member.position) }
                detection.removeFirst()
            }
            groups.append(group)
        }
    }
}

/// A detection or an object, to be sorted into its group.
private struct Member: Comparable {
    /// The number of its group.
    let key: Int
    let score: Double
    let position: Int

    static func < (one: Member, other: Member) -> Bool {
        if one.key != other.key { return one.key < other.key }
        if one.score != other.score { return one.score > other.score }
        return one.position < other.position
    }
}

/// The ranks of ids in ascending order.
private struct Ranks {
    private let ranks: [Int: Int]
    var count: Int { ranks.count }

    init(_ sorted: [Int]) {
        ranks = Dictionary(zip(sorted, sorted.indices)) { first, _ in first }
    }

    /// The rank of an id, which must be among the ids.
    subscript(id: Int) -> Int { ranks[id] ?? 0 }
}
