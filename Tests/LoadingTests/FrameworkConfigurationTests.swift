import Formats
import Foundation
import Inference
import Tensors
import TestSupport
import Testing

import Loading

/// Configurations of the frameworks themselves: what they say is followed, what is not supported is named.
@Suite struct FrameworkConfigurationTests {
    private func value(_ stated: StatedConfiguration, _ name: String) -> String? { stated[name]?.value.text }

    // MARK: MMDetection

    /// As mmengine writes it (version 3), with other numbers than usual.
    private static let third = """
        auto_scale_lr = dict(base_batch_size=16, enable=False)
        model = dict(
            type='MaskRCNN',
            backbone=dict(type='ResNet', depth=50, style='caffe', init_cfg=dict(
                type='Pretrained', checkpoint='open-mmlab://detectron2/resnet50_caffe')),
            data_preprocessor=dict(
                bgr_to_rgb=False, mean=[103.53, 116.28, 123.675,], std=[1.0, 1.0, 1.0], pad_size_divisor=64,
                type='DetDataPreprocessor'),
            neck=dict(in_channels=[256, 512, 1024, 2048], num_outs=5, type='PAFPN'),
            rpn_head=dict(
                anchor_generator=dict(
                    ratios=[0.5, 1.0, 2.0,], scales=[2, 4 * 2], strides=[4, 8, 16, 32, 64,], center_offset=0.25,
                    type='AnchorGenerator'),
                bbox_coder=dict(target_means=[.0, .0, .0, .0], target_stds=[1.0, 1.0, 1.0, 1.0],
                    type='DeltaXYWHBBoxCoder'),
                loss_bbox=dict(loss_weight=1.0, type='L1Loss'), type='RPNHead'),
            roi_head=dict(
                bbox_head=dict(bbox_coder=dict(target_stds=[0.1, 0.1, 0.2, 0.2], type='DeltaXYWHBBoxCoder')),
                bbox_roi_extractor=dict(
                    roi_layer=dict(output_size=7, sampling_ratio=2, type='RoIAlign'), type='SingleRoIExtractor'),
                type='StandardRoIHead'),
            test_cfg=dict(
                rcnn=dict(mask_thr_binary=0.4, max_per_img=7, nms=dict(iou_threshold=0.45, type='nms'),
                    score_thr=0.1),
                rpn=dict(max_per_img=500, min_bbox_size=2, nms=dict(iou_threshold=0.6, type='soft_nms'),
                    nms_pre=700)))
        test_pipeline = [
            dict(backend_args=None, type='LoadImageFromFile'),
            dict(keep_ratio=True, scale=(1024, 600,), type='Resize'),  # a comment, with a ( in it
            dict(meta_keys=('img_id', 'img_path',), type='PackDetInputs'),
        ]
        """

