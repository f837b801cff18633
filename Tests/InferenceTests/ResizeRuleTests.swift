import Foundation
import Geometry
import Inference
import Testing

@Suite struct ResizeRuleTests {
    struct Case: Decodable { var size: [Int], torchvision: [Int], detectron2: [Int], mmdetection: [Int] }

    // torchvision's own function; the rules of detectron2 and mmcv restated in Python.
    @Test func sizesAreTheFrameworks() throws {
        let cases: [Case] = try Fixture.json("resized-sizes")
        #expect(cases.count > 200)
        for example in cases {
            let size = PixelSize(height: example.size[0], width: example.size[1])
            for (rule, expected) in [
                (ResizeRule.torchvision, example.torchvision), (.detectron2, example.detectron2),
                (.mmdetection, example.mmdetection),
            ] {
                let found = rule.targetSize(for: size, settings: Settings.Input())
                #expect(found == PixelSize(height: expected[0], width: expected[1]), "\(rule) of \(size)")
            }
        }
    }

    // 480 · (800 / 480) is 800 exactly; 385 · (800 / 385) is not.
    @Test func torchvisionLosesARow() {
        #expect(
            ResizeRule.torchvision.targetSize(
                for: PixelSize(height: 385, width: 400), settings: Settings.Input()
            ).height == 799)
        #expect(
            ResizeRule.torchvision.targetSize(
                for: PixelSize(height: 480, width: 500), settings: Settings.Input()
            ).height == 800)
    }

    @Test func limitsAreSettings() {
        let size = PixelSize(height: 100, width: 400)
        #expect(
            ResizeRule.detectron2.targetSize(
                for: size, settings: Settings.Input(minimumSide: 50, maximumSide: 300))
                == PixelSize(height: 50, width: 200))
        #expect(
            ResizeRule.mmdetection.targetSize(
                for: size, settings: Settings.Input(minimumSide: 200, maximumSide: 300))
                == PixelSize(height: 75, width: 300))
    }

    @Test func aThreadKeepsOnePixel() {
        let thread = PixelSize(height: 1, width: 100_000)
        for rule in [ResizeRule.torchvision, .detectron2, .mmdetection] {
            #expect(
                rule.targetSize(for: thread, settings: Settings.Input()) == PixelSize(height: 1, width: 1333))
        }
    }
}
