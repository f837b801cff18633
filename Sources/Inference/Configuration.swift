/// Everything besides the parameters that determines a model's results: architecture, conventions and settings, which
/// do not overlap.
public struct Configuration: Hashable, Sendable {
    /// The name of the profile that conventions and settings were taken from; individual values may have been changed
    /// since.
    public var profileName: String
    /// The network.
    public var architecture: Architecture
    /// The choices in which implementations of the same network differ.
    public var conventions: Conventions
    /// Limits and thresholds.
    public var settings: Settings

    /// A configuration of the given parts.
    public init(
        profileName: String, architecture: Architecture, conventions: Conventions, settings: Settings
    ) {
        self.profileName = profileName
        self.architecture = architecture
        self.conventions = conventions
        self.settings = settings
    }

    /// An architecture with a profile's conventions and default settings.
    public init(_ architecture: Architecture, profile: Profile) {
        self = profile.configuration(for: architecture)
    }

    /// Checks that the configuration can be built and run.
    /// - Throws: ``ConfigurationError`` naming the first invalid member.
    public func validate() throws {
        try architecture.validate()
        try conventions.validate()
        try settings.validate()
    }
}
