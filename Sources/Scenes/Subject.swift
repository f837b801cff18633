import Drawing

/// Something to draw, about the origin of its own coordinates, which are in pixels.
protocol Subject {
    var category: SceneCategory { get }
    /// A rectangle that holds the whole drawing.
    var bounds: Rectangle { get }
    /// Draws it.
    func draw(on canvas: Canvas, colors: ColorScheme, light: Light)
    /// Draws something that covers the same pixels to the same extent, in any colours.
    func drawCoverage(on canvas: Canvas)
}

/// Where the light of a scene comes from.
struct Light {
    /// The unit vector towards the light, in the plane of the picture.
    let direction: Point
    /// How much lighter than black a lit side becomes, and how much darker a far one: opacity from 0 to 1.
    let shading: Double
    /// How dark shadows are, from 0, none, to 1.
    let shadow: Double
    /// How far shadows fall and how soft they are, in pixels.
    let shadowReach: Double

    /// For drawings of which only the coverage matters.
    static let none = Light(direction: Point(x: 0, y: -1), shading: 0, shadow: 0, shadowReach: 0)

    /// Lightens what lies towards the light from the origin, and darkens what lies on the other side.
    func shade(_ canvas: Canvas, radius: Double) {
        guard shading > 0 else { return }
        let (x, y) = (radius * direction.x, radius * direction.y)
        // Between the two is a grey that nobody sees, since it has no opacity.
        let middle = Color(red: 0.5, green: 0.5, blue: 0.5, opacity: 0)
        canvas.fill(
            .linearGradient(
                from: Point(x: x, y: y), to: Point(x: -x, y: -y),
                [.white.withOpacity(shading), middle, .black.withOpacity(shading)]))
    }
}
