import Inference
import Testing
import Verification

/// The table of stages and what models record are the same.
@Suite struct StageTableTests {
    let picture = formulaPicture(height: 60, width: 83)

    private func recorded(_ variant: Variant) throws -> [(stage: Stage, value: StageValue)] {
        let keeper = Keeper()
        _ = try variant.model(scoreThreshold: 0).detect(picture, observer: keeper)
        return keeper.values
    }

    @Test func everyFamilyHasOneRow() {
        #expect(
            StageTable.rows.map(\.family.rawValue).sorted() == StageFamily.allCases.map(\.rawValue).sorted())
    }

    @Test(arguments: Variant.all)
    func whatIsRecordedIsInTheTable(variant: Variant) throws {
        for (stage, value) in try recorded(variant) {
            let row = try #require(stage.row, "\(stage) is not in the table")
            #expect(row.kind.describes(value), "\(stage) is no \(row.kind.rawValue)")
            #expect(!stage.sentence.isEmpty && !stage.sentence.contains("#"))
        }
    }

    @Test func everyRowIsRecordedBySomeModel() throws {
        var families: Set<StageFamily> = []
        for variant in Variant.all { families.formUnion(try recorded(variant).compactMap(\.stage.family)) }
        #expect(Set(StageFamily.allCases).subtracting(families).map(\.rawValue) == [])
    }

    @Test(arguments: Variant.all)
    func aModelKnowsItsStages(variant: Variant) throws {
        let model = try variant.model(scoreThreshold: 0)
        #expect(Set(model.stages) == Set(try recorded(variant).map(\.stage)))
        #expect(model.stages == Stage.inDataFlowOrder(model.stages.shuffled()))
        for (index, stage) in model.stages.enumerated() {
            let inputs = model.inputs(of: stage)
            #expect(inputs.isEmpty == (stage == .image), "\(stage)")
            for input in inputs where stage.family != .anchors {
                #expect(model.stages[..<index].contains(input.stage), "\(stage) comes before \(input.stage)")
            }
        }
    }

    @Test(arguments: [
        ("fpn.lateral.p3", "backbone.c3"), ("backbone.c2", "backbone.stem"), ("fpn.p6", "fpn.p5"),
        ("fpn.topdown.p4", "fpn.merged.p5,backbone.c4"), ("fpn.merged.p5", "fpn.lateral.p5"),
        ("rpn.hidden.p6", "fpn.p6"), ("box.logits", "box.hidden.2"), ("mask.hidden.1", "mask.pooled"),
        ("mask.probabilities", "mask.logits,detections.classes"),
    ])
    func inputs(of name: String, are inputs: String) throws {
        let model = try Variant.all[0].model(scoreThreshold: 0)
        #expect(model.inputs(of: Stage(name)).map(\.stage.name).joined(separator: ",") == inputs)
    }
}

/// Keeps every value.
private final class Keeper: Observer {
    private(set) var values: [(stage: Stage, value: StageValue)] = []

    func wants(_ stage: Stage) -> Bool { true }
    func record(_ stage: Stage, _ value: StageValue) { values.append((stage, value)) }
    func finished(_ step: PipelineStep) {}
}

extension StageKind {
    fileprivate func describes(_ value: StageValue) -> Bool {
        switch (self, value) {
        case (.image, .image), (.map, .map), (.anchorMap, .anchorMap), (.boxes, .boxes), (.numbers, .numbers),
            (.indices, .indices), (.regionMaps, .regionMaps), (.table, .table), (.masks, .masks):
            true
        // Of a mask head with fully connected layers.
        case (.regionMaps, .table(let tensor)): tensor.shape.count == 2
        default: false
        }
    }
}
