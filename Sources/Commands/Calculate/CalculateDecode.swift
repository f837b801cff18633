import ArgumentParser
import Geometry
import Inference

/// From a reference box and a delta to a box.
struct CalculateDecode: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "From an anchor and its delta to a box, step by step.",
        discussion: """
            Example:  maskrcnn calculate decode --anchor 84,44,108,68 --delta 0.25,-0.5,0.2,0 --size 240x320
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The reference box: an anchor or a proposal.", valueName: "x1,y1,x2,y2"))
    var anchor: CornersArgument

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What the network predicts.", valueName: "dx,dy,dw,dh"))
    var delta: DeltaArgument

    @Option(help: ArgumentHelp("Whose numeric conventions (default: paper).", valueName: "name"))
    var profile: ProfileName?

    @Flag(help: "Read the delta as the box head's, which is scaled, not as the region proposal network's.")
    var refinement = false

    @Option(
        help: ArgumentHelp("The resized picture, which the box is clipped to.", valueName: "height x width"))
    var size: SizeArgument?

    func run() throws {
        var sheet = Worksheet()
        let profile = profile?.profile ?? .paper
        sheet.heading("from \(corners(anchor.box)) by \(list(delta.delta)); profile \(profile.name)")
        sheet.decode(
            delta.delta, from: anchor.box,
            by: refinement ? profile.conventions.detections.coder : profile.conventions.proposals.coder,
            clippedTo: size?.size)
        print(sheet.text)
    }
}

/// The four numbers of a delta.
func list(_ delta: BoxDelta) -> String {
    [delta.dx, delta.dy, delta.dw, delta.dh].map { short($0) }.joined(separator: ", ")
}

extension Worksheet {
    /// The steps of decoding one box.
    mutating func decode(
        _ delta: BoxDelta, from reference: Box, by coder: BoxCoder, clippedTo picture: PixelSize?
    ) {
        let scaled = coder.scaled(delta)
        if scaled != delta {
            func change(_ name: String, _ from: Float, _ to: Float, _ divisor: Float, _ deviation: Float) {
                switch coder.scaling {
                case .weights: step(name, "\(short(from)) / \(short(divisor)) = \(short(to))")
                case .standardDeviations: step(name, "\(short(from)) · \(short(deviation)) = \(short(to))")
                }
            }
            let by: BoxDelta
            switch coder.scaling {
            case .weights(let weight): by = weight
            case .standardDeviations(let deviation): by = deviation
            }
            change("dx", delta.dx, scaled.dx, by.dx, by.dx)
            change("dy", delta.dy, scaled.dy, by.dy, by.dy)
            change("dw", delta.dw, scaled.dw, by.dw, by.dw)
            change("dh", delta.dh, scaled.dh, by.dh, by.dh)
        }
        let x = coder.steps(shift: scaled.dx, logarithm: scaled.dw, from: reference.x1, reference.x2)
        let y = coder.steps(shift: scaled.dy, logarithm: scaled.dh, from: reference.y1, reference.y2)
        for (name, axis) in [("width", x), ("height", y)] {
            step("its \(name), centre", "\(short(axis.referenceSize)), \(short(axis.referenceCentre))")
        }
        for (name, size, axis, shift) in [("x", "width", x, scaled.dx), ("y", "height", y, scaled.dy)] {
            step(
                "centre \(name)",
                "\(short(axis.referenceCentre)) + \(factor(shift)) · \(short(axis.referenceSize)) = "
                    + short(axis.centre))
            let logarithm = name == "x" ? scaled.dw : scaled.dh
            if axis.logarithm != logarithm {
                step("held back", "d\(size.first!) = \(short(logarithm)) counts as \(short(axis.logarithm))")
            }
            step(
                size,
                "\(short(axis.referenceSize)) · exp(\(short(axis.logarithm))) = \(short(axis.size))")
        }
        let box = coder.decode(delta, from: reference)
        step("box", corners(box))
        if let picture { step("clipped to \(picture)", corners(box.clipped(to: picture))) }
    }
}
