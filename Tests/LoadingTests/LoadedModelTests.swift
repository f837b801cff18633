import Formats
import Kernels
import Loading
import Inference
import Tensors
import Testing

@Suite struct LoadedModelTests {
    private func decision(_ subject: String, _ loaded: LoadedModel) -> [String] {
        loaded.decisions.filter { $0.subject == subject }.flatMap { [$0.value, $0.reason] }
    }

    private func epsilon(_ loaded: LoadedModel) -> Normalization { loaded.model.architecture.backbone.norm }

    // MARK: Decisions

    @Test func namesOfParametersTellTheProfile() throws {
        let file = try WrittenCheckpoint()
        let first = try file.load()
        #expect(decision("profile", first) == ["torchvision", "from the names of the parameters"])
        #expect(decision("batch-norm epsilon", first) == ["0.0", "from the profile"])
        #expect(decision("stride", first) == ["in the 3×3 convolution", "from the profile"])
        #expect(decision("channels", first) == ["RGB", "from the profile"])
        #expect(first.remarks.isEmpty)
        #expect(first.model.architecture == .tiny())
        #expect(first.model.conventions == Profile.torchvision.conventions)

        let secondFile = try WrittenCheckpoint(.tiny(isSecond: true), keyMap: .torchvisionV2)
        let second = try secondFile.load()
        #expect(decision("profile", second) == ["torchvision-v2", "from the names of the parameters"])
        #expect(decision("batch-norm epsilon", second) == ["1e-05", "from the profile"])
        #expect(second.model.conventions == Profile.torchvisionV2.conventions && second.remarks.isEmpty)
    }

    @Test func theFilesWordGoesBeforeItsNamesAndAnOptionBeforeBoth() throws {
        let file = try WrittenCheckpoint(metadata: ["profile": "detectron2", "batch_norm_epsilon": "0.25"])
        let told = try file.load()
        #expect(decision("profile", told) == ["detectron2", "from the file"])
        #expect(decision("batch-norm epsilon", told) == ["0.25", "from the file"])
        #expect(decision("stride", told) == ["in the 1×1 convolution", "from the profile"])
        #expect(epsilon(told) == .frozenBatch(epsilon: 0.25))
        #expect(told.model.architecture.backbone.stridePlacement == .conv1)

        let given = try file.load(
            LoadingOptions(
                profile: .torchvision, batchNormEpsilon: 0.5, stridePlacement: .conv1, scoreThreshold: 0.75))
        #expect(decision("profile", given) == ["torchvision", "given"])
        #expect(decision("batch-norm epsilon", given) == ["0.5", "given"])
        #expect(decision("stride", given) == ["in the 1×1 convolution", "given"])
        #expect(epsilon(given) == .frozenBatch(epsilon: 0.5))
        #expect(given.model.architecture.backbone.stridePlacement == .conv1)
        #expect(given.model.settings.boxes.scoreThreshold == 0.75)
    }

    @Test func aGivenEpsilonGoesBeforeTheStoredConfiguration() throws {
        let stored = try ModelMetadata(WrittenCheckpoint().load().model).strings
        let file = try WrittenCheckpoint(metadata: stored)
        let told = try file.load()
        #expect(decision("batch-norm epsilon", told) == ["0.0", "from the file"])
        #expect(told.model.architecture == .tiny())
        let given = try file.load(LoadingOptions(batchNormEpsilon: 0.5))
        #expect(decision("batch-norm epsilon", given) == ["0.5", "given"])
        #expect(given.model.architecture == .tiny().with(batchNormEpsilon: 0.5))
        #expect(epsilon(given) == .frozenBatch(epsilon: 0.5))
    }

