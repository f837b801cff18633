#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A colour in sRGB, with opacity. Components run from 0 to 1.
package struct Color: Sendable, Equatable {
    /// The red component, gamma-encoded as in an image's bytes.
    package var red: Double
    /// The green component.
    package var green: Double
    /// The blue component.
    package var blue: Double
    /// 0 is invisible, 1 hides what is below.
    package var opacity: Double

    /// A colour of the given components, from 0 to 1.
    package init(red: Double, green: Double, blue: Double, opacity: Double = 1) {
        self.red = red
        self.green = green
        self.blue = blue
        self.opacity = opacity
    }

    /// An opaque colour written as on the web: `0xRRGGBB`.
    package init(hex: UInt32) {
        func component(_ shift: UInt32) -> Double { Double(hex >> shift & 0xff) / 255 }
        self.init(red: component(16), green: component(8), blue: component(0))
    }

    /// Black.
    package static let black = Color(hex: 0x000000)
    /// White.
    package static let white = Color(hex: 0xffffff)

    /// The same colour, with another opacity.
    package func withOpacity(_ opacity: Double) -> Color {
        Color(red: red, green: green, blue: blue, opacity: opacity)
    }

    /// The three components as bytes, rounded; the opacity is left out.
    package var bytes: (red: UInt8, green: UInt8, blue: UInt8) {
        func byte(_ component: Double) -> UInt8 { UInt8((min(max(component, 0), 1) * 255).rounded()) }
        return (byte(red), byte(green), byte(blue))
    }

    /// The relative luminance, from 0 for black to 1 for white (WCAG 2.2); the opacity is left out.
    package var luminance: Double {
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// Black or white, whichever reads better on this colour: the one with the larger contrast ratio
    /// (WCAG 2.2, relative luminance).
    package var ink: Color {
        (luminance + 0.05) * (luminance + 0.05) > 0.05 * 1.05 ? .black : .white
    }
}

/// A colour in OKLab (Björn Ottosson, *A perceptual color space for image processing*, 2020): equal
/// distances look about equally far apart.
package struct OKLab: Equatable {
    /// From 0, black, to 1, white.
    package var lightness: Double
    /// From green to red.
    package var a: Double
    /// From blue to yellow.
    package var b: Double

    package init(lightness: Double, a: Double, b: Double) {
        self.lightness = lightness
        self.a = a
        self.b = b
    }

    /// A colour by its hue, in degrees, and its chroma, the distance from grey.
    package init(lightness: Double, chroma: Double, hue: Double) {
        let angle = hue * .pi / 180
        self.init(lightness: lightness, a: chroma * cos(angle), b: chroma * sin(angle))
    }

    package init(_ color: Color) {
        let (red, green, blue) = (linear(color.red), linear(color.green), linear(color.blue))
        let long = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
        let middle = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
        let short = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
        lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
        a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
        b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    }

    /// The same colour in sRGB; what sRGB cannot show is clipped.
    package var color: Color {
        func cubed(_ value: Double) -> Double { value * value * value }
        let long = cubed(lightness + 0.3963377774 * a + 0.2158037573 * b)
        let middle = cubed(lightness - 0.1055613458 * a - 0.0638541728 * b)
        let short = cubed(lightness - 0.0894841775 * a - 1.2914855480 * b)
        return Color(
            red: encoded(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
            green: encoded(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
            blue: encoded(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short))
    }

    /// The distance from grey.
    package var chroma: Double { (a * a + b * b).squareRoot() }

    /// The angle in degrees, from red over yellow to green and blue.
    package var hue: Double { atan2(b, a) * 180 / .pi }

    /// How different two colours look.
    package func distance(to other: OKLab) -> Double {
        let (dl, da, db) = (lightness - other.lightness, a - other.a, b - other.b)
        return (dl * dl + da * da + db * db).squareRoot()
    }
}

/// The light that an sRGB component stands for (IEC 61966-2-1).
private func linear(_ component: Double) -> Double {
    component <= 0.04045 ? component / 12.92 : pow((component + 0.055) / 1.055, 2.4)
}

/// The sRGB component for an amount of light, clipped to 0…1.
private func encoded(_ light: Double) -> Double {
    let light = min(max(light, 0), 1)
    return light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
}
