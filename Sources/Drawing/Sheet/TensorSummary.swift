import Tensors

/// What the caption of a tensor says: its name, its shape in the order of bundles, and its smallest, mean and
/// largest number.
package struct TensorSummary: Sendable, Equatable {
    /// The stage's name: `fpn.p2`.
    package var name: String
    /// Channels first, as in a bundle: `[64, 60, 80]`.
    package var shape: [Int]
    /// The smallest number.
    package var minimum: Double
    /// The mean of all numbers.
    package var mean: Double
    /// The largest number.
    package var maximum: Double

    /// The summary of a tensor whose shape is that of the bundle.
    package init(_ name: String, table: Tensor) {
        self.init(name, table, shape: table.shape)
    }

    /// The summary of a feature map, `[height, width, channels]`, or of several regions' maps,
    /// `[regions, height, width, channels]`.
    package init(_ name: String, map: Tensor) {
        var shape = map.shape
        if shape.count >= 3 { shape.insert(shape.removeLast(), at: shape.count - 2) }
        self.init(name, map, shape: shape)
    }

    private init(_ name: String, _ tensor: Tensor, shape: [Int]) {
        self.name = name
        self.shape = shape
        (minimum, mean, maximum) = tensor.withUnsafeElements { elements in
            var (low, sum, high) = (Float.infinity, 0.0, -Float.infinity)
            for element in elements {
                low = min(low, element)
                high = max(high, element)
                sum += Double(element)
            }
            guard !elements.isEmpty else { return (0, 0, 0) }
            return (Double(low), sum / Double(elements.count), Double(high))
        }
    }

    /// `64×60×80`.
    package var shapeText: String { shape.map(String.init).joined(separator: "×") }

    /// `−4.11 … 0.0312 … 5.2`: smallest, mean, largest.
    package var rangeText: String { "\(figures(minimum)) … \(figures(mean)) … \(figures(maximum))" }

    /// `fpn.p2 64×60×80, min −4.11, mean 0.0312, max 5.2`.
    package var text: String {
        "\(name) \(shapeText), min \(figures(minimum)), mean \(figures(mean)), max \(figures(maximum))"
    }
}
