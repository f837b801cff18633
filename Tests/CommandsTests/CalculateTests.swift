import Explanations
import Foundation
import Testing

/// The worked examples of the pages. Expected numbers are worked by hand, as the pages do.
@Suite struct CalculateTests {
    /// What a calculation prints, as lines without their indentation.
    private func lines(_ arguments: String...) throws -> [String] {
        let run = try Invocation(["calculate"] + arguments)
        #expect(run.status == 0, "\(run.errors)")
        let lines = run.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        return lines
    }

    /// The working of the step that a line begins with.
    private func working(of label: String, in lines: [String]) -> String? {
        lines.first { $0.hasPrefix(label) }.map {
            $0.dropFirst(label.count).trimmingCharacters(in: .whitespaces)
        }
    }

    @Test func resizeRoundsAsEachFrameworkDoes() throws {
        // 640 · 800 / 480 = 1066.67: down in torchvision, to the nearest in detectron2; 34 · 32 = 1088.
        let all = try lines("resize", "--size", "480x640")
        #expect(all.contains("torchvision: 480×640 → 800×1066"))
        #expect(all.contains("detectron2: 480×640 → 800×1067"))
        #expect(working(of: "factor", in: all) == "min(800 / 480, 1333 / 640) = 1.666667")
        #expect(working(of: "padded", in: all) == "up to multiples of 32: 800×1088")
        // 800 / 385 in Double, times 385, is just below 800.
        let trap = try lines("resize", "--size", "385x500", "--profile", "torchvision")
        #expect(trap.first == "torchvision: 385×500 → 799×1038")
    }

    @Test func overlapOfTwoShiftedSquares() throws {
        // Half of each is shared: 50 / (100 + 100 - 50).
        let steps = try lines("overlap", "0,0,10,10", "5,0,15,10")
        #expect(working(of: "shared width", in: steps) == "max(0, min(10, 15) - max(0, 5)) = 5")
        #expect(working(of: "overlap", in: steps) == "50 / 150 = 0.3333")
    }

