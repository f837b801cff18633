import ArgumentParser
import Execution
import Formats
import Kernels
import Loading
import Inference

/// Which model to run and how to read its weights: the same options for every command that runs one.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A checkpoint: .safetensors, or a .pth or .pkl of torchvision, detectron2 or MMDetection (default: "
                + "the small model that ships with this).",
            valueName: "file"),
        completion: .file(extensions: ["safetensors", "pth", "pt", "pkl"]))
    var weights: String?

    @OptionGroup var file: ConfigurationFileOption

    @OptionGroup var reading: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "How kernels compute: optimized, or direct: plain loops in double precision, very slow.",
            valueName: "name"))
    var kernels: KernelImplementation?

    @Option(
        help: ArgumentHelp(
            "Use one algorithm for every convolution that it fits: direct, matrix-product or winograd.",
            valueName: "name"))
    var convolution: ConvolutionAlgorithm?

    @OptionGroup
    var execution: ThreadOptions

    @Option(
        help: ArgumentHelp(
            "Use random weights of this seed: every stage runs, what it finds means nothing.",
            valueName: "number"))
    var randomWeights: UInt64?

    mutating func validate() throws {
        if weights != nil && randomWeights != nil {
            throw ValidationError("--random-weights: cannot be together with --weights")
        }
    }

    /// Calls `body` with the number of threads and the kernels that the options ask for.
    func withSettings(_ body: () throws -> Void) rethrows {
        try execution.perform {
            try ExecutionContext.with(kernels: kernels, convolution: convolution, perform: body)
        }
    }

    /// How the options read a checkpoint.
    /// - Parameter recorded: what a bundle says of the model that it was recorded from.
    func loadingOptions(recorded: StatedConfiguration?) throws -> LoadingOptions {
        var options = try reading.loadingOptions(configuration: file.configuration)
        options.recorded = recorded
        return options
    }

    /// Loads the model that the options describe.
    /// - Parameter recorded: what a bundle says of the model that it was recorded from.
    func load(recorded: StatedConfiguration? = nil) throws -> LoadedModel {
        let options = try loadingOptions(recorded: recorded)
        if let weights { return try LoadedModel(contentsOf: weights, options: options) }
        if let randomWeights { return try LoadedModel(randomSeed: randomWeights, options: options) }
        return try LoadedModel.shipped(options: options)
    }
}

extension KernelImplementation: ExpressibleByArgument {}
extension ConvolutionAlgorithm: ExpressibleByArgument {}
