import Geometry
import Kernels

// The named profiles. Where two frameworks agree, they have the same values here.

extension Profile {
    /// torchvision's first generation: `maskrcnn_resnet50_fpn`, `fasterrcnn_resnet50_fpn`,
    /// `keypointrcnn_resnet50_fpn` with published weights.
    public static let torchvision = Profile(
        name: "torchvision",
        conventions: Conventions(
            input: Conventions.Input(
                resize: .torchvision, filter: .bilinearFloat, channelOrder: .rgb,
                mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225], whitePoint: 1,
                padMultiple: 32),
            anchors: Conventions.Anchors(roundsCorners: true, stride: .measured, ratiosAreOuter: true),
            proposals: Conventions.Proposals(
                coder: .torchvision(.proposals), minimumSide: 1e-3, minimumIsExcluded: false,
                ranksByLogit: false),
            pooling: Conventions.Pooling(
                level: .epsilonOutside(1e-6), scale: .measured,
                layer: .align(samplesPerAxis: 2, subtractsHalfPixel: false)),
            detections: Conventions.Detections(
                coder: .torchvision(.detections), minimumSide: 1e-2),
            output: Conventions.Output(
                clipsBoxes: false, pasting: .wholePixels, keypointScore: .logit)),
        assumptions: ArchitectureAssumptions(batchNormEpsilon: 0, stridePlacement: .conv2))

    /// torchvision's second generation: `maskrcnn_resnet50_fpn_v2`. Most differences are in the network and can be
    /// inferred from a checkpoint, except batch norm's epsilon.
    public static let torchvisionV2: Profile = {
        var profile = torchvision
        profile.name = "torchvision-v2"
        profile.assumptions.batchNormEpsilon = 1e-5
        return profile
    }()

    /// detectron2's model zoo.
    public static let detectron2 = Profile(
        name: "detectron2",
        conventions: Conventions(
            input: Conventions.Input(
                resize: .detectron2, filter: .antialiasedBytes, channelOrder: .bgr,
                mean: [103.53, 116.28, 123.675], standardDeviation: [1, 1, 1], whitePoint: 255,
                padMultiple: 32),
            anchors: Conventions.Anchors(roundsCorners: false, stride: .nominal, ratiosAreOuter: false),
            proposals: Conventions.Proposals(
                coder: .torchvision(.proposals), minimumSide: 0, minimumIsExcluded: true, ranksByLogit: true),
            pooling: Conventions.Pooling(
                level: .epsilonInside(1e-8), scale: .nominal,
                layer: .align(samplesPerAxis: nil, subtractsHalfPixel: true)),
            detections: Conventions.Detections(
                coder: .torchvision(.detections), minimumSide: 0),
            output: Conventions.Output(
                clipsBoxes: true, pasting: .pixelCentres, keypointScore: .probability)),
        assumptions: ArchitectureAssumptions(
            batchNormEpsilon: 1e-5, stridePlacement: .conv1, lastStageDilation: 2),
        padMultipleWithoutPyramid: 1)

    /// MMDetection 2 and 3, `mask_rcnn_r50_fpn` in "pytorch" style (RGB; stride in the 3×3 convolution).
    ///
    /// The final suppression runs in the resized frame, as in MMDetection 3 with a mask head; MMDetection 2 runs it in
    /// original image coordinates, and may keep other boxes where an IoU is close to the threshold. The order of
    /// anchors of equal probability depends on PyTorch's sort in MMDetection; here it is the order of the grid.
    public static let mmdetection = Profile(
        name: "mmdetection",
        conventions: Conventions(
            input: Conventions.Input(
                resize: .mmdetection, filter: .fixedPointBytes, channelOrder: .rgb,
                mean: [123.675, 116.28, 103.53], standardDeviation: [58.395, 57.12, 57.375], whitePoint: 255,
                padMultiple: 32),
            anchors: Conventions.Anchors(roundsCorners: false, stride: .nominal, ratiosAreOuter: true),
            proposals: Conventions.Proposals(
                coder: .mmdetection(.proposals), minimumSide: 0, minimumIsExcluded: true,
                selectsByLogit: false,
                ranksByLogit: false,
                suppression: Conventions.Suppression(classSeparation: .automatic(above: 9999))),
            pooling: Conventions.Pooling(
                level: .epsilonInsideFromFinest(1e-6), scale: .nominal,
                layer: .align(samplesPerAxis: nil, subtractsHalfPixel: true)),
            detections: Conventions.Detections(
                coder: .mmdetection(.detections), minimumSide: 0,
                suppression: Conventions.Suppression(classSeparation: .automatic(above: 9999))),
            output: Conventions.Output(
                clipsBoxes: false, pasting: .pixelCentres, keypointScore: .logit)),
        assumptions: ArchitectureAssumptions(
            batchNormEpsilon: 1e-5, stridePlacement: .conv2, lastStageDilation: 2))

    /// The conventions of Matterport's Mask_RCNN.
    ///
    /// Its network differs too, and its checkpoints are not supported: its convolutions have biases before their batch
    /// norms, its region proposal network has 512 channels and a softmax over two logits instead of a sigmoid of one
    /// (equal if the one is the difference of the two), its box head is two convolutions with batch norm. With other
    /// weights, this profile shows the effect of its conventions alone.
    ///
    /// Not reproduced: it treats a box's right and lower edges as pixel indices, one less than here, and normalises
    /// them by the image's side − 1; it clips proposals to the padded square instead of the image; it pads the list of
    /// proposals with zeros to a fixed length. The first moves an edge by less than a pixel; the second can matter for
    /// objects at the image's border.
    public static let matterport = Profile(
        name: "matterport",
        conventions: Conventions(
            input: Conventions.Input(
                resize: .matterport, filter: .truncatedBytes, channelOrder: .rgb,
                mean: [123.7, 116.8, 103.9], standardDeviation: [1, 1, 1], whitePoint: 255, padMultiple: 64,
                padding: .aroundInSquare, normalizesPadding: true),
            anchors: Conventions.Anchors(
                roundsCorners: false, stride: .nominal, ratiosAreOuter: true, aspectRatio: .widthOverHeight),
            proposals: Conventions.Proposals(
                coder: .matterport, minimumSide: 0, minimumIsExcluded: false, selectsByLogit: false,
                preNMSTopNIsPerLevel: false, ranksByLogit: false,
                suppression: Conventions.Suppression(classSeparation: .none)),
            pooling: Conventions.Pooling(level: .rounded, scale: .cornerToCorner, layer: .crop),
            detections: Conventions.Detections(
                coder: .matterport, minimumSide: 0,
                suppression: Conventions.Suppression(classSeparation: .perClass),
                scoreThresholdIsIncluded: true,
                keepsBestClassOnly: true),
            output: Conventions.Output(
                clipsBoxes: true, roundsBoxes: true, pasting: .resizedToBox,
                keypointScore: .logit)),
        settings: Settings(
            input: Settings.Input(minimumSide: 800, maximumSide: 1024),
            proposals: Settings.Proposals(preNMSTopN: 6000),
            boxes: Settings.Boxes(scoreThreshold: 0.7, nmsThreshold: 0.3)),
        assumptions: ArchitectureAssumptions(
            batchNormEpsilon: 1e-3, stridePlacement: .conv1, groupedStridePlacement: .conv1))

    /// The system as the paper describes it, without any rounding: anchors at exact positions, RoIAlign with four
    /// samples per bin, values at the centres of their cells, masks pasted onto the unrounded box. What the paper does
    /// not specify is as in torchvision. The shipped model is trained with this profile.
    public static let paper: Profile = {
        var profile = torchvision
        profile.name = "paper"
        profile.conventions.input.resize = .mmdetection
        profile.assumptions.batchNormEpsilon = 1e-5
        profile.conventions.anchors = Conventions.Anchors(
            roundsCorners: false, stride: .nominal, ratiosAreOuter: true)
        profile.conventions.pooling = Conventions.Pooling(
            level: .epsilonOutside(1e-6), scale: .nominal,
            layer: .align(samplesPerAxis: 2, subtractsHalfPixel: true))
        profile.conventions.output.clipsBoxes = true
        profile.conventions.output.pasting = .pixelCentres
        return profile
    }()

    /// All profiles, in the order in which commands list them.
    public static let all = [torchvision, torchvisionV2, detectron2, mmdetection, matterport, paper]

    /// The profile with the given name, or nil.
    public static func named(_ name: String) -> Profile? { all.first { $0.name == name } }
}