    @Test func anchorsOfOneCell() throws {
        // Ratio ½ of side 48: 48 · √2 = 67.8823 by 48 / √2 = 33.9411, around (9 · 16, 7 · 16).
        let steps = try lines("anchors", "p4", "--row", "7", "--column", "9")
        #expect(working(of: "centre", in: steps) == "x = 9 · 16 = 144, y = 7 · 16 = 112")
        #expect(working(of: "box", in: steps) == "110.0589, 95.0294, 177.9411, 128.9706")
        #expect(steps.contains("height / width = 0.5: anchor 447 of p4"))
        // 13 rows of p6 under 800 pixels: ⌊800 / 13⌋ = 61.
        let rounded = try lines(
            "anchors", "p6", "--row", "12", "--padded", "800x1088", "--profile", "torchvision")
        #expect(
            working(of: "stride", in: rounded)
                == "61 down, 64 across (800 / 13 and 1088 / 17, rounded down)")
        #expect(working(of: "centre", in: rounded) == "x = 0 · 64 = 0, y = 12 · 61 = 732")
    }

    @Test func decodeStepByStep() throws {
        // 24 wide around 96: + 0.25 · 24 = 102; 24 · e^0.2 = 29.31367, half of it 14.65683.
        let steps = try lines(
            "decode", "--anchor", "84,44,108,68", "--delta", "0.25,-0.5,0.2,0")
        #expect(working(of: "centre x", in: steps) == "96 + 0.25 · 24 = 102")
        #expect(working(of: "centre y", in: steps) == "56 + (-0.5) · 24 = 44")
        #expect(working(of: "box", in: steps) == "87.3432, 32, 116.6568, 56")
        // The box head's deltas are divided by 10 and 5.
        let refined = try lines(
            "decode", "--refinement", "--anchor", "100,50,140,130", "--delta", "0.5,-0.2,1,0.3")
        #expect(working(of: "dx", in: refined) == "0.5 / 10 = 0.05")
        #expect(working(of: "dh", in: refined) == "0.3 / 5 = 0.06")
        // ln(1000 / 16) = 4.135167 is the largest logarithm.
        let held = try lines(
            "decode", "--anchor", "-12,0,12,24", "--delta", "0,0,5,0", "--size", "240x320")
        #expect(working(of: "held back", in: held) == "dw = 5 counts as 4.1352")
        #expect(working(of: "clipped to 240×320", in: held) == "0, 0, 320, 24")
    }

    @Test func suppressionSaysWhoSuppressedWhom() throws {
        // Shifted by 2 of 10: 80 / 120. The third overlaps only the suppressed one by that.
        let list = try lines(
            "suppress", "0,0,10,10,0.9", "2,0,12,10,0.8", "4,0,14,10,0.7")
        #expect(list.filter { $0.hasSuffix("kept") }.count == 2)
        #expect(list.contains { $0.hasPrefix("1 ") && $0.hasSuffix("suppressed by   0, overlap 0.667") })
        #expect(list.last == "2 of 3 are kept (threshold 0.5)")
        let classes = try lines("suppress", "0,0,10,10,0.9,4", "1,0,11,10,0.8,4", "0,0,10,10,0.7,5")
        #expect(classes.last == "2 of 3 are kept (threshold 0.5)")
    }

    @Test func levelsByProfile() throws {
        // log2(112 / 224) = -1.
        let levels = try lines("level", "0,0,112,112")
        #expect(
            working(of: "torchvision", in: levels) == "4 + log2(side / 224) + 1e-06 = 3.000001 → p3")
        #expect(working(of: "detectron2", in: levels)?.hasSuffix("= 3 → p3") == true)
    }

    @Test func softmaxAndSigmoid() throws {
        // e^-2 = 0.135335, e^0 = 1, e^-2.5 = 0.082085: sum 1.217420; σ(1) = 0.731059.
        let rows = try lines("softmax", "--logits", "1,3,0.5").map { $0.split(separator: " ") }
        #expect(rows.contains(["logit", "0", "1.0000", "0.135335", "0.111166", "0.731059"]))
        #expect(rows.contains(["sum", "1.217420", "1.000000"]))
    }

    @Test func weightsOfABottleneck() throws {
        // 256 · 128 + 9 · 4 · 128 + 128 · 256
        let block = try lines("bottleneck", "--channels", "256", "--width", "128", "--groups", "32")
        #expect(working(of: "conv2, 3×3", in: block) == "9 · 4 · 128 = 4608")
        #expect(working(of: "together", in: block) == "70144")
        #expect(working(of: "two plain 3×3", in: block) == "2 · 9 · 256 · 256 = 1179648")
    }

    @Test func aRulerShowsWhereLayersLook() throws {
        // Bin 6 of 7 over 665 pixels: middle 617.5. Cut down, it is cells 12 and 13 of 32 pixels: 416. To the
        // nearest, cells 18 to 21: 640. RoIAlign without the half is 16 pixels off.
        let rows = try lines("ruler", "--box", "0,0,665,665", "--stride", "32").map {
            $0.split(separator: " ")
        }
        #expect(rows.contains(["6", "617.5", "416.0", "640.0", "640.0", "633.5", "617.5"]))
        #expect(rows.contains(["furthest", "off", "201.5", "22.5", "22.5", "16.0", "0.0"]))
    }

    @Test func fusionIsTheSumOfItsParts() throws {
        let steps = try lines("fusion", "p3", "--row", "12", "--column", "20")
        /// The first number of a stage's two lines.
        func first(_ stage: String) throws -> Double {
            try #require(
                working(of: stage, in: steps).flatMap {
                    $0.split(separator: " ").first.flatMap { Double($0) }
                })
        }
        let sum = try first("fpn.lateral.p3") + first("fpn.topdown.p3")
        #expect(abs(sum - (try first("fpn.merged.p3"))) < 2e-4)
    }

    @Test func theSumOfAConvolutionIsTheKernels() throws {
        for layer in ["backbone.stem", "fpn.lateral.p4", "fpn.p4", "rpn.hidden.p4"] {
            let steps = try lines("convolution-cell", layer, "--row", "3", "--column", "4", "--channel", "1")
            let byHand = try #require(working(of: "sum of these", in: steps).flatMap { Double($0) })
            let bias = working(of: "plus bias", in: steps).flatMap { Double($0) } ?? 0
            let kernel = try #require(working(of: "the kernel's", in: steps).flatMap { Double($0) })
            #expect(abs(byHand + bias - kernel) < 1e-3, "\(layer)")
        }
    }

    @Test func aRefinedProposalIsTheDetection() throws {
        let steps = try lines("refine", "--detection", "0")
        #expect(
            working(of: "clipped to 240×320", in: steps) == working(of: "detections.boxes, row 0", in: steps))
    }

    @Test(arguments: [
        ["resize", "--size", "480"], ["resize", "--size", "0x10"], ["resize", "--shorter", "0"],
        ["overlap", "0,0,10,10"], ["overlap", "0,0,10", "0,0,1,1"], ["overlap", "0,0,nan,1", "0,0,1,1"],
        ["decode", "--anchor", "0,0,1,1"], ["decode", "--anchor", "0,0,1,1", "--delta", "1,2,3"],
        ["suppress"], ["suppress", "0,0,1,1"], ["suppress", "0,0,1,1,1,0.5"],
        ["suppress", "0,0,1,1,1", "--threshold", "2"],
        ["suppress", "0,0,1,1,1", "--level", "p4"], ["suppress", "--level", "p7"],
        ["anchors", "p4", "--row", "16"], ["anchors", "p1"], ["anchors", "p2", "--side", "0"],
        ["fusion", "p5"], ["fusion", "p3", "--row", "31"], ["fusion", "p3", "--channel", "100000"],
        ["pixel", "--row", "100000"], ["objectness", "p4", "--row", "3"], ["softmax", "--logits", ""],
        ["bottleneck", "--width", "10", "--groups", "3"], ["ruler", "--box", "0,0,0,10"],
        ["ruler", "--stride", "0"], ["refine", "--detection", "100000"], ["without", "everything"],
        ["without", "--scenes", "0"], ["coverage", "--scenes", "0"], ["convolution-cell", "fpn.p6"],
        ["level", "1,2,3"],
    ])
    func badArgumentsAreRefused(_ arguments: [String]) throws {
        let run = try Invocation(["calculate"] + arguments)
        #expect(run.status == 2, "\(run.output)")
        #expect(run.output.isEmpty)
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }

    @Test func leavingOutIsMeasuredOnTheSameScenes() throws {
        let run = try Invocation("calculate", "without", "detection-suppression", "--scenes", "2")
        #expect(run.status == 0, "\(run.errors)")
        let rows = run.output.split(separator: "\n").map(String.init)
        #expect(rows.count == 5)
        #expect(rows[2].hasPrefix("the whole pipeline"))
        #expect(rows[3].hasPrefix("no suppression of detections"))
        #expect(rows[4].hasPrefix("  ±"))
        #expect(rows.allSatisfy { $0.count <= 80 })
    }

    @Test func aSingleSceneHasNoStandardError() throws {
        let run = try Invocation("calculate", "without", "detection-suppression", "--scenes", "1")
        #expect(run.status == 0, "\(run.errors)")
        let errors = try #require(run.output.split(separator: "\n").last { $0.hasPrefix("  ±") })
        #expect(errors.split(separator: " ").dropFirst() == ["–", "–", "–", "–", "–", "–"])
    }

    /// For a mean the jackknife gives the textbook's standard error, the samples' deviation over √n.
    @Test func theJackknifeOfAMean() throws {
        let samples = [1.0, 2, 3, 4, 10]
        let means = samples.map { (20 - $0) / 4 }
        // Deviations from 4: −3, −2, −1, 0, 6; variance 50 / 4 = 12.5.
        #expect(abs(try #require(jackknifeError(means)) - (12.5 / 5).squareRoot()) < 1e-12)
        #expect(jackknifeError([1]) == nil)
    }
}
