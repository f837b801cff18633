import Geometry

// TensorFlow's `crop_and_resize`, which Matterport's Mask_RCNN pools with:
//
// 1. Scale the box to the map. Nothing is rounded.
// 2. Lay outputSize × outputSize points over it, the outermost on its edges.
// 3. At each point, interpolate bilinearly between the four nearest positions of the map; a point outside the
//    map's outermost positions is 0.

/// Reads a region at one point a bin, the first and the last on the region's edges.
///
/// RoIAlign's points lie within the bins instead, so the two differ even with one sample a bin: by half a bin at
/// the region's border.
public struct CropAndResize: Hashable, Sendable {
    /// Points along each axis.
    package var outputSize: Int

    /// A layer of the given size.
    package init(outputSize: Int) {
        precondition(outputSize > 0)
        self.outputSize = outputSize
    }

    /// Where the points of one axis lie, in positions of the map.
    ///
    /// - Parameters:
    ///   - start: the box's left or upper edge, in pixels of the network's input.
    ///   - end: the right or lower edge.
    ///   - scale: map positions a pixel.
    package func coordinates(from start: Float, to end: Float, scale: Float) -> [Float] {
        guard outputSize > 1 else { return [0.5 * (start + end) * scale] }
        let step = (end - start) * scale / Float(outputSize - 1)
        return (0..<outputSize).map { start * scale + Float($0) * step }
    }

    func pool(_ map: Maps, _ box: Box, scale: Float, into output: MutableMaps, _ region: Int) {
        forEachPoint(of: box, scale: scale, in: map.sizes) { row, column, tap in
            forEachChannelVector(of: map.channels) { channels in
                output[region, row, column][channels] = tap?.sample(map, channels) ?? .zero
            }
        }
    }

    func pull(_ pullback: RoIPullback) {
        let map = pullback.map.sizes
        pullback.output.clear()
        parallelChannelBlocks(of: map) { _, block in
            for region in pullback.regions {
                forEachPoint(of: region.box, scale: pullback.scale, in: map) { row, column, tap in
                    guard let tap else { return }
                    let gradient = pullback.gradient[region.index, row, column]
                    forEachChannelVector(in: block) { channels in
                        tap.add(gradient[channels], to: pullback.output, channels)
                    }
                }
            }
        }
    }

    /// Calls `body` with each point in row-major order, and its neighbours if it lies on the map.
    private func forEachPoint(
        of box: Box, scale: Float, in map: MapSizes, _ body: (_ row: Int, _ column: Int, Tap?) -> Void
    ) {
        let rows = coordinates(from: box.y1, to: box.y2, scale: scale).map {
            AxisSample(betweenPositions: $0, length: map.height)
        }
        let columns = coordinates(from: box.x1, to: box.x2, scale: scale).map {
            AxisSample(betweenPositions: $0, length: map.width)
        }
        for (row, y) in rows.enumerated() {
            for (column, x) in columns.enumerated() {
                body(row, column, y.isInside && x.isInside ? Tap(y, x, in: map) : nil)
            }
        }
    }
}

extension AxisSample {
    /// A coordinate that counts only between the first and the last position of an axis.
    fileprivate init(betweenPositions coordinate: Float, length: Int) {
        self.init(coordinate >= 0 && coordinate <= Float(length - 1) ? coordinate : .nan, length: length)
    }
}
