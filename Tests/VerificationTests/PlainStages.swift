import Foundation
import Geometry
import Inference
import Tensors
import Verification

// Stages in plain loops and Double, written from their definitions and not from this project's code, each with
// the ways in which it may go wrong. What the faults are planted with.

/// A feature map, channels last.
struct PlainMap {
    let values: [Float]
    let height: Int, width: Int, channels: Int

    init(_ map: Tensor) {
        values = map.array
        (height, width, channels) = (map.shape[0], map.shape[1], map.shape[2])
    }

    func value(_ y: Int, _ x: Int, _ channel: Int) -> Double {
        Double(values[(y * width + x) * channels + channel])
    }

    /// Interpolated, with the border's value up to one position outside and 0 beyond.
    func interpolated(_ y: Double, _ x: Double, _ channel: Int) -> Double {
        if y < -1 || y > Double(height) || x < -1 || x > Double(width) { return 0 }
        let v = min(max(y, 0), Double(height - 1)), u = min(max(x, 0), Double(width - 1))
        let top = Int(v), left = Int(u)
        let bottom = min(top + 1, height - 1), right = min(left + 1, width - 1)
        let (b, r) = (v - Double(top), u - Double(left))
        return value(top, left, channel) * (1 - b) * (1 - r) + value(top, right, channel) * (1 - b) * r
            + value(bottom, left, channel) * b * (1 - r) + value(bottom, right, channel) * b * r
    }
}

/// A box in Double.
struct PlainBox {
    var x1: Double, y1: Double, x2: Double, y2: Double

