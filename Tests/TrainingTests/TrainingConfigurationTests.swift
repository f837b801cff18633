import Formats
import Foundation
import Inference
import TestSupport
import Testing

import Training

@Suite struct TrainingConfigurationTests {
    /// The small configuration as JSON, changed in one place.
    private func small(_ change: (inout [String: Any]) -> Void) throws -> Data {
        let data = try TrainingConfiguration(named: "small").encoded()
        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        change(&object)
        return try JSONSerialization.data(withJSONObject: object)
    }

    /// The one line that says what is wrong.
    private func fault(_ change: (inout [String: Any]) -> Void) throws -> String {
        let data = try small(change)
        let error = #expect(throws: TrainingError.self) { try TrainingConfiguration(data) }
        let description = try #require(error).description
        #expect(!description.contains("\n"))
        return description
    }

    @Test("A member's old name is refused with the new one")
    func renamedMembers() throws {
        #expect(
            try fault { $0["proposals"] = ["candidatesPerLevel": 500, "count": 40] }
                == "“proposals.candidatesPerLevel” is called “proposals.preNMSTopN” now")
        #expect(
            try fault {
                var network = $0["network"] as? [String: Any] ?? [:]
                set(&network, "boxes", "overlapThreshold", 0.5)
                $0["network"] = network
            } == "“network.boxes.overlapThreshold” is called “testing.boxes.nmsThreshold” now")
    }

    /// Changes a member of a member.
    private func set(_ object: inout [String: Any], _ outer: String, _ inner: String, _ value: Any?) {
        var part = object[outer] as? [String: Any] ?? [:]
        part[inner] = value
        object[outer] = part
    }

    @Test("Every configuration that is shipped makes sense", arguments: TrainingConfiguration.shippedNames)
    func shipped(name: String) throws {
        let configuration = try TrainingConfiguration(named: name)
        try configuration.validate()
        #expect(Profile.named(configuration.profile) != nil)
        #expect(configuration.steps > configuration.learningRate.warmUpSteps)
        #expect(configuration.learningRate.drops.allSatisfy { $0 < configuration.steps })
        #expect(try TrainingConfiguration(configuration.encoded()) == configuration)
    }

    @Test("What is written is the same every time")
    func encoding() throws {
        let configuration = try TinyRun.configuration()
        #expect(try configuration.encoded() == configuration.encoded())
        var other = configuration
        other.lossWeights.masks = 2
        #expect(try configuration.encoded() != other.encoded())
        #expect(try TrainingConfiguration(other.encoded()) == other)
    }

    @Test("A misspelt member is named, at any depth")
    func unknownMembers() throws {
        #expect(try fault { $0["stepz"] = 3 } == "unknown member “stepz”")
        #expect(
            try fault { set(&$0, "learningRate", "bass", 1) } == "unknown member “learningRate.bass”")
        #expect(try fault { set(&$0, "network", "maks", "x") } == "unknown member “network.maks”")
        // Null is as good as nothing.
        #expect(throws: Never.self) { try TrainingConfiguration(small { $0["nothing"] = NSNull() }) }
    }

    @Test(
        "A missing member is named",
        arguments: ["profile", "network", "batchSize", "frozen", "anchorMatching", "masksAreBinary"])
    func missingMembers(name: String) throws {
        #expect(try fault { $0[name] = nil } == "“\(name)” is missing")
    }

    @Test("A missing member of a member is named with its path")
    func missingInnerMembers() throws {
        #expect(
            try fault { set(&$0, "lossWeights", "masks", nil) } == "“lossWeights.masks” is missing")
        #expect(try fault { set(&$0, "network", "classes", nil) } == "“network.classes” is missing")
    }

    @Test("A member of the wrong kind is named")
    func wrongKinds() throws {
        #expect(try fault { $0["batchSize"] = "two" }.hasPrefix("“batchSize”"))
        // Foundation does not say which number it is.
        #expect(try fault { $0["batchSize"] = 2.5 }.contains("a number that does not fit"))
        #expect(try fault { $0["seed"] = -1 }.contains("a number that does not fit"))
        #expect(try fault { $0["frozen"] = "all" }.contains("“frozen”"))
        #expect(try fault { $0["boxLoss"] = "diou" } == "“boxLoss”: no box loss is called “diou”")
        #expect(try fault { set(&$0, "anchorSampling", "order", "last") }.contains("“anchorSampling.order”"))
        #expect(try fault { set(&$0, "network", "features", "c6") }.contains("“network.features”"))
        #expect(try fault { $0["updateRule"] = ["adam": [:] as [String: Any]] }.contains("updateRule"))
    }

    @Test("What is no JSON is said to be none", arguments: ["", "{", "[]", "3", "{profile: }", "\u{0}"])
    func noJSON(text: String) throws {
        let error = #expect(throws: TrainingError.self) { try TrainingConfiguration(Data(text.utf8)) }
        #expect(error?.description.contains("\n") == false)
    }

    @Test("What is out of range is named")
    func ranges() throws {
        func check(_ name: String, _ change: (inout TrainingConfiguration) -> Void) throws {
            var configuration = try TinyRun.configuration()
            change(&configuration)
            let error = #expect(throws: TrainingError.self, "\(name)") { try configuration.validate() }
            #expect(error?.description.contains(name) == true, "\(error?.description ?? "")")
        }
        try TinyRun.configuration().validate()
        try check("input.shorterSides") { $0.input.shorterSides = [] }
        try check("input.shorterSides") { $0.input.shorterSides = [64, 5000] }
        try check("input.longestSide") { $0.input.longestSide = 16 }
        try check("scenes.count") { $0.scenes = TrainingConfiguration.Scenes(seed: 1, count: -1) }
        try check("scenes.count") { $0.scenes = TrainingConfiguration.Scenes(seed: 1, count: .max) }
        try check("flipProbability") { $0.flipProbability = 1.5 }
        try check("flipProbability") { $0.flipProbability = .nan }
        try check("batchSize") { $0.batchSize = 0 }
        try check("accumulationSteps") { $0.accumulationSteps = 0 }
        try check("accumulationSteps") { $0.accumulationSteps = $0.batchSize + 1 }
        try check("steps") { $0.steps = 0 }
        try check("learningRate.base") { $0.learningRate.base = .infinity }
        try check("learningRate.warmUpSteps") { $0.learningRate.warmUpSteps = -1 }
        try check("learningRate.warmUpStart") { $0.learningRate.warmUpStart = -0.5 }
        try check("learningRate.dropFactor") { $0.learningRate.dropFactor = .nan }
        try check("updateRule.sgd.momentum") { $0.updateRule = .sgd(momentum: 1) }
        try check("updateRule.adamW") { $0.updateRule = .adamW(beta1: 0.9, beta2: 1) }
        try check("weightDecay") { $0.weightDecay = -1 }
        try check("largestGradientNorm") { $0.largestGradientNorm = 0 }
        try check("anchorSampling.count") { $0.anchorSampling.count = 0 }
        try check("proposalSampling.objectShare") { $0.proposalSampling.objectShare = 1.1 }
        try check("proposals") { $0.proposals.postNMSTopN = -1 }
        try check("testing.boxes.scoreThreshold") { $0.testing.boxes.scoreThreshold = 2 }
        try check("testing.proposals.preNMSTopN") { $0.testing.proposals.preNMSTopN = -1 }
        try check("testing.masks.threshold") { $0.testing.masks.threshold = .nan }
        try check("anchorMatching") { $0.anchorMatching.backgroundOverlap = 0.9 }
        try check("proposalMatching") { $0.proposalMatching.objectOverlap = .nan }
        try check("proposalBoxLoss.smoothL1") { $0.proposalBoxLoss = .smoothL1(beta: -1) }
        try check("boxLoss.smoothL1") { $0.boxLoss = .smoothL1(beta: .infinity) }
        try check("lossWeights") { $0.lossWeights.masks = .nan }
        try check("lossWeights") { $0.lossWeights.boxes = -1 }
        try check("network.classes") { $0.network.classes = 0 }
        try check("network.backbone.norm") { $0.network.backbone.norm = .group(groups: 3) }
    }

    @Test("A file is named with its fault; one that is not there, too")
    func files() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/run.json5"
            #expect(throws: FileError.self) { try TrainingConfiguration(named: path) }
            try small { $0["steps"] = 0 }.write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: FileError.self) { try TrainingConfiguration(named: path) }
            #expect(error == FileError(path: path, fault: "steps must be positive"))
        }
    }

    @Test("The weights of the losses arrive at the step")
    func settings() throws {
        var configuration = try TinyRun.configuration()
        configuration.lossWeights = TrainingConfiguration.LossWeights(
            objectness: 1, proposalBoxes: 2, classes: 3, boxes: 4, masks: 5, keypoints: 6)
        configuration.boxLoss = .giou
        let settings = configuration.settings
        #expect(
            settings.weights == [
                .objectness: 1, .proposalBoxes: 2, .classes: 3, .boxes: 4, .masks: 5, .keypoints: 6,
            ])
        #expect(settings.boxLoss == .giou && settings.proposalBoxLoss == configuration.proposalBoxLoss)
        #expect(settings.proposals == configuration.proposals)
    }
}
