import Drawing
import Foundation
import Geometry
import Tensors

/// The objects planned for a scene, in the order in which they are painted. Positions are chosen later.
struct ScenePlan {
    /// Where an object may be placed.
    enum Place {
        /// Anywhere.
        case anywhere
        /// Anywhere, provided that its box hardly intersects those of earlier objects.
        case apart
        /// Near a point of the image; `reach` is the largest distance as a fraction of the object's extent.
        case near(Point, reach: Double)
    }

    struct Item {
        let subject: any Subject
        let place: Place
        /// The approximate number of pixels that it covers.
        let area: Double
    }

    private(set) var items: [Item] = []
    private let size: PixelSize
    private let difficulty: SceneDifficulty
    /// The factor of all lengths, which are given for a shorter side of 240 pixels.
    private let scale: Double

    init(size: PixelSize, difficulty: SceneDifficulty, _ random: inout SeededGenerator) {
        self.size = size
        self.difficulty = difficulty
        scale = Double(min(size.height, size.width)) / 240
        if random.chance(difficulty.emptyShare) { return }
        var groups: [[Item]] = []
        var rest = objectCount(&random)
        // The remaining area for objects, half of the image at first; more would leave no room.
        var budget = 0.5 * Double(size.height * size.width)
        if random.chance(difficulty.clusterShare), rest >= 2 {
            let cluster = cluster(of: min(random.integer(in: 2...5), rest), &random)
            rest -= cluster.count
            budget -= 0.6 * cluster.reduce(0) { $0 + $1.area }
            groups.append(cluster)
        }
        for _ in 0..<rest {
            let place = random.chance(difficulty.apartShare) ? Place.apart : .anywhere
            let item = item(category(&random), at: place, &random)
            if item.area > budget { continue }
            budget -= item.area
            groups.append([item])
        }
        if random.chance(difficulty.crowdShare) { groups.append([crowd(&random)]) }
        // Large ones first, or they would cover the small ones; a random factor varies the order.
        let ordered = groups.map { group in
            (rank: group.map(\.area).reduce(0, max) * random.logarithmic(in: 0.5...2), group: group)
        }.sorted { $0.rank > $1.rank }
        items = ordered.flatMap(\.group)
    }

    /// The number of objects: small numbers are more frequent.
    private func objectCount(_ random: inout SeededGenerator) -> Int {
        let most = max(difficulty.largestObjectCount, 1)
        // The smaller of two random numbers: with at most eight objects, most images have one to five.
        return min(random.integer(in: 1...most), random.integer(in: 1...most) + 1)
    }

    private func category(_ random: inout SeededGenerator) -> SceneCategory {
        if random.chance(difficulty.personShare) { return .person }
        return random.element(of: SceneCategory.allCases.filter { $0 != .person })
    }

    /// An object of about `area` pixels, or of a random size.
    private func item(
        _ category: SceneCategory, at place: Place, size wanted: Double? = nil,
        _ random: inout SeededGenerator
    ) -> Item {
        let value = wanted ?? magnitude(of: category, &random)
        if category == .person {
            let person = Person(height: value, &random)
            return Item(subject: person, place: place, area: 0.2 * value * value)
        }
        if category == .rod {
            let thickness = scale * random.number(in: 6...14)
            let rod = Shape(rodOfLength: value, thickness: thickness, &random)
            return Item(subject: rod, place: place, area: value * thickness)
        }
        return Item(subject: Shape(category, area: value, &random), place: place, area: value)
    }

    /// The size of an object: a person's height or a rod's length in pixels, or the area of others in square pixels.
    private func magnitude(of category: SceneCategory, _ random: inout SeededGenerator) -> Double {
        switch category {
        case .person:
            return scale
                * (random.chance(difficulty.smallShare)
                    ? random.logarithmic(in: 40...78) : random.logarithmic(in: 84...205))
        case .rod:
            return scale * random.logarithmic(in: 60...200)
        default:
            let area: Double
            if random.chance(difficulty.smallShare) {
                area =
                    random.chance(difficulty.tinyShare)
                    ? random.logarithmic(in: 50...110) : random.logarithmic(in: 150...1024)
            } else if random.chance(difficulty.largeShare) {
                area = random.logarithmic(in: 9500...24_000)
            } else {
                area = random.logarithmic(in: 1100...9216)
            }
            return area * scale * scale
        }
    }

    /// Objects of one category and similar size, close together.
    private func cluster(of count: Int, _ random: inout SeededGenerator) -> [Item] {
        let category = category(&random)
        let size = magnitude(of: category, &random)
        let center = Point(
            x: Double(self.size.width) * random.number(in: 0.25...0.75),
            y: Double(self.size.height) * random.number(in: 0.3...0.7))
        return (0..<count).map { index in
            item(
                category, at: .near(center, reach: index == 0 ? 0.1 : 0.3 + 0.08 * Double(count)),
                size: size * random.number(in: 0.8...1.2), &random)
        }
    }

    private func crowd(_ random: inout SeededGenerator) -> Item {
        let crowd = Crowd(category: category(&random), scale: scale, &random)
        return Item(subject: crowd, place: .anywhere, area: crowd.bounds.area / 2)
    }
}

extension ScenePlan.Place {
    /// The offset that moves an object drawn at `region` to a random position of this kind.
    func offset(
        for region: PixelRegion, in size: PixelSize, _ random: inout SeededGenerator
    ) -> (x: Int, y: Int) {
        let middle: Point
        switch self {
        case .anywhere, .apart:
            // Sometimes up to a third of it is outside the image.
            let margin = random.chance(0.25) ? 0.17 : 0.5
            func coordinate(_ extent: Int, _ limit: Int, _ random: inout SeededGenerator) -> Double {
                let edge = min(margin * Double(extent), 0.5 * Double(limit))
                return random.number(in: edge...Double(limit) - edge)
            }
            middle = Point(
                x: coordinate(region.width, size.width, &random),
                y: coordinate(region.height, size.height, &random))
        case .near(let center, let reach):
            let angle = random.number(in: 0...(2 * .pi))
            let share = reach * random.number(in: 0.5...1.4)
            middle = Point(
                x: center.x + cos(angle) * share * Double(region.width),
                y: center.y + sin(angle) * share * Double(region.height) * 0.8)
        }
        return (
            Int(middle.x - Double(region.width) / 2) - region.x,
            Int(middle.y - Double(region.height) / 2) - region.y
        )
    }
}
