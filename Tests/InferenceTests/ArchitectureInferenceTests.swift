import Geometry
import Inference
import Tensors
import Testing

@Suite struct ArchitectureInferenceTests {
    private func shapes(_ configuration: Architecture) throws -> [String: [Int]] {
        var source = RecordingParameters()
        _ = try Network(configuration, from: &source)
        return source.shapes
    }

    private func infer(_ shapes: [String: [Int]], _ profile: Profile = .torchvision) throws -> Architecture {
        var assumptions = profile.assumptions
        assumptions.groupNormGroups = 4
        return try Architecture(inferredFrom: shapes, assuming: assumptions)
    }

    @Test(arguments: Variant.all)
    func everyVariantIsReadOffItsShapes(variant: Variant) throws {
        var expected = variant.configuration
        // Whether classes compete does not show in shapes.
        expected.masks?.output = .sigmoid
        #expect(try infer(try shapes(expected), variant.profile) == expected)
    }

    // Sizes as in the papers: ResNet-50 and -101, ResNeXt-101 of 32 × 4d, 32 × 8d and 64 × 4d.
    @Test(arguments: [
        (Architecture.Backbone.blocks50, 1, 64, [64, 128, 256, 512], 1),
        (Architecture.Backbone.blocks101, 1, 64, [64, 128, 256, 512], 1),
        (Architecture.Backbone.blocks101, 32, 4, [128, 256, 512, 1024], 32),
        (Architecture.Backbone.blocks101, 32, 8, [256, 512, 1024, 2048], 32),
        (Architecture.Backbone.blocks101, 64, 4, [256, 512, 1024, 2048], 64),
    ])
    func publishedBackbonesHaveTheirShapes(
        blocks: [Int], groups: Int, width: Int, widths: [Int], expectedGroups: Int
    ) throws {
        let original = Architecture(
            backbone: .resNet(
                blocks: blocks, groups: groups, widthPerGroup: width, norm: .frozenBatch(epsilon: 0)),
            features: .pyramid(Architecture.Pyramid()), classes: 90, boxes: Architecture.Boxes(),
            masks: Architecture.Masks())
        var source = ShapesOnly()
        _ = try Network(original, from: &source)
        let shapes = source.shapes
        #expect(shapes["backbone.stem.weight"] == [64, 3, 7, 7])
        for (index, width) in widths.enumerated() {
            let output = 256 << index, input = index == 0 ? 64 : 128 << index
            let stage = "backbone.c\(index + 2)"
            #expect(shapes["\(stage).0.conv1.weight"] == [width, input, 1, 1])
            #expect(shapes["\(stage).0.conv2.weight"] == [width, width / expectedGroups, 3, 3])
            #expect(shapes["\(stage).0.conv3.weight"] == [output, width, 1, 1])
            #expect(shapes["\(stage).0.shortcut.weight"] == [output, input, 1, 1])
            #expect(shapes["\(stage).1.shortcut.weight"] == nil)
            #expect(shapes["\(stage).\(blocks[index] - 1).conv3.norm.running_var"] == [output])
            #expect(shapes["\(stage).\(blocks[index]).conv1.weight"] == nil)
        }
        #expect(shapes["fpn.lateral.p5.weight"] == [256, 2048, 1, 1])
        #expect(shapes["rpn.deltas.weight"] == [12, 256, 1, 1])
        #expect(shapes["box.hidden.1.weight"] == [1024, 12544])
        #expect(shapes["box.deltas.weight"] == [364, 1024])
        #expect(shapes["mask.upsampled.weight"] == [256, 256, 2, 2])
        #expect(shapes["mask.logits.weight"] == [91, 256, 1, 1])
        #expect(try Architecture(inferredFrom: shapes, assuming: Profile.torchvision.assumptions) == original)
    }

    // MARK: What is no network

