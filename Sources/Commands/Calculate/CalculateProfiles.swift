import ArgumentParser
import Explanations
import Geometry

struct CalculateProfiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles",
        abstract: "What each convention makes of one box and one mask, in pixels.",
        discussion: """
            The box is in a picture of the given size, its mask 28 × 28 ones.

            Example:  maskrcnn calculate profiles --box 100.3,80.6,260.8,300.4
            """)

    @Option(
        parsing: .unconditional, help: ArgumentHelp("A box in the picture.", valueName: "x1,y1,x2,y2"))
    var box: GivenBox

    @Option(help: ArgumentHelp("The picture's width.", valueName: "pixels"))
    var width = 640

    @Option(help: ArgumentHelp("The picture's height.", valueName: "pixels"))
    var height = 480

    func validate() throws {
        for (name, value) in [("width", width), ("height", height)] {
            guard 32...4000 ~= value else {
                throw ValidationError("--\(name) \(value): must be from 32 to 4000")
            }
        }
        let box = box.box
        guard box.x1 >= 0, box.y1 >= 0, box.x2 <= Float(width), box.y2 <= Float(height) else {
            throw ValidationError("--box: outside a picture of \(height)×\(width)")
        }
    }

    func run() {
        ProfileCalculation(box: box.box, size: PixelSize(height: height, width: width), print: { print($0) })
            .run()
    }
}
