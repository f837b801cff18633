import COCO
import Testing

@Suite struct CategoryMatchingTests {
    /// Categories of the given ids and names; those in `used` have an object.
    private func dataset(_ categories: [(Int, String)], used: [Int]) -> Dataset {
        Dataset(
            annotations: used.enumerated().map { position, category in
                Annotation(
                    id: position + 1, imageID: 1, categoryID: category,
                    box: AnnotationBox(x: 0, y: 0, width: 1, height: 1), area: 1)
            },
            categories: categories.map { Category(id: $0.0, name: $0.1) })
    }

    @Test func namesDecide() throws {
        let matching = try CategoryMatching(
            classes: ["person", "car", "dog"], of: dataset([(18, "dog"), (1, "person")], used: [18, 1]))
        #expect(matching.categories == [1: 1, 3: 18])
        #expect(matching.remarks.isEmpty)
    }

    @Test func aCategoryWithoutObjectsCannotMatter() throws {
        let matching = try CategoryMatching(
            classes: ["cube", "ball"], of: dataset([(0, "toys"), (1, "cube"), (2, "ball")], used: [1, 2]))
        #expect(matching.categories == [1: 1, 2: 2])
        #expect(matching.remarks.isEmpty)
    }

    @Test func aCategoryThatTheModelLacksIsRemarkedOn() throws {
        let matching = try CategoryMatching(
            classes: ["cube"], of: dataset([(1, "cube"), (2, "ball")], used: [1, 2]))
        #expect(matching.categories == [1: 1])
        #expect(matching.remarks.count == 1 && matching.remarks[0].contains("2, 'ball'"))
    }

    /// Ids that count from 0, and a first category without objects.
    @Test(arguments: [
        ([(0, "ant"), (1, "bee")], [0, 1], [1: 0, 2: 1]),
        ([(0, "insects"), (1, "ant"), (2, "bee")], [2, 1], [1: 1, 2: 2]),
    ])
    func asManyAsClassesAreTakenInTheirOrder(
        _ categories: [(Int, String)], _ used: [Int], _ expected: [Int: Int]
    ) throws {
        let matching = try CategoryMatching(
            classes: ["class 1", "class 2"], of: dataset(categories, used: used))
        #expect(matching.categories == expected)
        #expect(matching.remarks.count == 1 && matching.remarks[0].contains("'class 1' is 'ant'"))
    }

    @Test func whatFitsInNoWayIsRefused() {
        #expect(
            fault {
                _ = try CategoryMatching(
                    classes: ["class 1"], of: dataset([(3, "ant"), (4, "bee")], used: [3, 4]))
            }
                == "category 3, 'ant', is no class of the model, and so are 1 others; in their order they do not fit "
                + "either: 2 categories, 1 classes")
    }
}