    init(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
        (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
    }

    init(_ box: Box) { self.init(Double(box.x1), Double(box.y1), Double(box.x2), Double(box.y2)) }

    var numbers: [Double] { [x1, y1, x2, y2] }

    func clipped(height: Int, width: Int) -> PlainBox {
        func clip(_ value: Double, _ limit: Int) -> Double { min(max(value, 0), Double(limit)) }
        return PlainBox(clip(x1, width), clip(y1, height), clip(x2, width), clip(y2, height))
    }

    /// Overlap, of boxes whose far edges are `extra` pixels further out.
    func overlap(_ other: PlainBox, extra: Double) -> Double {
        let width = min(x2, other.x2) - max(x1, other.x1) + extra
        let height = min(y2, other.y2) - max(y1, other.y1) + extra
        let shared = max(width, 0) * max(height, 0)
        func area(_ box: PlainBox) -> Double { (box.x2 - box.x1 + extra) * (box.y2 - box.y1 + extra) }
        return shared / (area(self) + area(other) - shared)
    }
}

// MARK: - Input

/// The network's input from bytes: bilinear, each channel's bytes turned into values first.
func plainInput(
    _ image: Image, height: Int, width: Int, padded: (height: Int, width: Int),
    place: (_ index: Int, _ count: Int, _ newCount: Int) -> Double, value: (_ byte: Double, Int) -> Double
) -> ContractTensor {
    var result = [Double](repeating: 0, count: 3 * padded.height * padded.width)
    for channel in 0..<3 {
        for y in 0..<height {
            let v = min(max(place(y, image.height, height), 0), Double(image.height - 1))
            for x in 0..<width {
                let u = min(max(place(x, image.width, width), 0), Double(image.width - 1))
                func pixel(_ row: Int, _ column: Int) -> Double {
                    let (row, column) = (min(row, image.height - 1), min(column, image.width - 1))
                    return value(
                        Double(image.pixels[(row * image.width + column) * 3 + channel]), channel)
                }
                let (top, left) = (Int(v), Int(u))
                let (b, r) = (v - Double(top), u - Double(left))
                result[(channel * padded.height + y) * padded.width + x] =
                    pixel(top, left) * (1 - b) * (1 - r) + pixel(top, left + 1) * (1 - b) * r
                    + pixel(top + 1, left) * b * (1 - r) + pixel(top + 1, left + 1) * b * r
            }
        }
    }
    return contract([3, padded.height, padded.width], result)
}

// MARK: - Pooling

/// The ways to pool one bin.
enum PlainPooling {
    /// Samples along an axis of a bin (nil: as many as it is long) and what is subtracted from coordinates.
    case align(samples: Int?, offset: Double)
    case pool
    case crop
}

/// What each region pools, `[regions, channels, size, size]`.
func plainPooled(
    _ maps: [PlainMap], boxes: [Box], levels: [Int], size: Int, scaled factor: Double = 1,
    by layer: PlainPooling
) -> ContractTensor {
    let channels = maps[0].channels
    var result = [Double](repeating: 0, count: boxes.count * channels * size * size)
    for (index, box) in boxes.enumerated() {
        let map = maps[levels[index] - 2]
        let scale = factor / Double(1 << levels[index])
        func put(_ row: Int, _ column: Int, _ channel: Int, _ value: Double) {
            result[((index * channels + channel) * size + row) * size + column] = value
        }
        let (x1, y1) = (Double(box.x1) * scale, Double(box.y1) * scale)
        let (x2, y2) = (Double(box.x2) * scale, Double(box.y2) * scale)
        switch layer {
        case .align(let samples, let offset):
            let (left, top) = (x1 - offset, y1 - offset)
            var (width, height) = (x2 - x1, y2 - y1)
            if offset == 0 { (width, height) = (max(width, 1), max(height, 1)) }
            let (binWidth, binHeight) = (width / Double(size), height / Double(size))
            let rows = samples ?? Int(binHeight.rounded(.up)), columns = samples ?? Int(binWidth.rounded(.up))
            for row in 0..<size {
                for column in 0..<size {
                    for channel in 0..<channels {
                        var sum = 0.0
                        for i in 0..<rows {
                            let y = top + (Double(row) + (Double(i) + 0.5) / Double(rows)) * binHeight
                            for j in 0..<columns {
                                let x =
                                    left + (Double(column) + (Double(j) + 0.5) / Double(columns)) * binWidth
                                sum += map.interpolated(y, x, channel)
                            }
                        }
                        put(row, column, channel, sum / Double(max(rows * columns, 1)))
                    }
                }
            }
        case .pool:
            func whole(_ value: Double) -> Int { Int((value + 0.5).rounded(.down)) }
            let (left, top) = (whole(x1), whole(y1))
            let width = Double(max(whole(x2) - left + 1, 1)), height = Double(max(whole(y2) - top + 1, 1))
            for row in 0..<size {
                let ys = plainBin(row, of: size, from: top, length: height, limit: map.height)
                for column in 0..<size {
                    let xs = plainBin(column, of: size, from: left, length: width, limit: map.width)
                    for channel in 0..<channels {
                        let values = ys.flatMap { y in xs.map { map.value(y, $0, channel) } }
                        put(row, column, channel, values.max() ?? 0)
                    }
                }
            }
        case .crop:
            for row in 0..<size {
                let y = y1 + Double(row) * (y2 - y1) / Double(size - 1)
                for column in 0..<size {
                    let x = x1 + Double(column) * (x2 - x1) / Double(size - 1)
                    let isInside =
                        y >= 0 && y <= Double(map.height - 1) && x >= 0 && x <= Double(map.width - 1)
                    for channel in 0..<channels where isInside {
                        put(row, column, channel, map.interpolated(y, x, channel))
                    }
                }
            }
        }
    }
    return contract([boxes.count, channels, size, size], result)
}

private func plainBin(_ bin: Int, of size: Int, from start: Int, length: Double, limit: Int) -> [Int] {
    let first = start + Int((Double(bin) * length / Double(size)).rounded(.down))
    let last = start + Int((Double(bin + 1) * length / Double(size)).rounded(.up))
    return (first..<max(first, last)).filter { $0 >= 0 && $0 < limit }
}

/// The level by size: ⌊4 + log₂(side / 224)⌋ or that rounded to the nearest, from 2 to 5.
func plainLevel(_ box: Box, rounded: Bool) -> Int {
    let side = (Double(box.x2 - box.x1) * Double(box.y2 - box.y1)).squareRoot()
    let level = 4 + log2(side / 224)
    return Int(min(max(rounded ? level.rounded(.toNearestOrEven) : (level + 1e-6).rounded(.down), 2), 5))
}

// MARK: - Boxes

/// How deltas become boxes, and how that may go wrong.
struct PlainDecoding {
    var weights = (10.0, 5.0)
    var limit: Double? = log(1000.0 / 16)
    /// 1 for boxes whose far edges are pixels.
    var extra = 0.0
    var clips = true
    var swapsDeltas = false

