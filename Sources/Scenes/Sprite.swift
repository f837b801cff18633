import Drawing
import Geometry

/// An object drawn by itself on a transparent background.
struct Sprite {
    /// The region of its pixels in the image; may extend beyond the image's borders.
    var region: PixelRegion
    /// The drawing, with the region's size.
    let drawing: TranslucentImage

    /// Draws a subject with its origin at the upper left corner of pixel (0, 0).
    init(_ subject: any Subject, colors: ColorScheme, light: Light) throws {
        try self.init(subject.bounds) { subject.draw(on: $0, colors: colors, light: light) }
    }

    /// Draws a silhouette that covers the same pixels.
    init(coverageOf subject: any Subject) throws {
        try self.init(subject.bounds) { subject.drawCoverage(on: $0) }
    }

    private init(_ bounds: Rectangle, draw: (Canvas) -> Void) throws {
        let (left, top) = (Int(bounds.x.rounded(.down)), Int(bounds.y.rounded(.down)))
        region = PixelRegion(
            x: left, y: top, width: Int(bounds.maxX.rounded(.up)) - left,
            height: Int(bounds.maxY.rounded(.up)) - top)
        let (width, height) = (Double(region.width), Double(region.height))
        drawing = try withoutActuallyEscaping(draw) { draw in
            try Figure(width: width, height: height) { canvas in
                canvas.withOrigin(at: Point(x: Double(-left), y: Double(-top))) { draw(canvas) }
            }.translucentImage()
        }
    }
}

/// The pixels that an object covers, with opacities.
struct Coverage {
    /// The region of the pixels in the image; may extend beyond the image's borders.
    var region: PixelRegion
    /// Opacities from 0 to 255, row by row.
    let opacities: [UInt8]
    /// The number of pixels that are covered by at least half, inside the image or not.
    let area: Int

    /// A pixel with at least this opacity belongs to the object.
    static let half: UInt8 = 128

    /// The coverage of a sprite, cropped to its non-transparent rows and columns.
    init(_ sprite: Sprite) {
        let full = sprite.region
        let all = stride(from: 3, to: sprite.drawing.pixels.count, by: 4).map { sprite.drawing.pixels[$0] }
        var left = full.width, right = 0, top = full.height, bottom = 0
        for row in 0..<full.height {
            for column in 0..<full.width where all[row * full.width + column] != 0 {
                left = min(left, column)
                right = max(right, column + 1)
                top = min(top, row)
                bottom = row + 1
            }
        }
        guard left < right else {
            (region, opacities, area) = (.empty, [], 0)
            return
        }
        region = PixelRegion(x: full.x + left, y: full.y + top, width: right - left, height: bottom - top)
        opacities = (top..<bottom).flatMap { row in
            all[row * full.width + left..<row * full.width + right]
        }
        area = opacities.reduce(0) { $0 + ($1 >= Self.half ? 1 : 0) }
    }

    /// The same coverage, moved by whole pixels.
    func moved(x: Int, y: Int) -> Coverage {
        var moved = self
        moved.region.x += x
        moved.region.y += y
        return moved
    }

    /// Calls `body` for each covered pixel inside the image, with its index in the image, its index in the coverage,
    /// and its opacity.
    @inline(__always)
    func forEachPixel(in size: PixelSize, _ body: (_ pixel: Int, _ index: Int, _ opacity: UInt8) -> Void) {
        let whole = PixelRegion(x: 0, y: 0, width: size.width, height: size.height)
        let shared = region.intersection(with: whole)
        opacities.withUnsafeBufferPointer { opacities in
            for row in shared.y..<shared.y + shared.height {
                let start = (row - region.y) * region.width - region.x
                for column in shared.x..<shared.x + shared.width where opacities[start + column] != 0 {
                    body(row * size.width + column, start + column, opacities[start + column])
                }
            }
        }
    }
}
