import Drawing
import Geometry
import Tensors

/// An image on which objects are painted one over the other, with a record of which object is visible at each pixel.
struct ScenePainter {
    private(set) var picture: Image
    let size: PixelSize
    /// The number of the object visible at each pixel, from 1; 0 for the background.
    private(set) var owners: [UInt8]
    /// The number of pixels of each object, in total and visible.
    private(set) var areas: [(whole: Int, visible: Int)] = []
    /// The box around all pixels of each object, visible or not.
    private var regions: [PixelRegion] = []

    init(background: Image) {
        picture = background
        size = PixelSize(height: background.height, width: background.width)
        owners = [UInt8](repeating: 0, count: size.height * size.width)
    }

    /// Whether an object may be painted: enough of it and of each earlier object would remain visible.
    func hasRoom(for coverage: Coverage, _ difficulty: SceneDifficulty) -> Bool {
        var covered = [Int](repeating: 0, count: areas.count + 1)
        owners.withUnsafeBufferPointer { owners in
            covered.withUnsafeMutableBufferPointer { covered in
                coverage.forEachPixel(in: size) { pixel, _, opacity in
                    if opacity >= Coverage.half { covered[Int(owners[pixel])] += 1 }
                }
            }
        }
        func isEnough(_ visible: Int, of whole: Int) -> Bool {
            visible >= difficulty.minimumVisiblePixels
                && Double(visible) >= difficulty.minimumVisibleShare * Double(whole)
        }
        guard isEnough(covered.reduce(0, +), of: coverage.area) else { return false }
        return areas.indices.allSatisfy { object in
            covered[object + 1] == 0
                || isEnough(areas[object].visible - covered[object + 1], of: areas[object].whole)
        }
    }

    /// Whether the intersection of an object's box with that of any earlier object is at most a twentieth of the
    /// smaller box.
    func isApart(_ coverage: Coverage) -> Bool {
        regions.allSatisfy { region in
            let shared = region.intersection(with: coverage.region)
            let smaller = min(region.width * region.height, coverage.region.width * coverage.region.height)
            return 20 * shared.width * shared.height <= smaller
        }
    }

    /// The number of the object visible at a pixel, 0 for the background; `nil` outside the image.
    func owner(row: Int, column: Int) -> Int? {
        guard row >= 0, row < size.height, column >= 0, column < size.width else { return nil }
        return Int(owners[row * size.width + column])
    }

    /// Whether any pixel of an object is visible in the square of side `2 · reach + 1` around a pixel.
    func isSeen(_ number: Int, nearRow row: Int, column: Int, reach: Int) -> Bool {
        (row - reach...row + reach).contains { row in
            (column - reach...column + reach).contains { owner(row: row, column: $0) == number }
        }
    }

    /// A sample of about a hundred colours of the image just outside an object.
    func surroundings(of coverage: Coverage) -> [OKLab] {
        let region = coverage.region
        var pixels: [Int] = []
        func isOutside(_ row: Int, _ column: Int) -> Bool {
            guard row >= 0, row < region.height, column >= 0, column < region.width else { return true }
            return coverage.opacities[row * region.width + column] < Coverage.half
        }
        // The pixels two rows or columns from an edge pixel, outside the object.
        for row in 0..<region.height {
            for column in 0..<region.width where !isOutside(row, column) {
                for (dy, dx) in [(0, 1), (1, 0), (0, -1), (-1, 0)]
                where isOutside(row + dy, column + dx) && isOutside(row + 2 * dy, column + 2 * dx) {
                    let (y, x) = (region.y + row + 2 * dy, region.x + column + 2 * dx)
                    if y >= 0, y < size.height, x >= 0, x < size.width { pixels.append(y * size.width + x) }
                }
            }
        }
        let step = max(pixels.count / 80, 1)
        return stride(from: 0, to: pixels.count, by: step).map { index in
            let byte = 3 * pixels[index]
            func component(_ channel: Int) -> Double { Double(picture.pixels[byte + channel]) / 255 }
            return OKLab(Color(red: component(0), green: component(1), blue: component(2)))
        }
    }

