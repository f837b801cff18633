import Tensors

/// The order of the rows of the layers that distinguish classes.
///
/// For K classes and the background, in this project and in torchvision:
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
/// Where all classes share one box, box.deltas has 4 rows everywhere; where they share one mask, mask.logits has 1.
///
/// Background has neither a box nor a mask: its rows of deltas and mask logits are never looked at, and are zero
/// where a file does not have them.
struct RowOrder: Sendable {
    /// Whether files have the background's logit last, and no other rows for the background.
    let isBackgroundLast: Bool
    /// K, without the background.
    let classes: Int

    /// The row order of files with the given naming scheme.
    /// - Parameter logits: the shape of `box.logits.weight`, which gives the number of classes; an invalid
    ///   one is refused later, when the network is built.
    init(_ keyMap: KeyMap, logits: [Int]?) {
        isBackgroundLast = keyMap.isBackgroundLast
        let count = logits?.first ?? 0
        classes = (1...100_000).contains(count) ? count - 1 : 0
    }

    /// For each native row, the index of the file's row; nil for a row that the file does not have. Nil
    /// altogether for a parameter whose rows have the same order.
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

    /// The fault of a number of rows; nil if it is right. It can be right in the native order and wrong in
    /// the file's.
    func fault(of name: String, stored shape: [Int]) -> String? {
        guard isBackgroundLast, let count = shape.first else { return nil }
        let needed: [Int]
        switch layer(of: name) {
        // One box for all classes.
        case "box.deltas": needed = [4 * classes, 4]
        // One mask for all classes.
        case "mask.logits": needed = [classes, 1]
        default: return nil
        }
        return needed.contains(count)
            ? nil : "has \(count) rows for \(classes) classes, expected \(needed[0])"
    }

    /// The native shape of a parameter whose shape in the file is `stored`.
    func shape(of name: String, stored: [Int]) -> [Int] {
        guard let count = stored.first, let rows = rows(of: name, stored: count) else { return stored }
        return [rows.count] + stored.dropFirst()
    }

    /// The parameter with its rows in native order, from one in the file's order.
    func ours(_ name: String, _ stored: Tensor) -> Tensor {
        guard let count = stored.shape.first, let rows = rows(of: name, stored: count) else { return stored }
        return stored.rows(rows)
    }

    /// The shape in the file of a parameter whose native shape is `shape`.
    func storedShape(of name: String, _ shape: [Int]) -> [Int] {
        guard let rows = storedRows(of: name, shape) else { return shape }
        return [rows.count] + shape.dropFirst()
    }

    /// The parameter with its rows in the file's order, from one in native order.
    func stored(_ name: String, _ tensor: Tensor) -> Tensor {
        guard let rows = storedRows(of: name, tensor.shape) else { return tensor }
        return tensor.rows(rows)
    }

    /// For each row of the file, the index of the native row.
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
