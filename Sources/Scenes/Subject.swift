import Figures

/// Something to draw, about the origin of its own coordinates, which are in pixels.
protocol Subject {
    var category: SceneCategory { get }
    /// A rectangle that holds the whole drawing.
    var bounds: Rectangle { get }
    /// Draws it. Which pixels it covers, and how far, does not depend on the colours.
    func draw(on canvas: Canvas, colors: ColorScheme, light: Light)
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
}
