import Kernels

/// A named set of numeric conventions with default settings. `Profile.torchvision` and the others reproduce frameworks.
///
/// A profile only provides initial values: no code depends on its name.
public struct Profile: Hashable, Sendable {
    /// The name used on the command line and in bundles.
    public var name: String
    /// The choices in which implementations of the same network differ.
    public var conventions: Conventions
    /// Default limits and thresholds at inference, for a model with a feature pyramid.
    public var settings: Settings
    /// The values of an architecture that the shapes of its parameters do not determine.
    public var assumptions: ArchitectureAssumptions
    /// Replaces `conventions.input.padMultiple` for models without a feature pyramid; nil keeps it.
    public var padMultipleWithoutPyramid: Int?

    /// A profile of the given values.
    public init(
        name: String, conventions: Conventions, settings: Settings = Settings(),
        assumptions: ArchitectureAssumptions, padMultipleWithoutPyramid: Int? = nil
    ) {
        self.name = name
        self.conventions = conventions
        self.settings = settings
        self.assumptions = assumptions
        self.padMultipleWithoutPyramid = padMultipleWithoutPyramid
    }

    /// This profile's configuration for an architecture; C4 and C5 models take 6000 candidates before suppression.
    public func configuration(for architecture: Architecture) -> Configuration {
        var configuration = Configuration(
            profileName: name, architecture: architecture, conventions: conventions, settings: settings)
        if case .pyramid = architecture.features { return configuration }
        // Without a pyramid, one level has the anchors of all sizes, so its limit is larger.
        configuration.settings.proposals.preNMSTopN = 6000
        if let padMultipleWithoutPyramid {
            configuration.conventions.input.padMultiple = padMultipleWithoutPyramid
        }
        return configuration
    }
}

/// The values of an architecture that the shapes of its parameters do not determine.
public struct ArchitectureAssumptions: Hashable, Sendable {
    /// Added to the variance in batch norms. torchvision's published first-generation models were trained with 0; its
    /// models built without weights have 1e-5.
    package var batchNormEpsilon: Float
    /// Which convolution of a downsampling block has stride 2.
    package var stridePlacement: Architecture.Backbone.StridePlacement
    /// The same for ResNeXt, whose blocks have groups.
    package var groupedStridePlacement: Architecture.Backbone.StridePlacement
    /// Dilation of c5 where the heads read from it. detectron2's and MMDetection's own models of this kind are all
    /// dilated (DC5).
    package var lastStageDilation: Int
    /// Groups of group norms.
    package var groupNormGroups: Int

    /// Assumptions of the given values.
    package init(
        batchNormEpsilon: Float, stridePlacement: Architecture.Backbone.StridePlacement,
        groupedStridePlacement: Architecture.Backbone.StridePlacement = .conv2, lastStageDilation: Int = 1,
        groupNormGroups: Int = 32
    ) {
        self.batchNormEpsilon = batchNormEpsilon
        self.stridePlacement = stridePlacement
        self.groupedStridePlacement = groupedStridePlacement
        self.lastStageDilation = lastStageDilation
        self.groupNormGroups = groupNormGroups
    }
}
