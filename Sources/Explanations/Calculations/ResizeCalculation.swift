import Geometry
import Inference

/// The size to which each profile resizes and pads an image.
package struct ResizeCalculation {
    private let picture: PixelSize
    private let profiles: [Profile]
    private let shorter: Int
    private let longest: Int
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(
        picture: PixelSize, profiles: [Profile], shorter: Int, longest: Int, print: @escaping (String) -> Void
    ) {
        self.picture = picture
        self.profiles = profiles
        self.shorter = shorter
        self.longest = longest
        self.print = print
    }

    package func run() throws {
        var sheet = Worksheet()
        let (low, high) = (min(picture.height, picture.width), max(picture.height, picture.width))
        for profile in profiles {
            let input = profile.conventions.input
            let settings = Settings.Input(minimumSide: shorter, maximumSide: longest)
            let rule = input.resize
            let scaling = rule.scaling(of: picture, settings: settings)
            let padded = input.paddedSize(of: scaling.size, settings: settings)
            let rounding: String
            if case .torchvision = rule { rounding = "down" } else { rounding = "to the nearest" }
            sheet.heading("\(profile.name): \(picture) → \(scaling.size)")
            let factor =
                if case .matterport = rule {
                    "max(1, \(shorter) / \(low)), or \(longest) / \(high) if that is too much"
                } else { "min(\(shorter) / \(low), \(longest) / \(high))" }
            sheet.step("factor", "\(factor) = \(short(scaling.factor, 6))")
            sheet.step("height", "\(picture.height) · \(short(scaling.factor, 6)) = \(short(scaling.height))")
            sheet.step("width", "\(picture.width) · \(short(scaling.factor, 6)) = \(short(scaling.width))")
            sheet.step("rounded", "\(rounding): \(scaling.size)")
            sheet.step("padded", "up to multiples of \(input.padMultiple): \(padded)")
            sheet.step(
                "scale",
                "y \(scaling.size.height) / \(picture.height) = "
                    + "\(short(Double(scaling.size.height) / Double(picture.height), 6)), "
                    + "x \(scaling.size.width) / \(picture.width) = "
                    + "\(short(Double(scaling.size.width) / Double(picture.width), 6))")
        }
        print(sheet.text)
    }
}
