import Foundation
import Geometry
import Kernels
import Tensors

/// The maps that regions are pooled from, with the assignment of boxes to levels (FPN, section 4.2, equation 1).
public struct PooledMaps<A: Activation> {
    /// p2 … p5, or the single map of a C4 or C5 model.
    package let maps: [A]
    /// The scale from pixels to map positions, for each map: 1/4 for p2.
    package let scales: [Float]
    /// The pyramid level of the first map: 2 for p2.
    package let firstLevel: Int
    private let conventions: Conventions.Pooling
    /// The region of the padded image that the image occupies.
    private let window: PixelRegion?

    /// - Parameters:
    ///   - maps: finest first.
    ///   - firstLevel: the pyramid level of the first map, whose stride is 2 to this power.
    ///   - size: size of the resized image, without padding.
    ///   - window: the region of the padded image that it occupies; nil if it starts at the upper left corner.
    ///   - conventions: how levels are assigned and map scales computed, and the RoI layer.
    package init(
        _ maps: [A], firstLevel: Int, size: PixelSize, window: PixelRegion? = nil,
        conventions: Conventions.Pooling
    ) {
        self.maps = maps
        self.conventions = conventions
        self.window = window
        switch conventions.scale {
        case .nominal:
            self.firstLevel = firstLevel
            scales = maps.indices.map { 1 / Float(1 << (firstLevel + $0)) }
        case .measured:
            let measured = maps.map { map in
                exp2(log2(Float(Double(map.value.shape[0]) / Double(size.height))).rounded(.toNearestOrEven))
            }
            scales = measured
            self.firstLevel = Int(-log2(measured[0]))
        case .cornerToCorner:
            self.firstLevel = firstLevel
            scales = maps.enumerated().map { index, map in
                let height = map.value.shape[0], pixels = height << (firstLevel + index)
                return Float(height - 1) / Float(max(pixels - 1, 1))
            }
        }
    }

    /// The pyramid levels of the maps.
    package var levels: ClosedRange<Int> { firstLevel...firstLevel + max(maps.count - 1, 0) }

    /// The pyramid level that a box is pooled from: p4 for a box of 224 × 224 pixels, p3 for one of half the side.
    package func level(of box: Box) -> Int {
        guard maps.count > 1 else { return firstLevel }
        return conventions.level.level(of: box, among: levels)
    }

    /// The pooled features of each box: `[boxes, size, size, channels]`.
    /// - Parameter levels: the pyramid level of each box; nil to use ``level(of:)``.
    package func pooled(_ boxes: [Box], levels: [Int]? = nil, size: Int) -> A {
        let (x, y) = (Float(window?.x ?? 0), Float(window?.y ?? 0))
        return A.pooled(
            from: maps,
            regions: boxes.enumerated().map { index, box in
                RegionOfInterest(
                    box: Box(x1: box.x1 + x, y1: box.y1 + y, x2: box.x2 + x, y2: box.y2 + y),
                    map: (levels?[index] ?? level(of: box)) - firstLevel)
            }, scales: scales, by: conventions.layer.layer(outputSize: size))
    }
}

extension Conventions.Pooling.LevelRule {
    /// 4 + log₂(√area / 224) with the rule's ε, before rounding and clamping to the existing levels. −∞ for a box
    /// without area.
    public func exactLevel(of box: Box) -> Float {
        let side = box.area.squareRoot()
        return switch self {
        case .epsilonOutside(let epsilon): 4 + log2(side / 224) + epsilon
        case .epsilonInside(let epsilon): 4 + log2(side / 224 + epsilon)
        case .epsilonInsideFromFinest(let epsilon): 2 + log2(side / 56 + epsilon)
        case .rounded: 4 + log2(side / 224)
        }
    }

    /// The level that a box is pooled from, clamped to `levels`.
    public func level(of box: Box, among levels: ClosedRange<Int>) -> Int {
        let exact = exactLevel(of: box)
        let level =
            switch self {
            case .epsilonOutside, .epsilonInside: exact.rounded(.down)
            // Rounded down before 2 is added: the sum could round a value just below an integer up to it.
            case .epsilonInsideFromFinest(let epsilon):
                2 + log2(box.area.squareRoot() / 56 + epsilon).rounded(.down)
            case .rounded: exact.rounded(.toNearestOrEven)
            }
        // The level is −∞ for a box without area and NaN for an invalid box: both use the finest map. (`max` returns
        // its first argument when the second is NaN, so the order matters.)
        return Int(min(Float(levels.upperBound), max(Float(levels.lowerBound), level)))
    }
}
