import Geometry
import Inference
import Tensors

/// The effect of each profile's conventions on one box and one mask, in pixels.
package struct ProfileCalculation {
    private let box: Box
    private let size: PixelSize
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(box: Box, size: PixelSize, print: @escaping (String) -> Void) {
        self.box = box
        self.size = size
        self.print = print
    }

    package func run() {
        // Profiles with the same results share a column.
        var columns: [(names: [String], effects: [String])] = []
        let effects = Profile.all.map { profile in
            ProfileEffects(profile, box: box, size: size)
        }
        for (profile, effect) in zip(Profile.all, effects) {
            let words = effect.rows.map(\.words)
            if let same = columns.firstIndex(where: { $0.effects == words }) {
                columns[same].names.append(profile.name)
            } else {
                columns.append(([profile.name], words))
            }
        }
        print("A picture of \(size.height)×\(size.width), a box \(box.digits(1)).")
        // Three profiles side by side fit into 80 columns.
        for start in stride(from: 0, to: columns.count, by: 3) {
            let shown = columns[start..<min(start + 3, columns.count)]
            var table = NumberTable([""] + shown.map { $0.names[0] })
            for (index, row) in effects[0].rows.enumerated() {
                table.add([row.subject] + shown.map { $0.effects[index] })
            }
            print(table.text)
        }
        for column in columns where column.names.count > 1 {
            print("\(column.names.dropFirst().joined(separator: ", ")): as \(column.names[0])")
        }
    }
}

/// The effects of one profile on an image, a box and a mask.
private struct ProfileEffects {
    private(set) var rows: [(subject: String, words: String)] = []

    init(_ profile: Profile, box: Box, size: PixelSize) {
        let conventions = profile.conventions
        let resized = conventions.input.resize.targetSize(for: size, settings: profile.settings.input)
        rows.append(("picture resized to", resized.description))
        rows.append(("a byte of 128 becomes", Self.grey(profile).digits(4)))
        let scaled = box.scaled(
            x: Float(resized.width) / Float(size.width), y: Float(resized.height) / Float(size.height))
        rows.append(("right edge, resized", scaled.x2.digits(3)))

        let shapes = AnchorShapes(sizes: [32], aspectRatios: [0.5], conventions: conventions.anchors)
        rows.append(
            ("anchor, size 32, 1:2", "±\(shapes.boxes[0].x2.digits(2)) ±\(shapes.boxes[0].y2.digits(2))"))
        let padded = conventions.input.paddedSize(of: resized, settings: profile.settings.input)
        let coarsest = PixelSize(
            height: (padded.height / 32 + 1) / 2, width: (padded.width / 32 + 1) / 2)
        let grid = AnchorGrid(
            shapes: shapes, size: coarsest, nominalStride: 64, padded: padded,
            conventions: conventions.anchors)
        rows.append(("p6: anchors apart", "\(grid.horizontalStride) × \(grid.verticalStride)"))

        let maps = (2...5).map { Tensor(shape: [padded.height >> $0, padded.width >> $0, 1]) }
        let pooled = PooledMaps(maps, firstLevel: 2, size: resized, conventions: conventions.pooling)
        let level = pooled.level(of: scaled)
        rows.append(("pools from", "p\(level)"))
        if case .align(let align) = conventions.pooling.layer.layer(outputSize: 7) {
            let map = maps[level - 2].shape
            let samples = align.samples(
                of: scaled, scale: pooled.scales[level - 2],
                mapSize: PixelSize(height: map[0], width: map[1]), row: 0, column: 0)
            let down = Set(samples.map(\.y)).count
            rows.append(("samples a bin", "\(samples.count / max(down, 1)) × \(down)"))
            let mean = samples.map(\.x).reduce(0, +) / Float(max(samples.count, 1))
            // The value at index i is located at (i + ½) strides.
            let place = (mean + 0.5) / pooled.scales[level - 2]
            let right = scaled.x1 + scaled.width / 14
            rows.append(("first bin read at x", place.digits(2)))
            rows.append(("its middle is at", right.digits(2)))
        } else if case .crop(let crop) = conventions.pooling.layer.layer(outputSize: 7) {
            let scale = pooled.scales[level - 2]
            rows.append(("samples a bin", "1 × 1"))
            // Its outermost positions lie on the first and the last pixel.
            let place = crop.coordinates(from: scaled.x1, to: scaled.x2, scale: scale)[0] / scale
            rows.append(("first bin read at x", place.digits(2)))
            rows.append(("its middle is at", (scaled.x1 + scaled.width / 14).digits(2)))
        }
        let pasted = conventions.output.roundsBoxes ? box.rounded : box
        let ones = [Float](repeating: 1, count: 28 * 28)
        let mask = ones.withUnsafeBufferPointer {
            pasteMask(
                $0, side: 28, box: pasted, imageSize: size, threshold: profile.settings.masks.threshold,
                conventions: conventions.output)
        }
        let set = mask.bounds
        rows.append(("mask's columns", "\(set.x) … \(set.x + set.width - 1)"))
        rows.append(("mask's rows", "\(set.y) … \(set.y + set.height - 1)"))
        rows.append(("mask's pixels", "\(mask.area)"))
        rows.append(("keypoint score", conventions.output.keypointScore.rawValue))
    }

    /// The first channel of a grey image after normalisation.
    private static func grey(_ profile: Profile) -> Float {
        let picture = Image(width: 32, height: 32, pixels: Array(repeating: 128, count: 32 * 32 * 3))
        let tensor = NetworkInput(
            picture, conventions: profile.conventions.input,
            settings: Settings.Input(minimumSide: 32, maximumSide: 32)
        ).tensor
        return tensor[tensor.shape[0] / 2, tensor.shape[1] / 2, 0]
    }

}
