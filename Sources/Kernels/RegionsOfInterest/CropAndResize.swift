import Geometry
import Tensors

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
    public var outputSize: Int

    /// A layer of the given size.
    public init(outputSize: Int) {
        precondition(outputSize > 0)
        self.outputSize = outputSize
    }

    /// Where the points of one axis lie, in positions of the map.
    ///
    /// - Parameters:
    ///   - start: the box's left or upper edge, in pixels of the network's input.
    ///   - end: the right or lower edge.
    ///   - scale: map positions a pixel.
    public func places(from start: Float, to end: Float, scale: Float) -> [Float] {
        guard outputSize > 1 else { return [0.5 * (start + end) * scale] }
        let step = (end - start) * scale / Float(outputSize - 1)
        return (0..<outputSize).map { start * scale + Float($0) * step }
    }

    func pool(_ map: MapView, _ box: Box, scale: Float, into output: UnsafeMutablePointer<Float>) {
        forEachPoint(of: box, scale: scale, in: map) { point, tap in
            forEachLane(
                of: map.channels,
                Interpolation(map: map.start, tap: tap, output: output + point * map.channels))
        }
    }

    func pull(_ pullback: RoIPullback) {
        let map = pullback.map
        let size = outputSize
        pullback.output.update(repeating: 0, count: map.height * map.width * map.channels)
        parallelChannelBlocks(maps: 1, channels: map.channels) { _, channels in
            for region in pullback.regions {
                forEachPoint(of: region.box, scale: pullback.scale, in: map) { point, tap in
                    guard let tap else { return }
                    let place = (region.index * size * size + point) * map.channels + channels.lowerBound
                    forEachLane(
                        of: channels.count,
                        GradientToNeighbours(
                            gradient: pullback.gradient + place, tap: tap,
                            result: pullback.output + channels.lowerBound))
                }
            }
        }
    }

    /// Calls `body` with each point in row-major order, and its neighbours if it lies on the map.
    private func forEachPoint(
        of box: Box, scale: Float, in map: MapView, _ body: (_ point: Int, Tap?) -> Void
    ) {
        let rows = places(from: box.y1, to: box.y2, scale: scale).map {
            AxisSample(betweenPositions: $0, length: map.height)
        }
        let columns = places(from: box.x1, to: box.x2, scale: scale).map {
            AxisSample(betweenPositions: $0, length: map.width)
        }
        for (row, y) in rows.enumerated() {
            for (column, x) in columns.enumerated() {
                body(row * outputSize + column, y.isInside && x.isInside ? Tap(y, x, in: map) : nil)
            }
        }
    }
}

extension AxisSample {
    /// A place that counts only between the first and the last position of an axis.
    fileprivate init(betweenPositions place: Float, length: Int) {
        self.init(place >= 0 && place <= Float(length - 1) ? place : .nan, length: length)
    }
}

private struct Interpolation: LaneBody {
    let map: UnsafePointer<Float>
    let tap: Tap?
    let output: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        let value: L = tap?.sample(map + channel) ?? L(repeating: 0)
        value.store(to: output + channel)
    }
}

private struct GradientToNeighbours: LaneBody {
    let gradient: UnsafePointer<Float>
    let tap: Tap
    let result: UnsafeMutablePointer<Float>

    @inline(__always)
    func callAsFunction<L: Lane>(_: L.Type, at channel: Int) {
        tap.add(L(loading: gradient + channel), to: result + channel)
    }
}
