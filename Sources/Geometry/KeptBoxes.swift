/// The boxes kept so far by non-maximum suppression, stored so that a box is compared with eight at a time.
struct KeptBoxes {
    private typealias Lanes = SIMD8<Float>

    /// Eight boxes, one per lane; unused lanes hold NaN, which overlaps nothing.
    private struct Group {
        var x1 = Lanes(repeating: .nan), y1 = Lanes(repeating: .nan)
        var x2 = Lanes(repeating: .nan), y2 = Lanes(repeating: .nan)
        var area = Lanes(repeating: .nan)
    }

    private var groups: [Group] = []
    private(set) var count = 0
    /// Added to each difference of edges to give the width: 1 when edges are pixel indices, else 0.
    private let extra: Float

    init(edgesAreInclusive: Bool) {
        extra = edgesAreInclusive ? 1 : 0
    }

    mutating func append(_ box: Box) {
        let lane = count % Lanes.scalarCount
        if lane == 0 { groups.append(Group()) }
        let last = groups.count - 1
        groups[last].x1[lane] = box.x1
        groups[last].y1[lane] = box.y1
        groups[last].x2[lane] = box.x2
        groups[last].y2[lane] = box.y2
        groups[last].area[lane] = area(of: box)
        count += 1
    }

    /// The index, in order of `append`, of the first box whose IoU with `box` is above `limit`.
    func firstOverlap(with box: Box, above limit: Float) -> Int? {
        let ownArea = area(of: box)
        for (index, group) in groups.enumerated() {
            let width = smaller(group.x2, box.x2) - larger(group.x1, box.x1) + extra
            let height = smaller(group.y2, box.y2) - larger(group.y1, box.y1) + extra
            let shared =
                Lanes().replacing(with: width, where: width .> 0)
                * Lanes().replacing(with: height, where: height .> 0)
            let hits = shared / (group.area + ownArea - shared) .> limit
            if any(hits) {
                for lane in 0..<Lanes.scalarCount where hits[lane] { return index * Lanes.scalarCount + lane }
            }
        }
        return nil
    }

    private func area(of box: Box) -> Float { (box.width + extra) * (box.height + extra) }
}

/// `max(vector, scalar)` in each lane, as one comparison and one selection (`pointwiseMax` compiles to a loop
/// over lanes). A NaN lane stays NaN.
@inline(__always)
private func larger(_ vector: SIMD8<Float>, _ scalar: Float) -> SIMD8<Float> {
    vector.replacing(with: scalar, where: vector .< scalar)
}

/// `min(vector, scalar)` in each lane, likewise.
@inline(__always)
private func smaller(_ vector: SIMD8<Float>, _ scalar: Float) -> SIMD8<Float> {
    vector.replacing(with: scalar, where: vector .> scalar)
}
