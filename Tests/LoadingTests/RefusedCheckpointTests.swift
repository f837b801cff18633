import Formats
import Inference
import Loading
import Tensors
import TestSupport
import Testing

/// Files that hold more than the network which is built here, or less.
@Suite("Refused checkpoints")
struct RefusedCheckpointTests {
    /// detectron2 and MMDetection have no box for the background.
    private static func removeBackground(from tensors: inout [String: Tensor]) {
        for layer in ["roi_heads.box_predictor.bbox_pred", "roi_head.bbox_head.fc_reg"]
        where tensors["\(layer).weight"]?.shape == [16, 5] && tensors["backbone.body.conv1.weight"] == nil {
            tensors["\(layer).weight"] = Tensor(shape: [12, 5])
            tensors["\(layer).bias"] = Tensor(shape: [12])
        }
    }

    private func fault(
        _ configuration: Architecture = .tiny(), keyMap: KeyMap = .torchvision, ignoring: [String] = [],
        change: (inout [String: Tensor]) -> Void
    ) throws -> String? {
        let file = try WrittenCheckpoint(configuration, keyMap: keyMap) { tensors in
            Self.removeBackground(from: &tensors)
            change(&tensors)
        }
        var options = LoadingOptions()
        options.ignoredTensors = ignoring
        do {
            _ = try file.load(options)
            return nil
        } catch let error as FileError {
            return error.fault
        }
    }

    @Test(
        "A part of a known kind is named, under the frameworks' own names",
        arguments: [
            (KeyMap.detectron2, "backbone.bottom_up.res3.0.conv2_offset.weight", "deformable convolutions"),
            (.mmdetection, "backbone.layer2.0.conv2.conv_offset.weight", "deformable convolutions"),
            (.mmdetection, "backbone.layer2.0.context_block1.conv_mask.weight", "GCNet"),
            (.mmdetection, "neck.downsample_convs.0.conv.weight", "PAFPN"),
            (.mmdetection, "roi_head.mask_iou_head.fcs.0.weight", "Mask Scoring"),
            (.mmdetection, "roi_head.point_head.fcs.0.conv.weight", "PointRend"),
            (.detectron2, "sem_seg_head.p2.0.weight", "panoptic FPN"),
        ])
    func namedParts(keyMap: KeyMap, key: String, name: String) throws {
        let fault = try #require(
            try fault(keyMap: keyMap) { $0[key] = Tensor(shape: [1]) })
        #expect(fault.hasPrefix("has ") && fault.contains(name) && fault.contains("'\(key)'"), "\(fault)")
        #expect(fault.contains("--ignore"))
        let rest = try self.fault(keyMap: keyMap, ignoring: [String(key.prefix(20)) + "*"]) {
            $0[key] = Tensor(shape: [1])
        }
        // The pattern takes parts of the backbone along in some cases; what is left is judged anew.
        #expect(rest?.contains(name) != true)
    }

    @Test("Another tensor is named as it is, and can be ignored")
    func unknownTensors() throws {
        func add(_ tensors: inout [String: Tensor]) {
            tensors["roi_heads.extra.weight"] = Tensor(shape: [1])
        }
        let found = try fault(change: add)
        #expect(
            found
                == "has 1 tensor (roi_heads.extra.weight) that belongs to no part of torchvision's network as it is "
                + "built here (--ignore 'name*' leaves such tensors out)")
        #expect(try fault(ignoring: ["roi_heads.extra.*"], change: add) == nil)
        #expect(
            try fault(ignoring: ["rpn.nothing*"], change: add)
                == "has no tensor whose name fits 'rpn.nothing*' (--ignore)")
    }

    @Test("What was ignored is said")
    func remark() throws {
        let file = try WrittenCheckpoint { $0["roi_heads.extra.weight"] = Tensor(shape: [1]) }
        var options = LoadingOptions()
        options.ignoredTensors = ["*.extra.*"]
        #expect(
            try file.load(options).remarks == [
                "Tensors named *.extra.* are ignored: this is another network than the file was trained as."
            ])
    }

    @Test("A mask head without its last layer is no reason to run without masks")
    func missingLastLayer() throws {
        var configuration = Architecture.tiny()
        configuration.masks = Architecture.Masks(
            head: .fullyConvolutional(convolutions: 1, channels: 4, norm: .bias))
        let found = try fault(configuration) { tensors in
            for name in tensors.keys where name.contains("mask_fcn_logits") { tensors[name] = nil }
        }
        #expect(
            found?.hasSuffix(
                "has a mask head, such as 'mask.hidden.1.bias', without its last layer 'mask.logits.weight'")
                == true, "\(found ?? "loads")")
        #expect(
            try fault(configuration, ignoring: ["roi_heads.mask*"]) { tensors in
                for name in tensors.keys where name.contains("mask_fcn_logits") { tensors[name] = nil }
            } == nil)
    }

    @Test(
        "A second hidden layer of the region proposal network is built",
        arguments: [
            KeyMap.torchvision, .detectron2, .mmdetection,
        ])
    func twoHiddenLayers(keyMap: KeyMap) throws {
        var configuration = Architecture.tiny()
        configuration.proposals.convolutions = 2
        let names =
            [
                KeyMap.torchvision: ["rpn.head.conv.0.0", "rpn.head.conv.1.0"],
                .detectron2: [
                    "proposal_generator.rpn_head.conv.conv0", "proposal_generator.rpn_head.conv.conv1",
                ],
                .mmdetection: ["rpn_head.rpn_conv.0.conv", "rpn_head.rpn_conv.1.conv"],
            ][keyMap] ?? []
        let file = try WrittenCheckpoint(configuration, keyMap: keyMap) { tensors in
            Self.removeBackground(from: &tensors)
            for (index, name) in names.enumerated() {
                for word in ["weight", "bias"] {
                    let own = keyMap.foreign(from: "rpn.hidden.\(index + 1).\(word)") ?? ""
                    let tensor = tensors.removeValue(forKey: own)
                    tensors["\(name).\(word)"] = tensor
                }
            }
        }
        #expect(try file.load().model.architecture.proposals.convolutions == 2)
    }

    @Test(
        "Whole networks are named",
        arguments: [
            ("head.classification_head.cls_logits.weight", "RetinaNet"),
            ("bbox_head.retina_cls.weight", "RetinaNet"), ("bbox_head.conv_centerness.weight", "FCOS"),
            ("backbone.patch_embed.projection.weight", "Swin"),
        ])
    func wholeNetworks(key: String, name: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("network.safetensors")
        var writer = SafetensorsWriter()
        for index in 0..<3 { writer.add("\(key)\(index)", Tensor(shape: [1])) }
        writer.add(key, Tensor(shape: [1]))
        try writer.write(to: path)
        let error = try #require(throws: FileError.self) { try LoadedModel(contentsOf: path) }
        #expect(error.fault.contains(name) && error.fault.contains("not built here"), "\(error.fault)")
    }
}
