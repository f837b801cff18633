import Geometry

/// How the target size of an image is rounded. Its shorter side becomes the settings' `minimumSide`, unless the longer
/// one would then exceed `maximumSide`; then the longer side becomes `maximumSide`. All frameworks but Matterport's
/// agree on this and differ in the rounding: 480×640 becomes 800×1066 in torchvision and 800×1067 in the others.
public enum ResizeRule: String, Hashable, Sendable, CaseIterable {
    /// One factor in Double, and both sides rounded down. Because the factor itself is rounded, the shorter side
    /// becomes 799 for some images (385, 386, 539, … pixels); the published models were run that way.
    case torchvision
    /// Two factors, the second only if the longer side is too long after the first; then both sides rounded to the
    /// nearest integer, ties up.
    case detectron2
    /// One factor, and both sides rounded to the nearest integer, ties up.
    case mmdetection
    /// One factor; `minimumSide` only ever enlarges, and a large image is reduced only to fit into `maximumSide`. Both
    /// sides rounded to the nearest integer, ties to even.
    case matterport

    /// A target size with the steps of its computation.
    public struct Scaling: Hashable, Sendable {
        /// The scale factor of both sides.
        public let factor: Double
        /// Height and width before rounding.
        public let height: Double, width: Double
        /// The target size in whole pixels.
        public let size: PixelSize
    }

    /// The size that an image of `size` pixels is resized to, at least one pixel along each axis.
    public func targetSize(for size: PixelSize, settings: Settings.Input) -> PixelSize {
        scaling(of: size, settings: settings).size
    }

    /// The size that an image of `size` pixels is resized to, with the steps of its computation.
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
            // The shorter side is assigned rather than computed, so rounding cannot make it 799.
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
    /// Rounds down, to at least one pixel (an extremely thin image would get a side of 0).
    fileprivate static func whole(_ height: Double, _ width: Double) -> PixelSize {
        PixelSize(height: max(Int(height), 1), width: max(Int(width), 1))
    }
}
