import Tensors

/// Colours for numbers: along each map equal steps look about equally large.
package enum ColorMap: Sendable, Equatable {
    /// For unsigned values, 0 to 1: from dark violet through green to yellow, growing steadily lighter. The
    /// anchors are those of viridis (Smith and van der Walt, 2015), which reads in grey and without red–green
    /// vision.
    case sequential
    /// For signed values, −1 to 1: blue below zero, red-orange above; zero is near the background, so that
    /// what is drawn strongly is what is large.
    case diverging(Background)
    /// For signed values, −1 to 1, where grey has to tell the sign: from black through a mid grey at zero to white,
    /// with a touch of blue below and of orange above.
    case monotone

    /// The colour of a value; values beyond the map's ends take the colour of the end, NaN a mid grey.
    package func color(of value: Double) -> Color {
        if value.isNaN { return Color(hex: 0x808080) }
        return switch self {
        case .sequential: Self.viridis(min(max(value, 0), 1))
        case .diverging(let background): Self.diverging(min(max(value, -1), 1), on: background)
        case .monotone: Self.monotone(min(max(value, -1), 1))
        }
    }

    /// The picture of a matrix in row-major order, one pixel an element. `scale` is the value that takes the
    /// map's end: elements are divided by it. `values.count` must be `width · height`.
    package func image(of values: [Float], width: Int, height: Int, scale: Float) -> Image {
        precondition(values.count == width * height)
        // 511 steps: finer than eight bits can show, with a step exactly at zero.
        let table = (0...510).map { step in
            color(of: self == .sequential ? Double(step) / 510 : Double(step) / 255 - 1).bytes
        }
        let missing = color(of: .nan).bytes
        var pixels: [UInt8] = []
        pixels.reserveCapacity(3 * values.count)
        for value in values {
            let position = self == .sequential ? value / scale : (value / scale + 1) / 2
            let color = position.isNaN ? missing : table[Int((min(max(position, 0), 1) * 510).rounded())]
            pixels.append(color.red)
            pixels.append(color.green)
            pixels.append(color.blue)
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// Viridis at multiples of 1/16; between them colours are mixed evenly.
    private static let viridisAnchors: [Color] = [
        0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c,
        0x1f9f88, 0x27ad81, 0x3dbc74, 0x5cc863, 0x81d34d, 0xaadc32, 0xd5e21a, 0xfde725,
    ].map(Color.init(hex:))

    private static func viridis(_ value: Double) -> Color {
        let position = value * Double(viridisAnchors.count - 1)
        let index = min(Int(position), viridisAnchors.count - 2)
        let (low, high) = (viridisAnchors[index], viridisAnchors[index + 1])
        let share = position - Double(index)
        func mix(_ component: KeyPath<Color, Double>) -> Double {
            low[keyPath: component] * (1 - share) + high[keyPath: component] * share
        }
        return Color(red: mix(\.red), green: mix(\.green), blue: mix(\.blue))
    }

    private static func monotone(_ value: Double) -> Color {
        // Little chroma near the ends, where sRGB has no room for it.
        let chroma = 0.28 * abs(value) * (1 - abs(value))
        return OKLab(lightness: 0.58 + 0.4 * value, chroma: chroma, hue: value < 0 ? 260 : 60).color
    }

    /// Straight lines through OKLab from a neutral zero to the two ends, all of it within sRGB.
    private static func diverging(_ value: Double, on background: Background) -> Color {
        let size = abs(value)
        return switch background {
        case .light:
            OKLab(lightness: 0.97 - 0.52 * size, chroma: 0.155 * size, hue: value < 0 ? 260 : 35).color
        case .dark:
            OKLab(lightness: 0.22 + 0.58 * size, chroma: 0.10 * size, hue: value < 0 ? 255 : 50).color
        }
    }
}
