import Formats
import Foundation
import Geometry
import Inference
import Kernels
import Tensors
import TestSupport
import Testing

import Loading

/// What is said of a model, and what comes of it.
@Suite struct ConfigurationTests {
    private func stated(_ text: String) throws -> StatedConfiguration {
        try StatedConfiguration(json: Data(text.utf8), origin: "test")
    }

    private func options(_ assignments: String...) throws -> LoadingOptions {
        var options = LoadingOptions()
        options.assignments = try StatedConfiguration(assignments: assignments)
        return options
    }

    /// The one line that refuses an assignment, or the model with it.
    private func fault(_ assignments: String...) throws -> String {
        let file = try WrittenCheckpoint()
        do {
            var options = LoadingOptions()
            options.assignments = try StatedConfiguration(assignments: assignments)
            _ = try file.load(options)
        } catch let error as ConfigurationError {
            return error.description
        } catch let error as FileError {
            return error.fault
        }
        return "nothing"
    }

    // MARK: Printing and reading

    @Test("What is printed is read back, to the last bit", arguments: Profile.all.map(\.name))
    func roundTrip(name: String) throws {
        let profile = try #require(Profile.named(name))
        var architecture = Architecture.narrow()
        architecture.backbone.norm = .frozenBatch(epsilon: 1e-3)
        var configuration = Configuration(architecture, profile: profile)
        // Numbers that no decimal of few digits means.
        configuration.settings.boxes.scoreThreshold = Float(0.1).nextUp
        configuration.settings.proposals.nmsThreshold = 0.7.nextUp
        configuration.conventions.input.mean = [Float.pi, 1e-20, 123.675]
        configuration.architecture.proposals.anchorSizes = [[1.1], [22], [64], [128.5], [256]]
        let text = ConfigurationText(configuration, title: "test").text
        let read = try stated(text)
        #expect(read.profile?.name == name)
        var other = Configuration(architecture, profile: profile)
        for key in ConfigurationKey.all {
            let value = key.value(configuration)
            #expect(read[key.name]?.value == value, "\(key.name)")
            if let value { try key.set(value, in: &other) }
        }
        #expect(other == configuration)
        // In one line as well, as files carry it along.
        let line = try stated(configuration.json())
        for key in ConfigurationKey.all { #expect(line[key.name]?.value == key.value(configuration)) }
    }

    @Test("Every value has a comment, a place of its own, and a source")
    func text() throws {
        let names = ConfigurationKey.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(
            ConfigurationKey.all.allSatisfy {
                !$0.comment.isEmpty && $0.name.split(separator: ".").count == 2
            })
        let loaded = try WrittenCheckpoint().load(options("boxes.detectionsPerImage=7"))
        let text = ConfigurationText(loaded.model.configuration, sources: loaded.sources, title: "a model")
            .text
        #expect(text.hasPrefix("// a model\n"))
        #expect(text.contains("    detectionsPerImage: 7,  // --set\n"))
        #expect(text.contains("    nmsThreshold: 0.5,  // profile torchvision\n"))
        #expect(text.contains("    sizes: [[32], [64], [128], [256], [512]],  // profile torchvision\n"))
    }

    @Test("A file may hold any part, in sections or by whole names, with comments")
    func parts() throws {
        let read = try stated(
            "{profile: 'paper', boxes: {nmsThreshold: 0.6, /* … */}, 'masks.threshold': .25, // so\n}")
        #expect(read.profile == .paper)
        #expect(read["boxes.nmsThreshold"]?.value == .number(0.6))
        #expect(read["masks.threshold"]?.value == .number(0.25))
        #expect(read["boxes.scoreThreshold"] == nil)
        #expect(throws: ConfigurationError(description: "is not JSON5")) { try stated("{") }
        #expect(throws: ConfigurationError(description: "must be an object with members, in braces")) {
            try stated("[1]")
        }
    }

    // MARK: Setting

