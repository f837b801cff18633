import Kernels

/// A named set of numeric conventions with the settings that usually go with them. `Profile.torchvision` and the
/// others are those of the frameworks.
///
/// A profile is where values begin: nothing asks for its name afterwards.
public struct Profile: Hashable, Sendable {
    /// As on the command line and in bundles.
    public var name: String
    /// How the network's numbers are computed.
    public var conventions: Conventions
    /// Limits and thresholds at test time, of a model with a feature pyramid.
    public var settings: Settings
    /// What is assumed of a network where the shapes of its parameters do not tell.
    public var assumptions: ArchitectureAssumptions
    /// What height and width are padded to a multiple of where there is no pyramid; nil for the same as with one.
    public var padMultipleWithoutPyramid: Int?

    /// A profile.
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

    /// The conventions and settings of this profile for a network.
    public func configuration(for architecture: Architecture) -> Configuration {
        var configuration = Configuration(
            profileName: name, architecture: architecture, conventions: conventions, settings: settings)
        if case .pyramid = architecture.features { return configuration }
        // On one level there are fewer positions to choose from, and all the sizes.
        configuration.settings.proposals.preNMSTopN = 6000
        if let padMultipleWithoutPyramid {
            configuration.conventions.input.padMultiple = padMultipleWithoutPyramid
        }
        return configuration
    }
}

/// What is assumed of a network where the shapes of its parameters do not tell.
public struct ArchitectureAssumptions: Hashable, Sendable {
    /// Added to the variance in batch norms. torchvision's published first-generation models were trained
    /// with 0; a model built without asking for weights has 1e-5.
    package var batchNormEpsilon: Float
    /// Which convolution of a downsampling block has the stride.
    package var stridePlacement: Architecture.Backbone.StridePlacement
    /// The same for ResNeXt, whose blocks have groups.
    package var groupedStridePlacement: Architecture.Backbone.StridePlacement
    /// Groups of group norms.
    package var groupNormGroups: Int

    /// Assumptions.
    package init(
        batchNormEpsilon: Float, stridePlacement: Architecture.Backbone.StridePlacement,
        groupedStridePlacement: Architecture.Backbone.StridePlacement = .conv2, groupNormGroups: Int = 32
    ) {
        self.batchNormEpsilon = batchNormEpsilon
        self.stridePlacement = stridePlacement
        self.groupedStridePlacement = groupedStridePlacement
        self.groupNormGroups = groupNormGroups
    }
}
