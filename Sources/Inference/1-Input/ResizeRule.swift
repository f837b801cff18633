import Geometry

/// How the size is rounded that an image is brought to: its shorter side becomes the settings' `minimumSide`, unless
/// the longer one would then exceed `maximumSide`, which it becomes instead. All frameworks but Matterport's agree on
/// this and differ in how they round: 480×640 becomes 800×1066 in torchvision and 800×1067 in the others.
public enum ResizeRule: String, Hashable, Sendable, CaseIterable {
    /// One factor in Double, and both sides rounded down. The factor is itself rounded, so the shorter side
    /// comes out as 799 for some pictures (385, 386, 539, … pixels); the published models were run like that.
    case torchvision
    /// Two factors, the second only if the longer side is too long after the first; then rounded to nearest.
    case detectron2
    /// One factor, and both sides rounded to nearest.
    case mmdetection
    /// One factor, never below 1 because of `minimumSide`: a large picture is made smaller only to fit into
    /// `maximumSide`. Both sides rounded to nearest, ties to even.
    case matterport

    /// How a target size comes about.
    public struct Scaling: Hashable, Sendable {
        /// What both sides are multiplied by.
        public let factor: Double
        /// Height and width before they are brought to whole pixels.
        public let height: Double, width: Double
        /// The target size.
        public let size: PixelSize
    }

    /// The size that a picture of `size` pixels is resized to, at least one pixel along each axis.
    public func targetSize(for size: PixelSize, settings: Settings.Input) -> PixelSize {
        scaling(of: size, settings: settings).size
    }

    /// The size that a picture of `size` pixels is resized to, and how it comes about.
    public func scaling(of size: PixelSize, settings: Settings.Input) -> Scaling {
        let (minimum, maximum) = (settings.minimumSide, settings.maximumSide)
        precondition(size.height > 0 && size.width > 0, "a picture of \(size)")
        let height = Double(size.height), width = Double(size.width)
        let shorter = min(height, width), longer = max(height, width)
        switch self {
        case .torchvision:
            let factor = min(Double(minimum) / shorter, Double(maximum) / longer)
            let exact = (height * factor, width * factor)
            return Scaling(
                factor: factor, height: exact.0, width: exact.1, size: .whole(exact.0, exact.1))
        case .detectron2:
            // The shorter side is set, not computed: no rounding can make it 799.
            let target = Double(minimum), factor = target / shorter
            let first = height < width ? (target, factor * width) : (factor * height, target)
            let longest = max(first.0, first.1)
            let second = longest > Double(maximum) ? Double(maximum) / longest : 1
            let exact = (first.0 * second, first.1 * second)
            return Scaling(
                factor: factor * second, height: exact.0, width: exact.1,
                size: .whole(exact.0 + 0.5, exact.1 + 0.5))
        case .mmdetection:
            let factor = min(Double(maximum) / longer, Double(minimum) / shorter)
            let exact = (height * factor, width * factor)
            return Scaling(
                factor: factor, height: exact.0, width: exact.1,
                size: .whole(exact.0 + 0.5, exact.1 + 0.5))
        case .matterport:
            var factor = max(1, Double(minimum) / shorter)
            if (longer * factor).rounded(.toNearestOrEven) > Double(maximum) {
                factor = Double(maximum) / longer
            }
            let exact = (height * factor, width * factor)
            return Scaling(
                factor: factor, height: exact.0, width: exact.1,
                size: .whole(exact.0.rounded(.toNearestOrEven), exact.1.rounded(.toNearestOrEven)))
        }
    }
}

extension PixelSize {
    /// Rounds down. A side of no pixels, which only a picture as thin as a thread would get, becomes one.
    fileprivate static func whole(_ height: Double, _ width: Double) -> PixelSize {
        PixelSize(height: max(Int(height), 1), width: max(Int(width), 1))
    }
}
