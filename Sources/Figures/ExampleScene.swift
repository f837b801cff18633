import Tensors

/// The picture that commands look at when they are given none: 640×480 pixels of a meadow with a person, a
/// ball, a swimming ring, a crate, a tent, a striped pole, a kite, and small trees far away.
///
/// Its shapes are those that a detector has to tell apart: round and angular, thin, jointed, with a hole; large
/// and small; some in front of others. It is the same, pixel by pixel, each time.
/// - Throws: ``FigureError`` when Cairo could not draw it.
public func exampleScene() throws -> Image {
    try Figure(width: 640, height: 480) { canvas in
        drawLandscape(on: canvas)
        drawTent(on: canvas)
        drawKite(on: canvas)
        drawCrate(on: canvas)
        drawPole(on: canvas)
        drawPerson(on: canvas)
        drawBall(on: canvas, at: Point(x: 408, y: 366), radius: 50, Color(hex: 0xd8432b))
        drawRing(on: canvas, at: Point(x: 506, y: 398), radius: 46)
        drawBall(on: canvas, at: Point(x: 196, y: 431), radius: 19, Color(hex: 0x7a4fb5))
        drawTexture(on: canvas)
    }.image()
}

// MARK: - Background

private func drawLandscape(on canvas: Canvas) {
    let horizon = 262.0
    for row in 0..<Int(canvas.height) {
        let y = Double(row)
        let color =
            y < horizon
            ? mixed(Color(hex: 0x6fb1e4), Color(hex: 0xe4f1f7), y / horizon)
            : mixed(Color(hex: 0x9fb768), Color(hex: 0x5b8338), (y - horizon) / (canvas.height - horizon))
        canvas.fill(Rectangle(x: 0, y: y, width: canvas.width, height: 1), color)
    }
    let sky = Rectangle(x: 0, y: 0, width: canvas.width, height: horizon)
    canvas.clipped(to: sky) {
        for (x, y, radius) in [
            (330.0, 62.0, 20.0), (356, 52, 27), (388, 62, 21), (528, 108, 15), (550, 102, 20),
        ] {
            canvas.fill(circleAt: Point(x: x, y: y), radius: radius, Color(hex: 0xf3f7fa))
        }
        canvas.fill(circleAt: Point(x: 60, y: 620), radius: 420, Color(hex: 0x8fae93))
        canvas.fill(circleAt: Point(x: 540, y: 830), radius: 600, Color(hex: 0x7d9f7c))
    }
    for (x, height) in [(36.0, 34.0), (318, 26), (346, 32), (626, 40)] {
        let trunk = Rectangle(x: x - 2, y: horizon + 4 - height / 3, width: 4, height: height / 3)
        canvas.fill(trunk, Color(hex: 0x5f4630))
        for (dy, radius) in [(-0.45, 0.3), (-0.75, 0.24)] {
            let crown = Point(x: x, y: horizon + 4 + dy * height)
            canvas.fill(circleAt: crown, radius: radius * height, Color(hex: 0x3f6b3a))
        }
    }
}

/// Blotches and grain over everything, so that no surface is flat.
private func drawTexture(on canvas: Canvas) {
    var generator = SeededGenerator(seed: 20, name: "example scene")
    for (cell, opacity) in [(32, 16), (7, 13), (1, 11)] {
        let (width, height) = (Int(canvas.width) / cell, Int(canvas.height) / cell)
        let pixels = (0..<width * height).flatMap { _ -> [UInt8] in
            let shade: UInt8 = generator.uniform() < 0.5 ? 0 : 255
            return [shade, shade, shade, UInt8(Double(opacity) * generator.uniform())]
        }
        let noise = TranslucentImage(width: width, height: height, pixels: pixels)
        canvas.draw(noise, in: canvas.bounds, filter: .bilinear)
    }
}

// MARK: - Objects

private func drawTent(on canvas: Canvas) {
    drawShadow(on: canvas, from: Point(x: 24, y: 345), to: Point(x: 200, y: 345), width: 12)
    let (top, left, right) = (Point(x: 106, y: 218), Point(x: 22, y: 344), Point(x: 190, y: 344))
    canvas.fill(polygon: [top, left, right], Color(hex: 0xe08a2e))
    canvas.fill(polygon: [top, Point(x: 132, y: 344), right], Color(hex: 0xc06f1d))
    canvas.fill(polygon: [top, Point(x: 86, y: 344), Point(x: 124, y: 344)], Color(hex: 0x5b3417))
}

private func drawKite(on canvas: Canvas) {
    let middle = Point(x: 482, y: 62)
    canvas.polyline(
        [middle, Point(x: 448, y: 128), Point(x: 380, y: 190), Point(x: 298, y: 223)],
        Stroke(Color(hex: 0xf4f4f4).withOpacity(0.9), width: 1.2, isRound: true))
    canvas.rotated(by: 32, about: middle) {
        for (index, hex) in [0xe2d13c, 0x2f8f6b, 0x2f8f6b, 0xe2d13c].enumerated() {
            let corner = Point(x: middle.x - Double(index % 2) * 25, y: middle.y - Double(index / 2) * 25)
            canvas.fill(Rectangle(x: corner.x, y: corner.y, width: 25, height: 25), Color(hex: UInt32(hex)))
        }
    }
}