    @Test("Later words overwrite earlier ones: profile, file, --configuration, options, --set")
    func ranks() throws {
        let file = try WrittenCheckpoint(metadata: [
            "configuration":
                "{\"profile\": \"paper\", \"boxes\": {\"nmsThreshold\": 0.4, \"scoreThreshold\": 0.2}}",
            "profile": "paper",
        ])
        var options = LoadingOptions(scoreThreshold: 0.3)
        options.configuration = try stated("{boxes: {scoreThreshold: 0.25, detectionsPerImage: 9}}")
        options.assignments = try StatedConfiguration(assignments: ["boxes.detectionsPerImage=8"])
        let loaded = try file.load(options)
        let boxes = loaded.model.settings.boxes
        #expect(boxes == Settings.Boxes(scoreThreshold: 0.3, nmsThreshold: 0.4, detectionsPerImage: 8))
        #expect(loaded.sources["boxes.nmsThreshold"] == "from the file")
        #expect(loaded.sources["boxes.scoreThreshold"] == "given")
        #expect(loaded.sources["boxes.detectionsPerImage"] == "--set")
        #expect(loaded.sources["proposals.nmsThreshold"] == nil)
        #expect(loaded.model.configuration.profileName == "paper")
    }

    @Test("Everything that tensors do not tell can be said")
    func values() throws {
        let file = try WrittenCheckpoint()
        let model = try file.load(
            options(
                "anchors.sizes=[[16],[32],[64],[128],[256]]", "anchors.aspectRatios=[1, 2, 4]",
                "anchors.offset=0.5", "input.minimumSide=400", "input.maximumSide=600",
                "input.mean=[0.5,0.5,0.5]", "input.standardDeviation=[0.5,0.5,0.5]", "input.channelOrder=bgr",
                "input.padMultiple=64", "pooling.level=rounded", "pooling.layer=roialign-max",
                "pooling.samplingRatio=0", "proposals.nmsThreshold=0.6", "proposals.preNMSTopN=50",
                "proposals.postNMSTopN=40", "boxes.nmsThreshold=.4", "boxes.detectionsPerImage=300",
                "boxes.deltaScaling={weights: [20, 20, 10, 10]}", "backbone.stridePlacement=conv1",
                "backbone.batchNormEpsilon=1e-3")
        ).model
        #expect(model.architecture.proposals.anchorSizes == [[16], [32], [64], [128], [256]])
        #expect(model.architecture.proposals.aspectRatios == [1, 2, 4])
        #expect(model.settings.input == Settings.Input(minimumSide: 400, maximumSide: 600))
        #expect(
            model.conventions.input.mean == [0.5, 0.5, 0.5] && model.conventions.input.channelOrder == .bgr)
        #expect(model.conventions.input.padMultiple == 64 && model.conventions.pooling.level == .rounded)
        #expect(
            model.conventions.pooling.layer
                == .align(samplesPerAxis: nil, subtractsHalfPixel: false, .maximum))
        #expect(
            model.settings.proposals
                == Settings.Proposals(preNMSTopN: 50, postNMSTopN: 40, nmsThreshold: 0.6))
        #expect(model.settings.boxes.detectionsPerImage == 300)
        #expect(
            model.conventions.detections.coder.scaling == .weights(BoxDelta(dx: 20, dy: 20, dw: 10, dh: 10)))
        #expect(model.architecture.backbone.stridePlacement == .conv1)
        #expect(model.architecture.backbone.norm == .frozenBatch(epsilon: 1e-3))
        // Half of p3's stride of 8 to the right and down.
        let grid = model.anchors(
            level: 1, size: PixelSize(height: 2, width: 2), padded: PixelSize(height: 16, width: 16))
        #expect(grid[0].x1 + grid[0].x2 == 8 && grid[0].y1 + grid[0].y2 == 8)
    }

    @Test("What cannot be is refused in one line that names the key")
    func refusals() throws {
        #expect(
            try fault("boxes.detectionPerImage=3")
                == "there is no boxes.detectionPerImage; the nearest: boxes.detectionsPerImage")
        #expect(try fault("nmsThreshold=0.5").hasPrefix("there is no nmsThreshold; the nearest: "))
        #expect(try fault("boxes.count=3") == "boxes.count is called boxes.detectionsPerImage now")
        #expect(try fault("boxes") == "'boxes': expected key=value")
        #expect(
            try fault("boxes.detectionsPerImage=many")
                == "--set: boxes.detectionsPerImage must be a whole number, not \"many\"")
        #expect(
            try fault("boxes.detectionsPerImage=2.5")
                == "--set: boxes.detectionsPerImage must be a whole number, not 2.5")
        #expect(try fault("boxes.nmsThreshold=3") == "--set: boxes.nmsThreshold is 3.0, not from 0 to 1")
        #expect(
            try fault("input.channelOrder=grb")
                == "--set: input.channelOrder must be \"rgb\" or \"bgr\", not \"grb\"")
        #expect(
            try fault("input.standardDeviation=[0,1,1]")
                == "--set: input.standardDeviation must be three numbers from 0.001 to 255")
        #expect(try fault("masks.threshold=0.5") == "--set: masks.threshold: the model has no such part")
        #expect(
            try fault("profile=caffe").hasPrefix("profile must be one of torchvision, torchvision-v2, "))
        #expect(
            try fault("anchors.aspectRatios=[1]")
                == "parameter 'rpn.objectness.weight' is for 3 anchors at a position, expected 1: anchors.sizes "
                + "has 1 a level, anchors.aspectRatios 1 (--set)")
        #expect(
            try fault("anchors.sizes=[[1],[2]]").hasPrefix("--set: anchors.sizes: "))
        #expect(try fault("anchors.sizes=[[1,2,3]]", "anchors.aspectRatios=[1]") == "nothing")
    }

    // MARK: What files say

    /// As the file's own metadata have it, read by Python: 300 candidates a level, 200 proposals, sides 240 and 320.
    @Test("The shipped model, written before configurations had their present form, loads as ever")
    func shipped() throws {
        let model = try LoadedModel.shipped().model
        #expect(model.configuration.profileName == "paper")
        #expect(
            model.settings.proposals
                == Settings.Proposals(preNMSTopN: 300, postNMSTopN: 200, nmsThreshold: 0.7))
        #expect(model.settings.input == Settings.Input(minimumSide: 240, maximumSide: 320))
        #expect(model.architecture.proposals.anchorSizes == [[12], [24], [48], [96], [192]])
        #expect(model.architecture.backbone.norm == .group(groups: 8))
        #expect(model.conventions == Profile.paper.conventions)
        // A number of anchors on each level says nothing where all are counted together.
        let other = try LoadedModel.shipped(options: LoadingOptions(profile: .matterport)).model
        #expect(other.settings.proposals.preNMSTopN == 6000 && other.settings.proposals.postNMSTopN == 200)
        #expect(other.settings.boxes == model.settings.boxes)
    }

    @Test("What a trained model's file says, it loads with, whatever the profile's defaults")
    func storedSettings() throws {
        var configuration = Configuration(.tiny(), profile: .paper)
        configuration.settings.boxes.detectionsPerImage = 11
        configuration.conventions.input.channelOrder = .bgr
        var source = RandomParameters(seed: 1)
        let model = try Model(configuration, from: &source)
        let loaded = try WrittenCheckpoint(metadata: ModelMetadata(model).strings).load()
        #expect(loaded.model.configuration == configuration && loaded.remarks.isEmpty)
        // Conventions that are only the stored profile's give way to a given one.
        let other = try WrittenCheckpoint(metadata: ModelMetadata(model).strings)
            .load(LoadingOptions(profile: .detectron2)).model
        #expect(other.conventions.anchors == Profile.detectron2.conventions.anchors)
        #expect(other.conventions.input.channelOrder == .bgr)
        #expect(other.settings.boxes.detectionsPerImage == 11)
    }

    @Test("A bundle says how it was recorded; what is asked for comes before that")
    func bundles() throws {
        let file = try WrittenCheckpoint()
        let loaded = try file.load(options("boxes.nmsThreshold=0.3", "profile=paper"))
        var options = LoadingOptions()
        options.recorded = StatedConfiguration(bundleMetadata: try loaded.bundleMetadata(imagePath: nil))
        let again = try WrittenCheckpoint().load(options)
        #expect(again.model.configuration == loaded.model.configuration)
        options.profile = .mmdetection
        let other = try WrittenCheckpoint().load(options).model
        #expect(other.conventions == Profile.mmdetection.conventions)
        #expect(other.settings.boxes.nmsThreshold == 0.3)
        #expect(StatedConfiguration(bundleMetadata: ["profile": "detectron2"])?.profile == .detectron2)
        #expect(StatedConfiguration(bundleMetadata: ["configuration": "{}"])?.profile == nil)
    }

    // MARK: What is known

    @Test("1203 classes are LVIS's; the settings that go with them can be overruled")
    func lvis() throws {
        var network = Architecture.tiny()
        network.classes = 1203
        let loaded = try WrittenCheckpoint(network).load()
        #expect(loaded.model.settings.boxes.detectionsPerImage == 300)
        #expect(loaded.model.settings.boxes.scoreThreshold == 1e-4)
        #expect(loaded.remarks.count == 1 && loaded.remarks[0].contains("LVIS"))
        #expect(loaded.sources["boxes.detectionsPerImage"] == "known of LVIS")
        let given = try WrittenCheckpoint(network).load(options("boxes.detectionsPerImage=100"))
        #expect(given.model.settings.boxes.detectionsPerImage == 100)
    }

    @Test("Eight classes are Cityscapes' only under the names of detectron2 and MMDetection")
    func cityscapes() throws {
        var network = Architecture.tiny()
        network.classes = 8
        #expect(try WrittenCheckpoint(network).load().remarks.isEmpty)
        let lvis = try #require(KnownDataset(classes: 1203, names: nil, keyMap: .detectron2)).classes.names
        #expect(lvis.count == 1203 && lvis.first == "aerosol_can" && lvis.last == "zucchini")
        #expect(Set(lvis).count == 1203)
        let dataset = try #require(KnownDataset(classes: 8, names: nil, keyMap: .detectron2))
        #expect(dataset.classes.names[1] == "rider" && dataset.classes.categories[7] == 33)
        #expect(
            KnownDataset(classes: 8, names: ["a", "b", "c", "d", "e", "f", "g", "h"], keyMap: .mmdetection)
                == nil)
        #expect(
            KnownDataset(classes: 20, names: nil, keyMap: .mmdetection)?.classes.names.last == "tvmonitor")
    }

    @Test("A backbone with group norm under detectron2's names has its stride in the 3×3")
    func groupNormOfDetectron2() throws {
        var network = Architecture.tiny()
        network.backbone.norm = .group(groups: 2)
        func file() throws -> WrittenCheckpoint {
            try WrittenCheckpoint(network, keyMap: .detectron2, metadata: ["group_norm_groups": "2"]) {
                // No box for the background there.
                $0["roi_heads.box_predictor.bbox_pred.weight"] = Tensor(shape: [12, 5])
                $0["roi_heads.box_predictor.bbox_pred.bias"] = Tensor(shape: [12])
            }
        }
        let loaded = try file().load()
        #expect(loaded.model.configuration.profileName == "detectron2")
        #expect(loaded.model.architecture.backbone.stridePlacement == .conv2)
        #expect(loaded.sources["backbone.stridePlacement"] == "known of detectron2's group norm")
        let given = try file().load(LoadingOptions(stridePlacement: .conv1))
        #expect(given.model.architecture.backbone.stridePlacement == .conv1)
    }

    // MARK: Classes

    @Test("Names of classes, one a line or from annotations")
    func classes() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("classes.txt")
        func write(_ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        var options = LoadingOptions()
        options.classes = path
        try write("cat\r\ndog\r\nhot dog\r\n\n")
        #expect(
            try WrittenCheckpoint().load(options).model.classes
                == ClassTable(names: ["cat", "dog", "hot dog"]))
        try write(
            "\u{FEFF}{\"categories\": [{\"id\": 9, \"name\": \"z\"}, {\"id\": 0, \"name\": \"a\"}, {\"id\": 3}]}"
        )
        let table = try WrittenCheckpoint().load(options).model.classes
        #expect(table.names == ["a", "category 3", "z"] && table.categories == [0, 3, 9])
        for (text, fault) in [
            ("cat\n", "has 1 name of classes, the model 3 classes"),
            ("cat\n\ndog\n", "has an empty line between names"),
            ("{}", "has no list of categories with ids, as COCO's annotations have"),
        ] {
            try write(text)
            #expect(throws: FileError(path: path, fault: fault)) { try WrittenCheckpoint().load(options) }
        }
    }
}
