import Inference
import Testing

import Verification

@Suite struct TolerancesTests {
    @Test func noiseGivesAMultipleWithAFloor() {
        let tolerances = Tolerances(noise: [
            "fpn.p2": StageNoise(relative: 3e-5, maximum: 1),
            "anchors.p2": StageNoise(relative: 0, maximum: 0),
        ])
        #expect(abs(tolerances.endToEnd(.pyramid(2)) - 3e-4) < 1e-12)
        #expect(tolerances.endToEnd(.anchors("p2")) == 1e-5)
        #expect(tolerances.endToEnd(.pyramid(3)) == 1e-4)
        #expect(tolerances.isolated(.pyramid(2)) == 1e-5)
        #expect(tolerances.exact(.inputSize) == 0)
    }

    @Test func theLastOverrideThatMatchesHolds() throws {
        let overrides = try ["1e-2", "fpn.*=0.5", "fpn.p2=1e-3"].map {
            try #require(Tolerances.Override($0))
        }
        let tolerances = Tolerances(noise: [:], overrides: overrides)
        #expect(tolerances.endToEnd(.pyramid(2)) == 1e-3)
        #expect(tolerances.endToEnd(.pyramid(3)) == 0.5)
        #expect(tolerances.isolated(.stem) == 1e-2)
        // A tolerance for everything is none for integers.
        #expect(tolerances.exact(.inputSize) == 0)
    }

    @Test(arguments: ["", "x", "fpn.*=", "=1e-4", "-1", "nan", "inf", "fpn.*=x", "1e-4=fpn.*"])
    func anythingElseIsRefused(_ text: String) { #expect(Tolerances.Override(text) == nil) }
}

@Suite struct StageOrderTests {
    /// Each stage after what it is made from, by the stage contract.
    @Test(arguments: [
        ["input.image", "input.tensor", "backbone.stem", "backbone.c2", "backbone.c5"],
        ["backbone.c5", "fpn.lateral.p5", "fpn.merged.p5", "fpn.topdown.p4", "fpn.merged.p4", "fpn.p4"],
        ["fpn.lateral.p4", "fpn.merged.p4", "fpn.topdown.p3", "fpn.merged.p2", "fpn.p2", "rpn.hidden.p2"],
        ["fpn.p5", "fpn.p6", "rpn.hidden.p6"],
        [
            "anchors.p3", "rpn.hidden.p3", "rpn.objectness.p3", "rpn.deltas.p3", "rpn.candidates.p3.boxes",
            "rpn.proposals.boxes", "rpn.proposals.scores", "box.level", "box.pooled", "box.convolution.1",
            "box.convolution.2", "box.hidden.1", "box.hidden.2", "box.logits", "box.probabilities",
            "detections.boxes", "detections.proposal", "mask.level", "mask.pooled", "mask.hidden.4",
            "mask.hidden.10", "mask.upsampled", "mask.logits", "mask.probabilities", "keypoint.pooled",
            "keypoint.hidden.8", "keypoint.heatmaps", "output.boxes", "output.masks", "output.keypoints",
        ],
        ["rpn.candidates.c4.scores", "rpn.proposals.boxes", "box.pooled", "box.c5", "box.hidden.1"],
    ])
    func dataFlows(_ names: [String]) {
        let sorted = Stage.inDataFlowOrder(names.reversed().map { Stage($0) })
        #expect(sorted.map(\.name) == names)
    }

    @Test(arguments: GoldenModel.all)
    func everyStageOfAModelIsInTheContract(_ golden: GoldenModel) throws {
        let stages = StageRunner(model: try golden.model(), bundle: try golden.bundle()).stages
        #expect(stages.count > 50)
        for stage in stages { #expect(stage.isInContract, "\(stage)") }
    }

    @Test(arguments: [
        "", "input", "input.", "fpn.p", "fpn.p10", "fpn.c4", "rpn.hidden", "rpn.candidates.p2", "box.hidden",
        "box.hidden.0", "box.hidden.01", "mask.hidden.x", "output.masks.1", "weights", "anchors.p2.boxes",
    ])
    func otherNamesAreNot(_ name: String) { #expect(!Stage(name).isInContract) }

    /// Rounding adds up along a deep backbone; the input comes before it, and nobody's word is worth more than a
    /// user's.
    @Test func depthWidensTheDefault() {
        let deep = Tolerances(depth: 100)
        #expect(deep.endToEnd(.backbone(5)) == 5e-4 && deep.endToEnd(.inputTensor) == 1e-4)
        #expect(Tolerances(depth: 13).endToEnd(.backbone(5)) == 1e-4)
        #expect(deep.isolated(.backbone(5)) == 1e-5)
        let measured = Tolerances(noise: ["fpn.p2": StageNoise(relative: 1e-6, maximum: 1)], depth: 100)
        #expect(measured.endToEnd(.pyramid(2)) == 1e-5)
    }
}
