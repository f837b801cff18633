import Drawing
import Foundation
import Geometry
import Tensors

/// The objects that a scene is to have, in the order in which they are painted, before any place is found.
struct ScenePlan {
    /// Where an object may go.
    enum Place {
        /// Anywhere.
        case anywhere
        /// Anywhere, but where its box hardly meets those of objects painted before.
        case apart
        /// Near a point of the picture; the distance as a share of the object's extent.
        case near(Point, reach: Double)
    }

    struct Item {
        let subject: any Subject
        let place: Place
        /// About how many pixels it covers.
        let area: Double
    }

    private(set) var items: [Item] = []
    private let size: PixelSize
    private let difficulty: SceneDifficulty
    /// Lengths are stated for a shorter side of 240 pixels.
    private let scale: Double

    init(size: PixelSize, difficulty: SceneDifficulty, _ random: inout SeededGenerator) {
        self.size = size
        self.difficulty = difficulty
        scale = Double(min(size.height, size.width)) / 240
        if random.chance(difficulty.emptyShare) { return }
        var groups: [[Item]] = []
        var rest = objectCount(&random)
        // What is left of the area to be filled; more would leave no room.
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
        // Large ones first, or they would cover the small; a little disorder leaves some behind.
        let ordered = groups.map { group in
            (rank: group.map(\.area).reduce(0, max) * random.logarithmic(in: 0.5...2), group: group)
        }.sorted { $0.rank > $1.rank }
        items = ordered.flatMap(\.group)
    }

    /// How many objects: few more often than many.
    private func objectCount(_ random: inout SeededGenerator) -> Int {
        let most = max(difficulty.largestObjectCount, 1)
        // The smaller of two throws; most of the pictures have one to five of eight.
        return min(random.integer(in: 1...most), random.integer(in: 1...most) + 1)
    }

    private func category(_ random: inout SeededGenerator) -> SceneCategory {
        if random.chance(difficulty.personShare) { return .person }
        return random.element(of: SceneCategory.allCases.filter { $0 != .person })
    }

    /// An object of about `area` pixels, or of a size drawn at random.
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

    /// What says how large an object is: a person's height, a rod's length, the area of all others, in pixels.
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

    /// Objects of one category and about one size, close together.
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
    /// How far to move an object that was drawn at `region`, so that it comes to lie at a place drawn at random.
    func offset(
        for region: PixelRegion, in size: PixelSize, _ random: inout SeededGenerator
    ) -> (x: Int, y: Int) {
        let middle: Point
        switch self {
        case .anywhere, .apart:
            // Now and then up to a third of it is beyond the border.
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