    @Test(
        arguments: [
            (
                "backbone.stem.weight", nil,
                "no parameter 'backbone.stem.weight': not a Mask R-CNN that is known here"
            ),
            (
                "backbone.c3.0.conv2.weight", [8, 0, 3, 3],
                "has shape [8, 0, 3, 3], expected 4 positive lengths"
            ),
            (
                "backbone.c3.0.conv2.weight", [8, -8, 3, 3],
                "has shape [8, -8, 3, 3], expected 4 positive lengths"
            ),
            ("backbone.c3.0.conv2.weight", [8], "has shape [8], expected 4 positive lengths"),
            (
                "backbone.c3.0.conv2.weight", [8, 3, 3, 3],
                "has shape [8, 3, 3, 3], which no number of groups gives"
            ),
            ("backbone.c4.0.conv2.weight", [16, 8, 3, 3], "has 2 groups, those before 1"),
            ("box.logits.weight", [1, 20], "has no class but background"),
            ("box.hidden.1.weight", [20, 785], "has 785 inputs, not a square of 16 channels"),
            ("box.hidden.1.weight", [20, 15], "has 15 inputs, not a square of 16 channels"),
            ("box.hidden.1.weight", [20, .max], "expected 2 positive lengths"),
            ("mask.logits.weight", [], "has shape [], expected 4 positive lengths"),
            ("mask.logits.weight", [-5, 12, 1, 1], "expected 4 positive lengths"),
            ("keypoint.heatmaps.weight", [12, 17], "has shape [12, 17], expected 4 positive lengths"),
            ("box.c5.0.conv2.weight", [16, 16, 3, 3], "does not go with a feature pyramid"),
        ] as [(String, [Int]?, String)])
    func faultsNameTheParameter(name: String, shape: [Int]?, fault: String) throws {
        var shapes = try shapes(try #require(Variant.all.first { $0.name == "mask" }).configuration)
        shapes[name] = shape
        let error = try #require(throws: InferenceError.self) { try infer(shapes) }
        #expect(error.description.contains(name) && error.description.hasSuffix(fault), "\(error)")
    }

    @Test func fullyConnectedMasksMustBeSquare() throws {
        var shapes = try shapes(
            try #require(Variant.all.first { $0.name == "fully connected masks" }).configuration)
        shapes["mask.logits.weight"] = [5 * 37 * 37 + 5, 18]
        let error = try #require(throws: InferenceError.self) { try infer(shapes) }
        #expect(
            error.description == "parameter 'mask.logits.weight' has 6850 rows, which no square mask gives")
    }

    // The number of groups does not show, and 32, the usual one, would not divide these channels.
    @Test func groupsMustDivideTheChannels() throws {
        let shapes = try shapes(Architecture.narrow())
        let error = try #require(throws: InferenceError.self) {
            try Architecture(inferredFrom: shapes, assuming: Profile.torchvision.assumptions)
        }
        #expect(
            error.description
                == "the backbone has group norms of 16 channels, which 32 groups do not divide")
    }

    /// Every parameter, missing or of a shape that no network has: an error in one line, or a network that is as
    /// strict and can run; never a crash.
    @Test(arguments: Variant.all)
    func noShapeCrashes(variant: Variant) throws {
        let original = try shapes(variant.configuration)
        let picture = formulaPicture(height: 20, width: 30)
        var (refused, built) = (0, 0)
        for (name, shape) in original {
            var mutations: [[Int]?] = [nil, [], [0], [.min], [.max, .max, .max, .max], shape + [1]]
            for axis in shape.indices {
                for length in [0, -1, 3, 1 << 30, .max] {
                    var mutated = shape
                    mutated[axis] = length
                    mutations.append(mutated)
                }
            }
            for mutation in mutations {
                var shapes = original
                shapes[name] = mutation
                do {
                    var configuration = Configuration(
                        try infer(shapes, variant.profile), profile: variant.profile)
                    configuration.settings.proposals.preNMSTopN = 5
                    configuration.settings.proposals.postNMSTopN = 5
                    configuration.settings.input = Settings.Input(minimumSide: 32, maximumSide: 64)
                    var source = ShapedParameters(shapes: shapes)
                    let model = try Model(configuration, from: &source)
                    built += 1
                    // Few get here; each must be able to run.
                    if built < 40 { _ = model.detect(picture) }
                } catch let error as InferenceError {
                    refused += 1
                    #expect(!error.description.contains("\n"))
                } catch is ParameterError { refused += 1 }
            }
        }
        #expect(refused > 100)
    }
}
