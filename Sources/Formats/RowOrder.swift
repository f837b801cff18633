import Tensors

/// Which rows the layers that distinguish classes have, and in which order.
///
/// Of K classes and the background, here and in torchvision:
///
///     box.logits   K + 1 rows       background, class 1, …, class K
///     box.deltas   4 (K + 1) rows   the same, four rows each
///     mask.logits  K + 1 rows       the same
///
/// In detectron2 and MMDetection:
///
///     box.logits   K + 1 rows       class 1, …, class K, background
///     box.deltas   4 K rows         class 1, …, class K
///     mask.logits  K rows           class 1, …, class K
///
/// Background has neither a box nor a mask: its rows of deltas and mask logits are never looked at, and are zero
/// where a file does not have them.
struct RowOrder: Sendable {
    /// Whether files have the background's logit last, and no other rows of it.
    let isBackgroundLast: Bool
    /// K.
    let classes: Int

    /// The order in files of that scheme.
    /// - Parameter logits: the shape of `box.logits.weight`, which tells the number of classes; one that makes
    ///   no sense is for whoever builds the network to refuse.
    init(_ keyMap: KeyMap, logits: [Int]?) {
        isBackgroundLast = keyMap.isBackgroundLast
        let count = logits?.first ?? 0
        classes = (1...100_000).contains(count) ? count - 1 : 0
    }

    /// For each of our rows the file's row; nil for one that the file does not have. Nil altogether for a
    /// parameter whose rows are the same here and there.
    private func rows(of name: String, stored count: Int) -> [Int?]? {
        guard isBackgroundLast else { return nil }
        switch layer(of: name) {
        case "box.logits" where count == classes + 1: return [classes] + Array(0..<classes)
        case "box.deltas" where count == 4 * classes:
            return [Int?](repeating: nil, count: 4) + Array(0..<count)
        case "mask.logits" where count == classes: return [nil] + Array(0..<count)
        default: return nil
        }
    }

    /// What is wrong with a number of rows, if anything: it can be right by our order, and wrong by the file's.
    func fault(of name: String, stored shape: [Int]) -> String? {
        guard isBackgroundLast, let count = shape.first else { return nil }
        let needed: [Int]
        switch layer(of: name) {
        case "box.deltas": needed = [4 * classes]
        // One mask for all classes.
        case "mask.logits": needed = [classes, 1]
        default: return nil
        }
        return needed.contains(count)
            ? nil : "has \(count) rows for \(classes) classes, expected \(needed[0])"
    }

    /// Our shape of a parameter that a file has in the shape `stored`.
    func shape(of name: String, stored: [Int]) -> [Int] {
        guard let count = stored.first, let rows = rows(of: name, stored: count) else { return stored }
        return [rows.count] + stored.dropFirst()
    }

    /// The parameter in our order, from the file's.
    func ours(_ name: String, _ stored: Tensor) -> Tensor {
        guard let count = stored.shape.first, let rows = rows(of: name, stored: count) else { return stored }
        return stored.rows(rows)
    }

    /// The shape in the file of a parameter that has the shape `shape` here.
    func storedShape(of name: String, _ shape: [Int]) -> [Int] {
        guard let rows = storedRows(of: name, shape) else { return shape }
        return [rows.count] + shape.dropFirst()
    }

    /// The parameter in the file's order, from ours.
    func stored(_ name: String, _ tensor: Tensor) -> Tensor {
        guard let rows = storedRows(of: name, tensor.shape) else { return tensor }
        return tensor.rows(rows)
    }

    /// For each of the file's rows ours.
    private func storedRows(of name: String, _ shape: [Int]) -> [Int?]? {
        guard isBackgroundLast, let count = shape.first else { return nil }
        switch layer(of: name) {
        case "box.logits" where count == classes + 1: return Array(1...classes) + [0]
        case "box.deltas" where count == 4 * (classes + 1): return Array(4..<count)
        case "mask.logits" where count == classes + 1: return Array(1..<count)
        default: return nil
        }
    }

    /// The name without its last word.
    private func layer(of name: String) -> Substring { name[..<(name.lastIndex(of: ".") ?? name.endIndex)] }
}

extension Tensor {
    /// The given rows, in that order; zeros for nil.
    fileprivate func rows(_ rows: [Int?]) -> Tensor {
        let width = shape.dropFirst().reduce(1, *)
        return Tensor(shape: [rows.count] + shape.dropFirst()) { result in
            withUnsafeElements { elements in
                for (place, row) in rows.enumerated() {
                    for column in 0..<width {
                        result.initializeElement(
                            at: place * width + column, to: row.map { elements[$0 * width + column] } ?? 0)
                    }
                }
            }
        }
    }
}
