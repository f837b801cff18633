import ArgumentParser
import Kernels
import Loading
import Inference

/// What can be said of a model that its tensors do not tell: the same options for every command that reads a
/// checkpoint.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Which of several networks in the file: a key of a checkpoint, or what the parameters begin with.",
            valueName: "name"))
    var entry: String?

    @Option(
        help: ArgumentHelp(
            "Leave tensors of these names out of the file, which is refused where some belong to no part of the "
                + "network; * stands for anything.",
            valueName: "pattern"))
    var ignore: [String] = []

    @Option(
        help: ArgumentHelp(
            "Numeric conventions: \(Profile.all.map(\.name).joined(separator: ", ")).",
            discussion: "By default as the names in the checkpoint suggest.", valueName: "name"),
        completion: .list(Profile.all.map(\.name)))
    var profile: ProfileName?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set one value of the configuration, such as boxes.detectionsPerImage=300; 'inspect --configuration' "
                + "prints them all.",
            valueName: "key=value"))
    var assignments: [String] = []

    @Option(
        help: ArgumentHelp(
            "The names of the classes: one a line, or a file of annotations as COCO has them.",
            valueName: "file"
        ), completion: .file())
    var classes: String?

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
        help: ArgumentHelp(
            "Drop detections below this probability (default: what the profile or data set has, mostly 0.05).",
            valueName: "number"))
    var scoreThreshold: Float?

    mutating func validate() throws {
        if let epsilon = batchNormEpsilon, !(epsilon >= 0 && epsilon.isFinite) {
            throw ValidationError("--batch-norm-epsilon \(epsilon): must be 0 or more")
        }
        if let threshold = scoreThreshold, !(0...1 ~= threshold) {
            throw ValidationError("--score-threshold \(threshold): must be from 0 to 1")
        }
        _ = try stated()
    }

    private func stated() throws -> StatedConfiguration? {
        guard !assignments.isEmpty else { return nil }
        do {
            return try StatedConfiguration(assignments: assignments)
        } catch let error as ConfigurationError {
            throw ValidationError("--set \(error)")
        }
    }

    /// What was said, with the contents of a configuration file.
    func loadingOptions(configuration path: String? = nil) throws -> LoadingOptions {
        var options = LoadingOptions(
            profile: profile?.profile, batchNormEpsilon: batchNormEpsilon,
            stridePlacement: stridePlacement?.value, channelOrder: channelOrder?.value,
            backboneStyle: backboneStyle, roiLayer: roiLayer, scoreThreshold: scoreThreshold)
        options.configuration = try path.map { try StatedConfiguration(contentsOf: $0) }
        options.assignments = try stated()
        options.classes = classes
        options.entry = entry
        options.ignoredTensors = ignore
        return options
    }

    /// The options as they were given, with paths that hold in other folders.
    func arguments(_ absolute: (String) -> String) -> [String] {
        let options: [(String, String?)] =
            [
                ("--entry", entry),
                ("--profile", profile?.profile.name),
                ("--batch-norm-epsilon", batchNormEpsilon.map(\.description)),
                ("--stride-placement", stridePlacement?.value.rawValue),
                ("--channel-order", channelOrder?.value.rawValue),
                ("--backbone-style", backboneStyle?.rawValue),
                ("--roi-layer", roiLayer?.rawValue),
                ("--score-threshold", scoreThreshold.map(\.description)),
                ("--classes", classes.map(absolute)),
            ] + ignore.map { ("--ignore", $0) } + assignments.map { ("--set", $0) }
        return options.flatMap { name, value in value.map { [name, $0] } ?? [] }
    }
}

/// A file with the values of a configuration.
struct ConfigurationFileOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Values for what tensors do not tell: a file as 'inspect --configuration' prints it, or any part of "
                + "one; or detectron2's config.yaml, or a configuration of MMDetection.",
            valueName: "file"),
        completion: .file(extensions: ["json5", "json", "yaml", "yml", "py"]))
    var configuration: String?
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
    let value: Architecture.Backbone.StridePlacement

    init?(argument: String) {
        guard let value = Architecture.Backbone.StridePlacement(rawValue: argument) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { Architecture.Backbone.StridePlacement.allCases.map(\.rawValue) }
}

/// `rgb` or `bgr` on the command line.
struct ChannelOrder: ExpressibleByArgument {
    let value: Conventions.Input.ChannelOrder

    init?(argument: String) {
        guard let value = Conventions.Input.ChannelOrder(rawValue: argument) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { Conventions.Input.ChannelOrder.allCases.map(\.rawValue) }
}

extension PoolingLayer.Kind: ExpressibleByArgument {}
extension BackboneStyle: ExpressibleByArgument {}
