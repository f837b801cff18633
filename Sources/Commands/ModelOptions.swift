import ArgumentParser
import Formats
import Kernels
import Loading
import Inference
import Scenes
import Tensors

/// Which model to run and how to read its weights: the same options for every command that runs one.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A checkpoint: .safetensors, or a .pth or .pkl of torchvision, detectron2 or MMDetection (default: "
                + "the small model that ships with this).",
            valueName: "file"),
        completion: .file(extensions: ["safetensors", "pth", "pt", "pkl"]))
    var weights: String?

    @Option(
        help: ArgumentHelp(
            "Numeric conventions: \(Profile.all.map(\.name).joined(separator: ", ")).",
            discussion: "By default as the names in the checkpoint suggest.", valueName: "name"),
        completion: .list(Profile.all.map(\.name)))
    var profile: ProfileName?

    @Option(
        help: ArgumentHelp(
            "Added to the variance in batch norms: 0 for torchvision's published v1 files, else mostly 1e-5.",
            valueName: "number"))
    var batchNormEpsilon: Float?

    @Option(
        help: ArgumentHelp(
            "Which convolution of a downsampling block has the stride: conv1 (1×1) or conv2 (3×3).",
            valueName: "layer"))
    var stridePlacement: StridePlacement?

    @Option(
        help: ArgumentHelp("The order of colours that the network expects: rgb or bgr.", valueName: "order"))
    var channelOrder: ChannelOrder?

    @Option(
        help: ArgumentHelp(
            "What the backbone expects: pytorch (RGB, divided by deviations), caffe (BGR, not divided, stride in "
                + "the 1×1 convolution) or caffe2 (BGR, divided). For files of MMDetection that do not say it.",
            valueName: "style"))
    var backboneStyle: BackboneStyle?

    @Option(
        help: ArgumentHelp(
            "Another RoI layer than the profile's: "
                + PoolingLayer.Kind.allCases.map(\.rawValue).joined(separator: ", ") + ".",
            valueName: "name"))
    var roiLayer: PoolingLayer.Kind?

    @Option(
        help: ArgumentHelp("Drop detections below this probability (default: 0.05).", valueName: "number"))
    var scoreThreshold: Float?

    @Option(
        help: ArgumentHelp(
            "Use one algorithm for every convolution that it fits: direct, matrix-product or winograd.",
            valueName: "name"))
    var convolution: ConvolutionAlgorithm?

    @Option(help: ArgumentHelp("Use at most this many threads (default: all cores).", valueName: "number"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Use random weights of this seed: every stage runs, what it finds means nothing.",
            valueName: "number"))
    var randomWeights: UInt64?

    mutating func validate() throws {
        if let epsilon = batchNormEpsilon, !(epsilon >= 0 && epsilon.isFinite) {
            throw ValidationError("--batch-norm-epsilon \(epsilon): must be 0 or more")
        }
        if let threshold = scoreThreshold, !(0...1 ~= threshold) {
            throw ValidationError("--score-threshold \(threshold): must be from 0 to 1")
        }
        if weights != nil && randomWeights != nil {
            throw ValidationError("--random-weights: cannot be together with --weights")
        }
        if let threads, threads < 1 { throw ValidationError("--threads \(threads): must be 1 or more") }
    }

    /// Calls `body` with the number of threads and the algorithm that the options ask for.
    func withSettings(_ body: () throws -> Void) rethrows {
        if let threads { Threads.maximum = threads }
        try ConvolutionAlgorithm.$forced.withValue(convolution, operation: body)
    }

    /// Loads the model that the options describe.
    func load() throws -> LoadedModel {
        let options = LoadingOptions(
            profile: profile?.profile, batchNormEpsilon: batchNormEpsilon,
            stridePlacement: stridePlacement?.value, channelOrder: channelOrder?.value,
            backboneStyle: backboneStyle, roiLayer: roiLayer, scoreThreshold: scoreThreshold)
        if let weights { return try LoadedModel(contentsOf: weights, options: options) }
        if let randomWeights { return try LoadedModel(randomSeed: randomWeights, options: options) }
        return try LoadedModel.shipped(options: options)
    }
}

/// The name of a profile that exists.
struct ProfileName: ExpressibleByArgument {
    let profile: Profile

    init?(argument: String) {
        guard let profile = Profile.named(argument) else { return nil }
        self.profile = profile
    }
}

/// `conv1` or `conv2` on the command line.
struct StridePlacement: ExpressibleByArgument {
    let value: Configuration.Backbone.StridePlacement

    init?(argument: String) {
        guard let value = Configuration.Backbone.StridePlacement(rawValue: argument) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { Configuration.Backbone.StridePlacement.allCases.map(\.rawValue) }
}

/// `rgb` or `bgr` on the command line.
struct ChannelOrder: ExpressibleByArgument {
    let value: Profile.Input.ChannelOrder

    init?(argument: String) {
        guard let value = Profile.Input.ChannelOrder(rawValue: argument) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { Profile.Input.ChannelOrder.allCases.map(\.rawValue) }
}

extension ConvolutionAlgorithm: ExpressibleByArgument {}
extension PoolingLayer.Kind: ExpressibleByArgument {}
extension BackboneStyle: ExpressibleByArgument {}

/// Reads the picture at `path`, or the one that ships with the project.
func readPicture(_ path: String?) throws -> Image {
    try Image(contentsOf: path ?? ShippedScene.path)
}
