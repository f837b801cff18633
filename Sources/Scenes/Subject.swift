import Drawing

/// An object that can be drawn, in its own coordinates in pixels, around the origin.
protocol Subject {
    var category: SceneCategory { get }
    /// A rectangle that contains the whole drawing.
    var bounds: Rectangle { get }
    /// Draws the object.
    func draw(on canvas: Canvas, colors: ColorScheme, light: Light)
    /// Draws a silhouette with the same coverage of each pixel, in any colour.
    func drawCoverage(on canvas: Canvas)
}

/// The lighting of a scene.
struct Light {
    /// The unit vector towards the light, in the image plane.
    let direction: Point
    /// The strength of shading: the opacity, from 0 to 1, of the highlight on the lit side and of the shade on the
    /// other.
    let shading: Double
    /// The darkness of shadows, from 0 (none) to 1.
    let shadow: Double
    /// The offset and softness of shadows, in pixels.
    let shadowReach: Double

    /// For drawings whose coverage alone is used.
    static let none = Light(direction: Point(x: 0, y: -1), shading: 0, shadow: 0, shadowReach: 0)

    /// Lightens the side of the origin that faces the light, and darkens the other.
    func shade(_ canvas: Canvas, radius: Double) {
        guard shading > 0 else { return }
        let (x, y) = (radius * direction.x, radius * direction.y)
        // In between is a grey without opacity.
        let middle = Color(red: 0.5, green: 0.5, blue: 0.5, opacity: 0)
        canvas.fill(
            .linearGradient(
                from: Point(x: x, y: y), to: Point(x: -x, y: -y),
                [.white.withOpacity(shading), middle, .black.withOpacity(shading)]))
    }
}