    @Test func anEpsilonNeedsABatchNorm() throws {
        var configuration = Architecture.tiny()
        configuration.backbone.norm = .bias
        let file = try WrittenCheckpoint(configuration)
        #expect(
            throws: FileError(path: file.path, fault: "has no batch norm that an epsilon could be given for")
        ) {
            try file.load(LoadingOptions(batchNormEpsilon: 0))
        }
    }

    @Test func meanAndDeviationFollowTheChannels() throws {
        let file = try WrittenCheckpoint()
        let reversed = try file.load(LoadingOptions(channelOrder: .bgr))
        #expect(decision("channels", reversed) == ["BGR", "given"])
        #expect(reversed.model.conventions.input.channelOrder == .bgr)
        #expect(reversed.model.conventions.input.mean == [0.406, 0.456, 0.485])
        #expect(reversed.model.conventions.input.standardDeviation == [0.225, 0.224, 0.229])
        let same = try file.load(LoadingOptions(channelOrder: .rgb))
        #expect(same.model.conventions == Profile.torchvision.conventions)
    }

    @Test func withoutBatchNormsThereIsNoEpsilonToDecide() throws {
        var configuration = Architecture.tiny()
        configuration.backbone.norm = .bias
        let file = try WrittenCheckpoint(configuration)
        let loaded = try file.load()
        #expect(decision("batch-norm epsilon", loaded).isEmpty)
        #expect(epsilon(loaded) == .bias)
    }

    // MARK: Remarks

    @Test func countersSuggestAnotherEpsilon() throws {
        let file = try WrittenCheckpoint { tensors in
            tensors["backbone.body.bn1.num_batches_tracked"] = Tensor(shape: [], elements: [7])
        }
        let loaded = try file.load()
        #expect(loaded.remarks.count == 1 && loaded.remarks[0].contains("--batch-norm-epsilon 1e-5"))
        let given = try file.load(LoadingOptions(batchNormEpsilon: 0))
        #expect(given.remarks.isEmpty)
    }

    @Test func tensorsThatNoPartTookAreRefused() throws {
        func fault(_ names: [String]) throws -> String? {
            let file = try WrittenCheckpoint { tensors in
                for name in names { tensors[name] = Tensor(shape: [1]) }
            }
            do {
                #expect(try file.load().remarks.isEmpty)
                return nil
            } catch let error as FileError {
                return error.fault
            }
        }
        #expect(
            try fault(["loss.scale"])?.hasPrefix("has 1 tensor (loss.scale) that belongs to no part") == true)
        // A counter is nobody's parameter.
        #expect(try fault(["ema.decay"]) == nil)
        // A parameter by its name, yet of a block that the network does not have.
        #expect(
            try fault(["a", "b", "c", "backbone.body.layer1.7.conv1.weight"])?.hasPrefix(
                "has 4 tensors (a, b, backbone.body.layer1.7.conv1.weight, …) that belong to no part") == true
        )
    }

    @Test func aPublishedNameIsChecked() throws {
        let file = try WrittenCheckpoint(name: "maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth")
        let loaded = try file.load()
        let remark = try #require(loaded.remarks.first)
        #expect(
            remark.hasPrefix(
                "The name claims the published maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth, but the content's SHA-256 begins with "
            ))
        #expect(loaded.remarks.count == 1)
    }

    // MARK: Refusals

    /// The fault of a file that must not load: one line that begins with its path.
    private func fault(
        metadata: [String: String] = [:], options: LoadingOptions = LoadingOptions(),
        change: (inout [String: Tensor]) -> Void = { _ in }
    ) throws -> String {
        let file = try WrittenCheckpoint(metadata: metadata, change: change)
        let error = try #require(throws: FileError.self) {
            try file.load(options)
        }
        #expect(error.path == file.path && !error.description.contains("\n"))
        return error.fault
    }

    @Test func damageIsNamed() throws {
        let name = "roi_heads.box_predictor.bbox_pred.weight"
        #expect(
            try fault { $0[name] = nil }
                == "no parameter 'box.deltas.weight': not a Mask R-CNN that is known here")
        #expect(
            try fault { $0[name] = Tensor(shape: [2, 3]) }
                == "parameter 'box.deltas.weight' has shape [2, 3], the model needs [16, 5]")
        for value in [Float.nan, .infinity, -.infinity] {
            #expect(
                try fault { $0[name]?[3, 2] = value }
                    == "parameter 'box.deltas.weight' holds a NaN or an infinity (element 17)")
        }
        #expect(
            try fault { $0["backbone.body.conv1.weight"] = nil }
                == "no parameter 'backbone.stem.weight': not a Mask R-CNN that is known here")
        #expect(
            try fault { $0["rpn.head.cls_logits.weight"] = Tensor(shape: [5, 4, 1, 1]) }
                == "parameter 'rpn.objectness.weight' is for 5 anchors at a position, expected 3: "
                + "anchors.sizes has 1 a level, anchors.aspectRatios 3 (--set)")
    }

    /// A user's own words under a name of ours: passed over, and said so.
    @Test(arguments: [
        ("profile", "caffe"), ("profile", "a\nb"), ("batch_norm_epsilon", "-1"),
        ("batch_norm_epsilon", "nan"),
        ("batch_norm_epsilon", "1e-5\n"), ("group_norm_groups", "many"), ("channels", "bgr 1 2 3 0 0 0"),
        ("channels", "x"), ("stride_placement", "conv9"), ("input", "the garden"), ("input", "{}"),
        ("classes", "dogs"), ("classes", "[]"), ("configuration", "mine"), ("configuration", "{\"a\": 1}"),
    ])
    func foreignMetadataIsPassedOver(key: String, text: String) throws {
        let loaded = try WrittenCheckpoint(metadata: [key: text]).load()
        #expect(
            loaded.remarks == ["The file's own '\(key)' is not in this program's form, and passed over."])
        let plain = try WrittenCheckpoint().load()
        #expect(loaded.model.configuration == plain.model.configuration)
        #expect(loaded.model.classes == plain.model.classes)
    }

    /// Whatever stands before the names, the model is the same; what else is there is said.
    @Test(arguments: ["module.", "model.", "_orig_mod.", "module._orig_mod.", "net.", "a.b.c.d."])
    func prefixesAreTakenOff(prefix: String) throws {
        func parameters(_ model: Model) -> [Float] { model.network.backbone.stem.convolution.weight.array }
        let plain = try WrittenCheckpoint().load()
        let wrapped = try WrittenCheckpoint { tensors in
            tensors = Dictionary(uniqueKeysWithValues: tensors.map { (prefix + $0.key, $0.value) })
            tensors["loss.weight"] = Tensor(shape: [7])
        }.load()
        #expect(parameters(wrapped.model) == parameters(plain.model))
        #expect(wrapped.model.configuration == plain.model.configuration)
        #expect(
            wrapped.remarks == [
                "1 tensor (loss.weight) of the file did not begin with '\(prefix)', as those of the model do."
            ])
    }

    // Group norms by our own names, whose number of groups no file tells.
    @Test func groupsThatDoNotDivideAreRefused() throws {
        let file = try WrittenCheckpoint(.narrow(), keyMap: .native)
        let error = try #require(throws: FileError.self) { try file.load() }
        #expect(
            error.fault == "the backbone has group norms of 16 channels, which 32 groups do not divide")
    }

    @Test func whatIsNoFileIsRefused() throws {
        let error = try #require(throws: FileError.self) { try LoadedModel(contentsOf: "no such file") }
        #expect(error.path == "no such file")
        let foreign = try WrittenCheckpoint { $0 = ["a": Tensor(shape: [1]), "b": Tensor(shape: [1])] }
        let unknown = try #require(throws: FileError.self) { try foreign.load() }
        #expect(unknown.fault == "has parameters of no known network: 'a', 'b'")
    }

    // MARK: Without a file

    @Test func randomModelsRepeatAndSaySo() throws {
        let options = LoadingOptions(channelOrder: .bgr, scoreThreshold: 0.5)
        let model = try LoadedModel(randomSeed: 4, options: options)
        #expect(model.file == nil && model.remarks.count == 1)
        #expect(decision("weights", model) == ["random, seed 4", "none were given"])
        #expect(model.model.settings.boxes.scoreThreshold == 0.5)
        #expect(model.model.conventions.input.channelOrder == .bgr)
        func weight(_ seed: UInt64) throws -> [Float] {
            try LoadedModel(randomSeed: seed).model.network.backbone.stem.convolution.weight.array
        }
        #expect(try weight(4) == weight(4))
        #expect(try weight(4) != weight(5))
    }
}