private func drawCrate(on canvas: Canvas) {
    let crate = Rectangle(x: 438, y: 262, width: 112, height: 112)
    drawShadow(on: canvas, from: Point(x: 440, y: 375), to: Point(x: 562, y: 375), width: 12)
    canvas.fill(crate, Color(hex: 0xb98a56))
    for plank in 1..<5 {
        let y = crate.y + Double(plank) * crate.height / 5
        canvas.line(
            from: Point(x: crate.x, y: y), to: Point(x: crate.maxX, y: y),
            Stroke(Color(hex: 0x7d5a33), width: 2))
    }
    let (low, high) = (crate.inset(by: 6), Stroke(Color(hex: 0x94693a), width: 12))
    canvas.line(from: Point(x: low.x, y: low.maxY), to: Point(x: low.maxX, y: low.y), high)
    canvas.stroke(low, high)
}

/// A thin bar, red and white.
private func drawPole(on canvas: Canvas) {
    let (foot, top) = (Point(x: 606, y: 418), Point(x: 588, y: 150))
    drawShadow(on: canvas, from: Point(x: 602, y: 419), to: Point(x: 634, y: 419), width: 6)
    canvas.line(from: foot, to: top, Stroke(Color(hex: 0xf2efe6), width: 10))
    canvas.line(from: foot, to: top, Stroke(Color(hex: 0xc23b3b), width: 10, dashes: [24, 24]))
}

private func drawPerson(on canvas: Canvas) {
    let (skin, shirt, trousers) = (Color(hex: 0xc98d63), Color(hex: 0x2d6fb3), Color(hex: 0x3a3f55))
    func limb(_ points: [(Double, Double)], _ width: Double, _ color: Color) {
        let joints = points.map { Point(x: $0.0, y: $0.1) }
        canvas.polyline(joints, Stroke(color, width: width, isRound: true))
    }
    drawShadow(on: canvas, from: Point(x: 228, y: 420), to: Point(x: 322, y: 420), width: 13)
    // Hip, knee, ankle; then the shoes.
    limb([(252, 318), (238, 364), (236, 412)], 21, trousers)
    limb([(274, 318), (292, 362), (304, 410)], 21, trousers)
    limb([(234, 416), (222, 419)], 13, Color(hex: 0x2a2320))
    limb([(306, 416), (320, 418)], 13, Color(hex: 0x2a2320))
    // Shoulder, elbow, wrist: one arm raised to the kite's line, one on the hip.
    limb([(284, 236), (308, 258), (298, 224)], 14, skin)
    limb([(240, 236), (218, 270), (240, 296)], 14, skin)
    limb([(262, 226), (262, 200)], 15, skin)
    canvas.fill(
        polygon: [(234, 226), (290, 226), (283, 272), (286, 322), (240, 322), (242, 272)]
            .map { Point(x: $0.0, y: $0.1) }, shirt)
    limb([(240, 232), (284, 232)], 20, shirt)
    limb([(284, 234), (297, 247)], 18, shirt)
    limb([(240, 234), (229, 252)], 18, shirt)
    // The head, with hair, eyes and a mouth.
    canvas.fill(circleAt: Point(x: 262, y: 184), radius: 25, Color(hex: 0x4a2f1d))
    canvas.fill(circleAt: Point(x: 263, y: 190), radius: 21, skin)
    for x in [256.0, 272] { canvas.fill(circleAt: Point(x: x, y: 187), radius: 2.6, Color(hex: 0x2a2320)) }
    limb([(258, 200), (264, 202), (270, 200)], 2, Color(hex: 0x7c3b2b))
}

/// A ball, lit from the upper left.
private func drawBall(on canvas: Canvas, at center: Point, radius: Double, _ color: Color) {
    let ground = center.y + radius
    drawShadow(
        on: canvas, from: Point(x: center.x - 0.5 * radius, y: ground - 2),
        to: Point(x: center.x + 0.9 * radius, y: ground - 2), width: 0.22 * radius)
    for step in 0..<24 {
        let share = Double(step) / 23
        let shift = 0.32 * radius * share
        canvas.fill(
            circleAt: Point(x: center.x - shift, y: center.y - shift), radius: radius * (1 - 0.9 * share),
            mixed(mixed(color, .black, 0.25), mixed(color, .white, 0.55), share * share * (3 - 2 * share)))
    }
}

/// A swimming ring: what is behind it is seen through the hole.
private func drawRing(on canvas: Canvas, at center: Point, radius: Double) {
    drawShadow(
        on: canvas, from: Point(x: center.x - 18, y: center.y + radius + 13),
        to: Point(x: center.x + 40, y: center.y + radius + 13), width: 9)
    canvas.stroke(circleAt: center, radius: radius, Stroke(Color(hex: 0x14808f), width: 28))
    canvas.stroke(circleAt: center, radius: radius, Stroke(Color(hex: 0x2fb5c4), width: 22))
    // Eight patches: as many dashes and gaps as go once round.
    let dash = 2 * Double.pi * radius / 16
    canvas.stroke(circleAt: center, radius: radius, Stroke(Color(hex: 0xf6f1dc), width: 22, dashes: [dash]))
}

private func drawShadow(on canvas: Canvas, from start: Point, to end: Point, width: Double) {
    for (scale, opacity) in [(1.6, 0.12), (1, 0.18)] {
        canvas.line(
            from: start, to: end, Stroke(.black.withOpacity(opacity), width: scale * width, isRound: true))
    }
}

/// The colour that is a share of the way from one to another, in sRGB.
private func mixed(_ first: Color, _ second: Color, _ share: Double) -> Color {
    func mix(_ start: Double, _ end: Double) -> Double { start + (end - start) * share }
    return Color(
        red: mix(first.red, second.red), green: mix(first.green, second.green),
        blue: mix(first.blue, second.blue))
}
