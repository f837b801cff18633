import ArgumentParser
import Geometry
import Inference

/// Which level of the pyramid a box pools from.
struct CalculateLevel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "level",
        abstract: "Which level of the pyramid a box pools from, by each profile.",
        discussion: "Example:  maskrcnn calculate level 0,0,112,112 0,0,224,224")

    @Argument(help: ArgumentHelp("Boxes.", valueName: "x1,y1,x2,y2")) var boxes: [CornersArgument]

    func run() throws {
        var sheet = Worksheet()
        for box in boxes.map(\.box) {
            sheet.heading(
                "\(corners(box)): side √(\(short(box.width)) · \(short(box.height))) = "
                    + short(box.area.squareRoot()))
            for profile in [Profile.torchvision, .detectron2, .paper] {
                let rule = profile.conventions.pooling.level
                let formula: String
                switch rule {
                case .epsilonOutside(let epsilon): formula = "4 + log2(side / 224) + \(epsilon)"
                case .epsilonInside(let epsilon): formula = "4 + log2(side / 224 + \(epsilon))"
                case .epsilonInsideFromFinest(let epsilon): formula = "2 + log2(side / 56 + \(epsilon))"
                case .rounded: formula = "4 + log2(side / 224), to the nearest"
                }
                let level = rule.level(of: box, among: 2...5)
                sheet.step(profile.name, "\(formula) = \(short(rule.exactLevel(of: box), 7)) → p\(level)")
            }
        }
        print(sheet.text)
    }
}