    func callAsFunction(_ deltas: ArraySlice<Float>, _ reference: Box, height: Int, width: Int) -> PlainBox {
        let d = deltas.map { Double($0) }
        let (dx, dy, dw, dh) = swapsDeltas ? (d[1], d[0], d[3], d[2]) : (d[0], d[1], d[2], d[3])
        func axis(_ low: Float, _ high: Float, _ shift: Double, _ logarithm: Double) -> (Double, Double) {
            let size = Double(high) - Double(low) + extra
            let centre = Double(low) + size / 2 + shift / weights.0 * size
            let growth = min(logarithm / weights.1, limit ?? .infinity)
            let newSize = size * exp(growth)
            return (centre - newSize / 2, centre + newSize / 2 - extra)
        }
        let (x1, x2) = axis(reference.x1, reference.x2, dx, dw)
        let (y1, y2) = axis(reference.y1, reference.y2, dy, dh)
        let box = PlainBox(x1, y1, x2, y2)
        return clips ? box.clipped(height: height, width: width) : box
    }
}

/// Indices of the boxes that suppression leaves, best first; boxes of different groups leave each other alone.
func plainSuppression(
    _ boxes: [PlainBox], _ scores: [Float], groups: [Int], threshold: Double, extra: Double = 0
) -> [Int] {
    var kept: [Int] = []
    let order = boxes.indices.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
    for index in order {
        let isFree = kept.allSatisfy {
            groups[$0] != groups[index] || boxes[$0].overlap(boxes[index], extra: extra) <= threshold
        }
        if isFree { kept.append(index) }
    }
    return kept
}

// MARK: - Masks

/// Masks pasted onto their boxes: each pixel reads the map at its own place, `half` further to the lower right,
/// and is set if that is at least (or, `isStrict`, more than) one half.
func plainMasks(
    _ probabilities: [Float], side: Int, boxes: [Box], height: Int, width: Int, half: Double = 0.5,
    isStrict: Bool = false
) -> ContractTensor {
    var bytes = [UInt8](repeating: 0, count: boxes.count * height * width)
    for (index, box) in boxes.enumerated() {
        func value(_ row: Int, _ column: Int) -> Double {
            (0..<side).contains(row) && (0..<side).contains(column)
                ? Double(probabilities[(index * side + row) * side + column]) : 0
        }
        let box = PlainBox(box)
        for y in 0..<height {
            let v = (Double(y) + half - box.y1) / (box.y2 - box.y1) * Double(side) - 0.5
            guard v > -1 && v < Double(side) else { continue }
            for x in 0..<width {
                let u = (Double(x) + half - box.x1) / (box.x2 - box.x1) * Double(side) - 0.5
                guard u > -1 && u < Double(side) else { continue }
                let (top, left) = (Int(v.rounded(.down)), Int(u.rounded(.down)))
                let (b, r) = (v - Double(top), u - Double(left))
                let read =
                    value(top, left) * (1 - b) * (1 - r) + value(top, left + 1) * (1 - b) * r
                    + value(top + 1, left) * b * (1 - r) + value(top + 1, left + 1) * b * r
                // Rounded to the precision in which the others compare.
                if isStrict ? Float(read) > 0.5 : Float(read) >= 0.5 {
                    bytes[(index * height + y) * width + x] = 1
                }
            }
        }
    }
    return ContractTensor(shape: [boxes.count, height, width], elements: .bytes(bytes))
}
