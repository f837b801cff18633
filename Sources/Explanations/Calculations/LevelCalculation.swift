import Geometry
import Inference

/// The pyramid level that each box is pooled from, by each rule.
package struct LevelCalculation {
    private let boxes: [Box]
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(boxes: [Box], print: @escaping (String) -> Void) {
        self.boxes = boxes
        self.print = print
    }

    package func run() throws {
        var sheet = Worksheet()
        for box in boxes {
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
