/// All that decides what a model makes of an image, besides its parameters: three values that say nothing twice.
public struct Configuration: Hashable, Sendable {
    /// The name of the profile that conventions and settings were taken from; single values may differ from it.
    public var profileName: String
    /// Which network.
    public var architecture: Architecture
    /// How it computes where implementations differ.
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

    /// A network with a profile's conventions and default settings.
    public init(_ architecture: Architecture, profile: Profile) {
        self = profile.configuration(for: architecture)
    }

    /// Refuses what no network can be built from, or cannot be run.
    /// - Throws: ``ConfigurationError``, in one line that names the member.
    public func validate() throws {
        try architecture.validate()
        try conventions.validate()
        try settings.validate()
    }
}
