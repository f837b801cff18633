import Geometry
import Inference

/// Decoding a box from a reference box and a delta, step by step.
package struct DecodeCalculation {
    private let anchor: Box
    private let delta: BoxDelta
    private let profile: Profile
    private let isRefinement: Bool
    private let size: PixelSize?
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(
        anchor: Box, delta: BoxDelta, profile: Profile, isRefinement: Bool, size: PixelSize?,
        print: @escaping (String) -> Void
    ) {
        self.anchor = anchor
        self.delta = delta
        self.profile = profile
        self.isRefinement = isRefinement
        self.size = size
        self.print = print
    }

    package func run() throws {
        var sheet = Worksheet()
        sheet.heading("from \(corners(anchor)) by \(list(delta)); profile \(profile.name)")
        sheet.decode(
            delta, from: anchor,
            by: isRefinement ? profile.conventions.detections.coder : profile.conventions.proposals.coder,
            clippedTo: size)
        print(sheet.text)
    }
}

/// The four numbers of a delta, separated by commas.
package func list(_ delta: BoxDelta) -> String {
    [delta.dx, delta.dy, delta.dw, delta.dh].map { short($0) }.joined(separator: ", ")
}

extension Worksheet {
    /// The steps of decoding one box.
    package mutating func decode(
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
