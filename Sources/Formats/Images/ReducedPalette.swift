import Tensors

// An image in 256 colours, for a file a third of the size:
//
// 1. The colours of the image, each with how often it occurs, are one cluster.
// 2. The cluster with the largest sum of squared distances from its mean is cut in two there, across the channel in
//    which it is widest; and so on, until there are as many as the palette has room for, or no cluster has two colours.
// 3. Every colour goes to the nearest entry, and every entry to the mean of its colours, three times (k-means).

/// The colours that an image is written in, and which of them each pixel has.
struct ReducedPalette {
    /// The number of entries that a byte tells apart.
    static let limit = 256
    private static let rounds = 3

    /// Red, green and blue, entry after entry.
    let entries: [UInt8]
    /// The entry of each pixel, row by row.
    let indices: [UInt8]
    /// The root of the mean squared difference that it makes, over pixels and channels, in steps of 255.
    let error: Double

    /// Reduces the colours of an image; without any error if it has no more than ``limit``.
    init(_ image: Image) {
        let keys = stride(from: 0, to: image.pixels.count, by: 3).map { byte -> UInt32 in
            UInt32(image.pixels[byte]) << 16 | UInt32(image.pixels[byte + 1]) << 8
                | UInt32(image.pixels[byte + 2])
        }
        var counts: [UInt32: Int] = [:]
        for key in keys { counts[key, default: 0] += 1 }
        // In order, so that the same image gives the same bytes.
        let distinct = counts.keys.sorted()
        let colors = distinct.map { key in
            WeightedColor(
                color: SIMD3<Float>(Float(key >> 16), Float(key >> 8 & 0xff), Float(key & 0xff)),
                weight: Float(counts[key] ?? 0))
        }
        let clusters = Self.clusters(of: colors)
        var means = clusters.map(\.mean)
        // With an entry for each colour there is nothing to improve.
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

    /// Some of the colours.
    private struct Cluster {
        let colors: [WeightedColor]
        let mean: SIMD3<Float>
        /// The sum of squared distances from the mean, in each channel.
        let spread: SIMD3<Float>

        init(_ colors: [WeightedColor]) {
            self.colors = colors
            // In Double: the weights are pixels, of which there may be many millions.
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

        /// The two halves of it; nil where there is nothing to cut.
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

    /// The mean of the colours that are nearest to each entry; the entry itself where there are none.
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
