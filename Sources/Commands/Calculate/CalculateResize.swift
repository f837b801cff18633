import ArgumentParser
import Geometry
import Inference

/// How large a picture is made before the network sees it.
struct CalculateResize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resize",
        abstract: "To which size a picture is resized and padded, by each profile.",
        discussion: "Example:  maskrcnn calculate resize --size 480x640")

    @Option(help: ArgumentHelp("The picture's size, height first.", valueName: "height x width"))
    var size = SizeArgument(PixelSize(height: 480, width: 640))

    @Option(help: ArgumentHelp("Only this profile.", valueName: "name"))
    var profile: ProfileName?

    @Option(help: ArgumentHelp("What the shorter side should become.", valueName: "pixels"))
    var shorter = 800

    @Option(help: ArgumentHelp("What the longer side may not exceed.", valueName: "pixels"))
    var longest = 1333

    func validate() throws {
        for (name, value) in [("shorter", shorter), ("longest", longest)] where !(1...100_000 ~= value) {
            throw ValidationError("--\(name) \(value): must be from 1 to 100000")
        }
    }

    func run() throws {
        let picture = size.size
        var sheet = Worksheet()
        let (low, high) = (min(picture.height, picture.width), max(picture.height, picture.width))
        for profile in profile.map({ [$0.profile] }) ?? [.torchvision, .detectron2, .paper] {
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
