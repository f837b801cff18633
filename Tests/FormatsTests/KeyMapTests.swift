import Formats
import Testing

@Suite("Names of parameters")
struct KeyMapTests {
    /// The keys of a model that torchvision made, without the counters.
    private func keys(_ name: String) throws -> [String] {
        String(decoding: try fixtureBytes(name + ".keys"), as: UTF8.self).split(separator: "\n").map(
            String.init
        )
        .filter { !$0.hasSuffix(".num_batches_tracked") }
    }

    /// Every key of every model has one name of ours, no two the same, and the way back leads to it.
    @Test(arguments: [
        ("torchvision", KeyMap.torchvision, 307), ("torchvision-v2", .torchvisionV2, 363),
        ("torchvision-keypoint", .torchvision, 313),
    ])
    func everyKey(model: String, map: KeyMap, count: Int) throws {
        let keys = try keys(model)
        #expect(keys.count == count)
        #expect(KeyMap.detect(keys) == map)
        let names = try keys.map { try #require(map.native(from: $0), "\($0)") }
        #expect(Set(names).count == keys.count)
        #expect(names.map(map.foreign(from:)) == keys)
        #expect(names.map(KeyMap.native.native(from:)) == names)
        #expect(KeyMap.detect(names) == .native)
    }

    /// The published files of the first version have older names for the same parameters.
    @Test func olderKeys() throws {
        let keys = try keys("torchvision")
        let older = keys.map { key in
            var key = key.replacing("rpn.head.conv.0.0.", with: "rpn.head.conv.")
            for i in 0..<4 {
                key = key.replacing("_blocks.\(i).0.", with: "_blocks.\(i).")
                key = key.replacing("mask_head.\(i).0.", with: "mask_head.mask_fcn\(i + 1).")
            }
            return key
        }
        #expect(zip(keys, older).count { $0 != $1 } == 26)
        #expect(KeyMap.detect(older) == .torchvision)
        #expect(older.map(KeyMap.torchvision.native(from:)) == keys.map(KeyMap.torchvision.native(from:)))
    }

    /// frameworks.keys has the 307 parameters of Mask R-CNN with ResNet-50 and a pyramid, one a line: what
    /// detectron2, torchvision and MMDetection call it. Written from the frameworks' own code.
    @Test func threeFrameworks() throws {
        let lines = String(decoding: try fixtureBytes("frameworks.keys"), as: UTF8.self).split(
            separator: "\n"
        )
        .map { $0.split(separator: "\t").map(String.init) }
        #expect(lines.count == 307)
        for (column, map) in [KeyMap.detectron2, .torchvision, .mmdetection].enumerated() {
            let keys = lines.map { $0[column] }
            #expect(KeyMap.detect(keys) == map)
            let names = try keys.map { try #require(map.native(from: $0), "\($0)") }
            #expect(Set(names).count == 307)
            #expect(names == lines.map { KeyMap.torchvision.native(from: $0[1]) })
            #expect(names.map(map.foreign(from:)) == keys)
        }
    }

    /// By hand: what that model has not.
    @Test(arguments: [
        (KeyMap.detectron2, "roi_heads.keypoint_head.conv_fcn8.bias", "keypoint.hidden.8.bias"),
        (.detectron2, "roi_heads.keypoint_head.score_lowres.weight", "keypoint.heatmaps.weight"),
        (.detectron2, "backbone.bottom_up.res4.22.conv3.norm.bias", "backbone.c4.22.conv3.norm.bias"),
        (.detectron2C4, "backbone.stem.conv1.norm.weight", "backbone.stem.norm.weight"),
        (.detectron2C4, "backbone.res2.0.shortcut.weight", "backbone.c2.0.shortcut.weight"),
        (.detectron2C4, "roi_heads.res5.2.conv1.weight", "box.c5.2.conv1.weight"),
        (.detectron2C4, "roi_heads.res5.0.shortcut.norm.running_var", "box.c5.0.shortcut.norm.running_var"),
        (.mmdetection, "roi_head.shared_head.layer4.0.bn2.bias", "box.c5.0.conv2.norm.bias"),
        (.mmdetection, "backbone.layer3.22.conv1.weight", "backbone.c4.22.conv1.weight"),
    ])
    func otherModels(map: KeyMap, key: String, name: String) {
        #expect(map.native(from: key) == name)
        #expect(map.foreign(from: name) == key)
    }

    /// By hand, one of each kind.
    @Test(arguments: [
        ("backbone.body.conv1.weight", "backbone.stem.weight"),
        ("backbone.body.bn1.running_var", "backbone.stem.norm.running_var"),
        ("backbone.body.layer1.0.downsample.0.weight", "backbone.c2.0.shortcut.weight"),
        ("backbone.body.layer4.0.downsample.1.bias", "backbone.c5.0.shortcut.norm.bias"),
        ("backbone.body.layer3.22.conv2.weight", "backbone.c4.22.conv2.weight"),
        ("backbone.body.layer3.5.bn3.running_mean", "backbone.c4.5.conv3.norm.running_mean"),
        ("backbone.fpn.inner_blocks.0.0.bias", "fpn.lateral.p2.bias"),
        ("backbone.fpn.layer_blocks.3.weight", "fpn.p5.weight"),
        ("rpn.head.conv.weight", "rpn.hidden.1.weight"),
        ("rpn.head.cls_logits.bias", "rpn.objectness.bias"),
        ("rpn.head.bbox_pred.weight", "rpn.deltas.weight"),
        ("roi_heads.box_head.fc7.weight", "box.hidden.2.weight"),
        ("roi_heads.box_predictor.cls_score.weight", "box.logits.weight"),
        ("roi_heads.box_predictor.bbox_pred.bias", "box.deltas.bias"),
        ("roi_heads.mask_head.mask_fcn4.bias", "mask.hidden.4.bias"),
        ("roi_heads.mask_predictor.conv5_mask.weight", "mask.upsampled.weight"),
        ("roi_heads.mask_predictor.mask_fcn_logits.bias", "mask.logits.bias"),
        ("roi_heads.keypoint_head.14.weight", "keypoint.hidden.8.weight"),
        ("roi_heads.keypoint_predictor.kps_score_lowres.bias", "keypoint.heatmaps.bias"),
    ])
    func torchvision(key: String, name: String) { #expect(KeyMap.torchvision.native(from: key) == name) }

    @Test(arguments: [
        ("backbone.fpn.inner_blocks.1.1.running_var", "fpn.lateral.p3.norm.running_var"),
        ("backbone.fpn.layer_blocks.0.1.weight", "fpn.p2.norm.weight"),
        ("rpn.head.conv.1.0.weight", "rpn.hidden.2.weight"),
        ("roi_heads.box_head.3.0.weight", "box.convolution.4.weight"),
        ("roi_heads.box_head.0.1.bias", "box.convolution.1.norm.bias"),
        ("roi_heads.box_head.5.weight", "box.hidden.1.weight"),
        ("roi_heads.mask_head.2.1.running_mean", "mask.hidden.3.norm.running_mean"),
    ])
    func torchvisionV2(key: String, name: String) { #expect(KeyMap.torchvisionV2.native(from: key) == name) }

    @Test(arguments: [
        "", "weight", ".weight", "backbone.body.conv1", "backbone.body.conv1.running_mean",
        "backbone.body.bn1.num_batches_tracked", "backbone.body.layer1.01.conv1.weight",
        "backbone.body.layer1.-1.conv1.weight", "backbone.body.layer1.99999999999999999999.conv1.weight",
        "backbone.body.layer.0.conv1.weight", "roi_heads.keypoint_head.1.weight",
        "xbackbone.body.conv1.weight",
        "backbone.body.conv1.x.weight", "fpn.p5.weight",
    ])
    func noKey(key: String) { #expect(KeyMap.torchvision.native(from: key) == nil) }

    @Test func detection() {
        #expect(KeyMap.detect([]) == nil)
        #expect(KeyMap.detect(["conv1.weight", "layer1.0.conv1.weight", "fc.weight"]) == nil)
        // detectron2 has a few names in common with torchvision, which do not make it one.
        #expect(
            KeyMap.detect([
                "backbone.bottom_up.stem.conv1.weight", "backbone.fpn_lateral2.weight",
                "roi_heads.box_predictor.cls_score.weight", "proposal_generator.rpn_head.conv.weight",
            ]) == .detectron2)
    }

    @Test func noNameInThatScheme() {
        #expect(KeyMap.torchvision.foreign(from: "box.convolution.1.weight") == nil)
        #expect(KeyMap.torchvision.foreign(from: "fpn.p1.weight") == nil)
        #expect(KeyMap.torchvisionV2.foreign(from: "keypoint.heatmaps.bias") == nil)
    }
}
