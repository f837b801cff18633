import Tensors

// Colour quantisation to 256 colours, for a file a third of the size:
//
// 1. Start with one cluster of all colours of the image, weighted by their numbers of pixels.
// 2. Split the cluster with the largest sum of squared distances from its mean at its mean, along the channel
//    with the largest spread; repeat until there are as many clusters as palette entries, or each has a
//    single colour.
// 3. Three iterations of k-means: assign every colour to the nearest entry, and move every entry to the mean
//    of its colours.

/// A palette for an image, and the palette index of each pixel.
struct ReducedPalette {
    /// The largest number of entries: an index is one byte.
    static let limit = 256
    private static let rounds = 3

    /// Red, green and blue of each entry.
    let entries: [UInt8]
    /// The palette index of each pixel, in row-major order.
    let indices: [UInt8]
    /// The root mean square error over pixels and channels, for samples from 0 to 255.
    let error: Double

    /// Reduces the colours of an image; exact if it has no more than ``limit`` colours.
    init(_ image: Image) {
        let keys = stride(from: 0, to: image.pixels.count, by: 3).map { byte -> UInt32 in
            UInt32(image.pixels[byte]) << 16 | UInt32(image.pixels[byte + 1]) << 8
                | UInt32(image.pixels[byte + 2])
        }
        var counts: [UInt32: Int] = [:]
        for key in keys { counts[key, default: 0] += 1 }
        // Sorted, so that the same image gives the same bytes.
        let distinct = counts.keys.sorted()
        let colors = distinct.map { key in
            WeightedColor(
                color: SIMD3<Float>(Float(key >> 16), Float(key >> 8 & 0xff), Float(key & 0xff)),
                weight: Float(counts[key] ?? 0))
        }
        let clusters = Self.clusters(of: colors)
        var means = clusters.map(\.mean)
        // With one entry per colour there is nothing to improve.
        for _ in 0..<(colors.count > Self.limit ? Self.rounds : 0) { means = Self.improved(means, colors) }
        let rounded = means.map { mean in
            SIMD3<Float>(mean.x.rounded(), mean.y.rounded(), mean.z.rounded())
        }

        var places: [UInt32: UInt8] = [:]
        var squares = 0.0
        for (key, color) in zip(distinct, colors) {
            let nearest = Self.nearest(to: color.color, in: rounded)
            places[key] = UInt8(nearest)
            let difference = color.color - rounded[nearest]
            squares += Double(color.weight) * Double((difference * difference).sum())
        }
        entries = rounded.flatMap { [UInt8($0.x), UInt8($0.y), UInt8($0.z)] }
        indices = keys.map { places[$0] ?? 0 }
        error = (squares / Double(max(image.pixels.count, 1))).squareRoot()
    }

    /// A colour, and the number of its pixels.
    private struct WeightedColor {
        var color: SIMD3<Float>
        var weight: Float
    }

    /// A set of colours of the image.
    private struct Cluster {
        let colors: [WeightedColor]
        let mean: SIMD3<Float>
        /// The sum of squared distances from the mean, in each channel.
        let spread: SIMD3<Float>

        init(_ colors: [WeightedColor]) {
            self.colors = colors
            // In Double: the weights are counts of pixels, of which there may be many millions.
            var (sum, total) = (SIMD3<Double>.zero, 0.0)
            for entry in colors {
                sum += SIMD3<Double>(entry.color) * Double(entry.weight)
                total += Double(entry.weight)
            }
            let mean = SIMD3<Float>(sum / max(total, 1))
            var spread = SIMD3<Double>.zero
            for entry in colors {
                let difference = SIMD3<Double>(entry.color - mean)
                spread += difference * difference * Double(entry.weight)
            }
            self.mean = mean
            self.spread = colors.count > 1 ? SIMD3<Float>(spread) : .zero
        }

        /// The cluster split in two; nil if it has a single colour.
        func halves() -> (Cluster, Cluster)? {
            guard spread.max() > 0 else { return nil }
            let channel = spread.indices.max { spread[$0] < spread[$1] } ?? 0
            let (low, high) = (
                colors.filter { $0.color[channel] <= mean[channel] },
                colors.filter { $0.color[channel] > mean[channel] }
            )
            return low.isEmpty || high.isEmpty ? nil : (Cluster(low), Cluster(high))
        }
    }

    private static func clusters(of colors: [WeightedColor]) -> [Cluster] {
        var clusters = [Cluster(colors)]
        if colors.count <= limit { return colors.map { Cluster([$0]) } }
        while clusters.count < limit {
            let widest = clusters.indices.max { clusters[$0].spread.sum() < clusters[$1].spread.sum() } ?? 0
            guard let (low, high) = clusters[widest].halves() else { break }
            clusters[widest] = low
            clusters.append(high)
        }
        return clusters
    }

    /// For each entry, the mean of the colours nearest to it; the unchanged entry if there are none.
    private static func improved(_ means: [SIMD3<Float>], _ colors: [WeightedColor]) -> [SIMD3<Float>] {
        var sums = [SIMD3<Double>](repeating: .zero, count: means.count)
        var totals = [Double](repeating: 0, count: means.count)
        for entry in colors {
            let index = nearest(to: entry.color, in: means)
            sums[index] += SIMD3<Double>(entry.color) * Double(entry.weight)
            totals[index] += Double(entry.weight)
        }
        return means.indices.map { totals[$0] > 0 ? SIMD3<Float>(sums[$0] / totals[$0]) : means[$0] }
    }

    private static func nearest(to color: SIMD3<Float>, in means: [SIMD3<Float>]) -> Int {
        var (best, distance) = (0, Float.infinity)
        means.withUnsafeBufferPointer { means in
            for index in means.indices {
                let difference = means[index] - color
                let squares = difference * difference
                let sum = squares.x + squares.y + squares.z
                if sum < distance { (best, distance) = (index, sum) }
            }
        }
        return best
    }
}