    /// Paints an object. `colors` has four bytes per value of the coverage: red, green, blue and one that is ignored.
    mutating func paint(_ coverage: Coverage, colors: [UInt8]) {
        let number = UInt8(areas.count + 1)
        var visible = 0
        var lost = [Int](repeating: 0, count: areas.count + 1)
        picture.pixels.withUnsafeMutableBufferPointer { pixels in
            owners.withUnsafeMutableBufferPointer { owners in
                coverage.forEachPixel(in: size) { pixel, index, opacity in
                    for channel in 0..<3 {
                        let (old, new) = (Int(pixels[3 * pixel + channel]), Int(colors[4 * index + channel]))
                        let mixed = old * (255 - Int(opacity)) + new * Int(opacity)
                        pixels[3 * pixel + channel] = UInt8((mixed + 127) / 255)
                    }
                    if opacity >= Coverage.half {
                        lost[Int(owners[pixel])] += 1
                        owners[pixel] = number
                        visible += 1
                    }
                }
            }
        }
        for object in areas.indices { areas[object].visible -= lost[object + 1] }
        areas.append((coverage.area, visible))
        regions.append(coverage.region)
    }

    /// Darkens the image by a shadow, a blurred coverage; `strength` is from 0 to 1.
    mutating func darken(_ shadow: Coverage, by strength: Double) {
        let factor = Int(strength * 256)
        picture.pixels.withUnsafeMutableBufferPointer { pixels in
            shadow.forEachPixel(in: size) { pixel, _, opacity in
                let kept = 65_280 - Int(opacity) * factor
                for channel in 0..<3 {
                    pixels[3 * pixel + channel] = UInt8(Int(pixels[3 * pixel + channel]) * kept / 65_280)
                }
            }
        }
    }

    /// The mask of each object's visible pixels.
    func masks() -> [InstanceMask] {
        var bounds = [(left: Int, right: Int, top: Int, bottom: Int)](
            repeating: (Int.max, 0, Int.max, 0), count: areas.count)
        for row in 0..<size.height {
            for column in 0..<size.width {
                let owner = Int(owners[row * size.width + column])
                guard owner > 0 else { continue }
                let old = bounds[owner - 1]
                bounds[owner - 1] = (
                    min(old.left, column), max(old.right, column + 1), min(old.top, row), row + 1
                )
            }
        }
        return areas.indices.map { object in
            let (left, right, top, bottom) = bounds[object]
            guard left < right else { return InstanceMask(imageSize: size, region: .empty, bits: []) }
            let region = PixelRegion(x: left, y: top, width: right - left, height: bottom - top)
            let bits = [UInt8](unsafeUninitializedCapacity: region.width * region.height) { bits, count in
                for row in 0..<region.height {
                    let start = (top + row) * size.width + left
                    for column in 0..<region.width {
                        bits[row * region.width + column] = Int(owners[start + column]) == object + 1 ? 1 : 0
                    }
                }
                count = region.width * region.height
            }
            return InstanceMask(imageSize: size, region: region, bits: bits)
        }
    }
}

extension Coverage {
    /// A soft shadow of this shape: shifted, and blurred by two passes of a box filter of `2 · radius + 1` pixels along
    /// each axis.
    func shadow(x: Int, y: Int, radius: Int) -> Coverage {
        let margin = 2 * radius
        let (width, height) = (region.width + 2 * margin, region.height + 2 * margin)
        var plane = [UInt8](repeating: 0, count: width * height)
        for row in 0..<region.height {
            for column in 0..<region.width {
                plane[(row + margin) * width + column + margin] = opacities[row * region.width + column]
            }
        }
        for _ in 0..<2 {
            plane = boxBlurred(plane, lines: height, length: width, lineStep: width, step: 1, radius: radius)
            plane = boxBlurred(plane, lines: width, length: height, lineStep: 1, step: width, radius: radius)
        }
        return Coverage(
            region: PixelRegion(
                x: region.x - margin + x, y: region.y - margin + y, width: width, height: height),
            opacities: plane, area: area)
    }

    private init(region: PixelRegion, opacities: [UInt8], area: Int) {
        self.region = region
        self.opacities = opacities
        self.area = area
    }
}

/// Means of `2 · radius + 1` values along the lines of a plane, which is 0 beyond its border.
private func boxBlurred(
    _ plane: [UInt8], lines: Int, length: Int, lineStep: Int, step: Int, radius: Int
) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: plane.count) { blurred, count in
        plane.withUnsafeBufferPointer { plane in
            let window = 2 * radius + 1
            for line in 0..<lines {
                var sum = 0
                for index in 0..<length + radius {
                    if index < length { sum += Int(plane[line * lineStep + index * step]) }
                    if index >= window { sum -= Int(plane[line * lineStep + (index - window) * step]) }
                    if index >= radius {
                        blurred[line * lineStep + (index - radius) * step] = UInt8(sum / window)
                    }
                }
            }
        }
        count = plane.count
    }
}