    @Test("MMDetection 3's text is followed value by value, and what is not supported named")
    func thirdVersion() {
        let stated = MMDetectionConfiguration(Self.third).stated(by: "cfg")
        for (name, expected) in [
            ("input.channelOrder", "\"bgr\""), ("input.mean", "[103.53, 116.28, 123.675]"),
            ("input.standardDeviation", "[1, 1, 1]"), ("input.padMultiple", "64"),
            ("input.minimumSide", "600"), ("input.maximumSide", "1024"),
            ("backbone.stridePlacement", "\"conv1\""), ("anchors.aspectRatios", "[0.5, 1, 2]"),
            ("anchors.sizes", "[[8, 32], [16, 64], [32, 128], [64, 256], [128, 512]]"),
            ("anchors.offset", "0.25"), ("proposals.preNMSTopN", "700"), ("proposals.postNMSTopN", "500"),
            ("proposals.nmsThreshold", "0.6"), ("proposals.minimumSide", "2"),
            ("proposals.deltaScaling", "{\"standardDeviations\": [1, 1, 1, 1]}"),
            ("boxes.deltaScaling", "{\"standardDeviations\": [0.1, 0.1, 0.2, 0.2]}"),
            ("pooling.samplingRatio", "2"), ("boxes.scoreThreshold", "0.1"), ("boxes.nmsThreshold", "0.45"),
            ("boxes.detectionsPerImage", "7"), ("masks.threshold", "0.4"),
        ] {
            #expect(value(stated, name) == expected, "\(name)")
        }
        #expect(stated["boxes.detectionsPerImage"]?.origin == "cfg: model.test_cfg.rcnn.max_per_img")
        #expect(
            stated.remarks == [
                "model.test_cfg.rpn.nms.type soft_nms is not followed: suppression is greedy here",
                "model.neck.type PAFPN is not followed",
            ])
    }

    @Test("Version 2 has some things under other names and in other places")
    func secondVersion() {
        let stated = MMDetectionConfiguration(
            """
            _base_ = ['../_base_/models/mask_rcnn_r50_fpn.py']
            model = dict(
                roi_head=dict(bbox_head=dict(bbox_coder=dict(target_means=[0., 0., 0., 0.],
                    target_stds=[0.2, 0.2, 0.4, 0.4]))),
                rpn_head=dict(anchor_generator=dict(octave_base_scale=4, scales_per_octave=2, strides=[8, 16])))
            test_cfg = dict(rpn=dict(nms_pre=10, nms_post=5, max_num=6, nms_thr=0.65),
                rcnn={'score_thr': 1e-3, 'max_per_img': 12, 'nms': dict(type='nms', iou_thr=0.5)})
            img_norm_cfg = dict(mean=[1, 2, 3], std=[4, 5, 6], to_rgb=True)
            data = dict(test=dict(pipeline=[dict(type='MultiScaleFlipAug', img_scale=(1333, 800), flip=False,
                transforms=[dict(type='Resize', keep_ratio=True)])]))
            """
        ).stated(by: "cfg")
        #expect(value(stated, "proposals.postNMSTopN") == "6")
        #expect(value(stated, "proposals.nmsThreshold") == "0.65")
        #expect(value(stated, "boxes.scoreThreshold") == "0.001")
        #expect(value(stated, "boxes.nmsThreshold") == "0.5")
        #expect(value(stated, "input.minimumSide") == "800" && value(stated, "input.maximumSide") == "1333")
        #expect(value(stated, "input.channelOrder") == "\"rgb\"")
        #expect(value(stated, "boxes.deltaScaling") == "{\"standardDeviations\": [0.2, 0.2, 0.4, 0.4]}")
        #expect(stated.remarks == ["_base_ is not read: what stands there is not followed"])
        // 8 · 4 and 8 · 4 · √2.
        #expect(value(stated, "anchors.sizes")?.hasPrefix("[[32, 45.25483") == true)
    }

    @Test(
        "No text makes the reader stop, hang or run anything",
        arguments: [
            "", "x", "x =", "model = dict(", "model = [[[[",
            "a = " + String(repeating: "-", count: 100_000) + "1",
            "a = " + String(repeating: "[", count: 100_000),
            "a = " + String(repeating: "dict(a=", count: 50_000),
            "a = 'never closed", "a = \"\"\"never\nclosed", "model = dict(test_cfg=dict(rcnn=1))",
            "= = =", ")))", "model = __import__('os').system('true')", "\u{0}\u{0}", "a = {1: 2, 'b': }",
        ])
    func hostileText(text: String) {
        let stated = MMDetectionConfiguration(text).stated(by: "cfg")
        #expect(stated["boxes.scoreThreshold"] == nil)
    }

    // MARK: detectron2

    private static let yaml = """
        CUDNN_BENCHMARK: false
        INPUT:
          CROP:
            ENABLED: false
          FORMAT: RGB
          MAX_SIZE_TEST: 1024
          MIN_SIZE_TEST: 640
          MIN_SIZE_TRAIN:
          - 640
          - 672
        MODEL:
          ANCHOR_GENERATOR:
            ANGLES:
            - - -90
              - 0
              - 90
            ASPECT_RATIOS:
            - - 0.5
              - 1.0
              - 2.0
            NAME: DefaultAnchorGenerator
            OFFSET: 0.5
            SIZES:
            - - 16
            - - 32
            - - 64
            - - 128
            - - 256
          META_ARCHITECTURE: GeneralizedRCNN
          KEYPOINT_ON: false
          MASK_ON: true
          PIXEL_MEAN: [123.675, 116.28, 103.53]
          PIXEL_STD:
          - 58.395
          - 57.12
          - 57.375
          PROPOSAL_GENERATOR:
            MIN_SIZE: 0
            NAME: RRPN  # rotated
          RESNETS:
            STRIDE_IN_1X1: false
          ROI_BOX_HEAD:
            BBOX_REG_WEIGHTS: &id001
            - 10.0
          ROI_HEADS:
            NMS_THRESH_TEST: 0.6
            SCORE_THRESH_TEST: 0.01
        """

    @Test("A config.yaml of detectron2 is followed value by value, and what is not supported named")
    func detectron2() throws {
        var text = Self.yaml.replacing(
            "BBOX_REG_WEIGHTS: &id001\n    - 10.0\n",
            with: "BBOX_REG_WEIGHTS: !!\n")
        #expect(throws: ConfigurationError.self) { try Detectron2Configuration(text) }
        text = Self.yaml.replacing(
            "BBOX_REG_WEIGHTS: &id001\n    - 10.0\n",
            with: """
                BBOX_REG_WEIGHTS: (20.0, 20.0, 10.0, 10.0)
                    POOLER_SAMPLING_RATIO: 0
                    POOLER_TYPE: ROIAlign

                """)
        text += "\nTEST:\n  DETECTIONS_PER_IMAGE: 33\nVERSION: 2\n"
        let stated = try Detectron2Configuration(text).stated(by: "config.yaml")
        #expect(stated.profile == .detectron2)
        for (name, expected) in [
            ("input.channelOrder", "\"rgb\""), ("input.mean", "[123.675, 116.28, 103.53]"),
            ("input.standardDeviation", "[58.395, 57.12, 57.375]"), ("input.minimumSide", "640"),
            ("input.maximumSide", "1024"), ("anchors.sizes", "[[16], [32], [64], [128], [256]]"),
            ("anchors.aspectRatios", "[0.5, 1, 2]"), ("anchors.offset", "0.5"),
            ("backbone.stridePlacement", "\"conv2\""), ("boxes.nmsThreshold", "0.6"),
            ("boxes.scoreThreshold", "0.01"), ("boxes.detectionsPerImage", "33"),
            ("boxes.deltaScaling", "{\"weights\": [20, 20, 10, 10]}"), ("pooling.samplingRatio", "0"),
            ("pooling.subtractsHalfPixel", "false"),
        ] {
            #expect(value(stated, name) == expected, "\(name)")
        }
        #expect(stated.remarks == ["MODEL.PROPOSAL_GENERATOR.NAME \"RRPN\" is not followed"])
    }

    @Test(
        "What is no plain YAML is refused with its line",
        arguments: [
            ("a: *b", "line 1 has '*b', which no '&' came before"),
            ("a: !!python/tuple [1]", "line 1 has '!!python/tuple [1]', which is not read here"),
            (
                (0..<40).map { "a\($0): &b\($0)\n- *b\($0 - 1)\n- *b\($0 - 1)" }.joined(separator: "\n")
                    .replacing(
                        "*b-1", with: "1"), "line 44 repeats too much by '*b13'"
            ),
            ("a: 1\na: 2", "line 2 has 'a' a second time"),
            ("a:\n\tb: 1", "line 2 is indented by a tab"),
            ("a: [1, 2", "line 1 has a bracket that is not closed"),
            ("word", "line 1 is no member: 'word'"),
            ("a: 1\n   b: 2", "line 2 is indented in another way than before"),
            ("a: |\n  text", "line 1 has '|', which is not read here"),
            (String(repeating: "- ", count: 1000) + "1", "line 1 is nested too deeply"),
        ])
    func hostileYAML(text: String, fault: String) {
        let error = #expect(throws: ConfigurationError.self) { try PlainYAML.read(text) }
        #expect(error?.description == fault)
    }

    /// By PyYAML 6: the same text gives the same values.
    @Test("Plain YAML reads as YAML does")
    func plainYAML() throws {
        let text = """
            ---
            # a comment
            a: 1
            b: [1, 2.5, [x, "y"]]
            c:
              - 1
              -
                d: 'it: is # no comment'
              - e: null
                f: true
            g: {}
            """
        #expect(throws: ConfigurationError.self) { try PlainYAML.read(text) }
        let read = try PlainYAML.read(text.replacing("\ng: {}", with: "\ng:\nh: (1, 2)"))
        #expect(
            read.text
                == "{\"a\": 1, \"b\": [1, 2.5, [\"x\", \"y\"]], \"c\": [1, {\"d\": \"it: is # no comment\"}, "
                + "{\"e\": null, \"f\": true}], \"g\": null, \"h\": [1, 2]}")
    }

    /// As `yaml.safe_dump` writes a list of Python's that stands in several places; the values are PyYAML 6's.
    @Test("Anchors and aliases are followed")
    func yamlAliases() throws {
        let text = """
            a: &id001
            - 10.0
            - 5.0
            b: *id001
            c:
            - &id002
              - 1
            - *id002
            - *id001
            d: &id003
              e: &id004 word
            f: [1, 2]
            g: *id003
            h: *id004
            """
        #expect(
            try PlainYAML.read(text).text
                == "{\"a\": [10, 5], \"b\": [10, 5], \"c\": [[1], [1], [10, 5]], \"d\": {\"e\": \"word\"}, "
                + "\"f\": [1, 2], \"g\": {\"e\": \"word\"}, \"h\": \"word\"}")
    }

    // MARK: Buffers

    /// As detectron2's `generate_cell_anchors` makes them for sizes 16 and 40, ratios 1 and 4.
    @Test("cell_anchors in a checkpoint are followed")
    func cellAnchors() throws {
        func write(_ rows: [Float], levels: Int = 5) throws -> CellAnchors? {
            let folder = try TemporaryFolder()
            let path = folder.path("tensors.safetensors")
            var writer = SafetensorsWriter(metadata: [:])
            // One of detectron2's names, so that the file is a checkpoint.
            writer.add("backbone.bottom_up.stem.conv1.weight", Tensor(shape: [1]))
            for level in 0..<levels {
                writer.add(
                    "proposal_generator.anchor_generator.cell_anchors.\(level)",
                    Tensor(shape: [rows.count / 4, 4], elements: rows))
            }
            try writer.write(to: path)
            return try CellAnchors(try Checkpoint(contentsOf: path))
        }
        let anchors = try #require(
            try write([-8, -8, 8, 8, -4, -16, 4, 16, -20, -20, 20, 20, -10, -40, 10, 40]))
        #expect(anchors.sizes == Array(repeating: [16, 40], count: 5) && anchors.aspectRatios == [1, 4])
        #expect(try write([], levels: 0) == nil)
        #expect(throws: ConfigurationError.self) { try write([-8, -8, 8, 9]) }
        #expect(throws: ConfigurationError.self) {
            try write([-8, -8, 8, 8, -4, -16, 4, 16, -20, -20, 20, 20])
        }
    }
}
