import Formats
import Kernels
import Inference

/// The configuration of a checkpoint, with the source of every value that cannot be inferred from its
/// tensors.
///
/// Sources by precedence: options, `--configuration`, a bundle, the file's own metadata and the framework's
/// configuration in it, knowledge about such files, and finally the profile. Values overwrite earlier ones,
/// so the sources are applied in reverse order.
struct ResolvedConfiguration {
    private(set) var configuration: Configuration
    /// The source of each value, by ``ConfigurationKey/name``; values without one are the profile's.
    private(set) var sources: [String: String] = [:]
    private(set) var remarks: [String] = []
    /// The style of the backbone, if it is known, and the source of this information.
    private(set) var style: (name: String, reason: String)?
    /// The class names, if the number of classes determines them.
    private(set) var standardClasses: ClassTable?
    /// The profile whose values are the defaults.
    private let profile: Profile
    /// Whether the profile is the one that the names of the parameters suggest.
    private let isUsualProfile: Bool
    let profileSource: String

    /// Resolves all values.
    /// - Throws: `FileError` for a checkpoint that is invalid or lacks something; ``ConfigurationError`` for
    ///   an invalid value in an option or a file.
    init(_ checkpoint: Checkpoint, _ options: LoadingOptions) throws {
        let usual = Self.profile(ofNames: checkpoint.keyMap)
        let (profile, source) = Self.profile(checkpoint, options, usual: usual)
        self.profile = profile
        isUsualProfile = profile == usual
        profileSource = source
        let metadata = checkpoint.metadata
        let earlier = try EarlierMetadata(metadata)
        let stored = try ModelMetadata.stated(in: metadata)
        var foreign = stored == nil ? earlier.foreign : []
        if let name = metadata["profile"], Profile.named(name) == nil { foreign.append("profile") }

        let notes = metadata[CheckpointNotes.configuration].map {
            MMDetectionConfiguration($0).stated(by: "the file's configuration", isStyleKnown: true)
        }
        let (assumptions, placementSource) = Self.assumptions(
            of: profile, checkpoint, earlier,
            stated: [options.assignments, options.configuration, options.recorded, stored, notes])
        let architecture =
            try earlier.architecture
            ?? Architecture(inferredFrom: checkpoint.shapes, assuming: assumptions)
        configuration = profile.configuration(for: architecture)
        sources["backbone.stridePlacement"] = placementSource
        if earlier.architecture != nil {
            for key in ConfigurationKey.all where key.owner == .architecture {
                sources[key.name] = "from the file"
            }
        }
        if earlier.groupNormGroups != nil {
            for key in ConfigurationKey.all where key.name.hasSuffix(".groupNormGroups") {
                sources[key.name] = "from the file"
            }
        }
        for name in foreign {
            remarks.append("The file's own \(quoted(name)) is not in this program's form, and passed over.")
        }

        addPublished(checkpoint, isProfileGiven: source != "from the names of the parameters")
        let names = metadata[CheckpointNotes.classes]?.split(separator: "\n").map(String.init)
        if stored == nil, earlier.architecture == nil,
            let known = KnownDataset(classes: architecture.classes, names: names, keyMap: checkpoint.keyMap)
        {
            for (key, value) in known.settings { try set(key, value, "known of \(known.name)") }
            standardClasses = known.classes
            remarks.append(known.remark)
        }
        if stored == nil || options.backboneStyle != nil { try addStyle(checkpoint, options, earlier) }
        if isUsualProfile { try addFrameworkNotes(checkpoint, notes) }
        try add(earlier.stated)
        if let stored { try add(stored) }
        if let recorded = options.recorded { try add(recorded) }
        if let file = options.configuration { try add(file) }
        try addOptions(checkpoint, options)
        if let given = options.assignments { try add(given) }
        try checkAnchors(checkpoint)
        if options.batchNormEpsilon == nil { remarkOnCounters(checkpoint) }
        let key = "groupNorms.standardizeWeights"
        if checkpoint.keyMap == .mmdetection, sources[key] == nil,
            configuration.architecture.standardizesWeights == false
        {
            remarks.append(
                "The file does not say whether the weights before its group norms are standardised, and they are not "
                    + "(--set \(key)=true).")
        }
    }

    /// Resolves the configuration of a model with random parameters, for which only the options matter.
    init(_ configuration: Configuration, _ options: LoadingOptions) throws {
        self.configuration = configuration
        profile = options.chosenProfile ?? .torchvision
        isUsualProfile = options.profile == nil
        profileSource = options.profile == nil ? "from the profile" : "given"
        if let recorded = options.recorded { try add(recorded) }
        if let file = options.configuration { try add(file) }
        try addOptions(nil, options)
        if let given = options.assignments { try add(given) }
    }

    // MARK: The profile

    /// The profile of the framework whose naming scheme a file has.
    private static func profile(ofNames keyMap: KeyMap) -> Profile {
        switch keyMap {
        case .native, .torchvision: .torchvision
        case .torchvisionV2: .torchvisionV2
        case .detectron2, .detectron2C4: .detectron2
        case .mmdetection: .mmdetection
        }
    }

    private static func profile(_ checkpoint: Checkpoint, _ options: LoadingOptions, usual: Profile)
        -> (Profile, String)
    {
        if let chosen = options.profile ?? options.assignments?.profile { return (chosen, "given") }
        for stated in [options.configuration, options.recorded] {
            if let stated, let profile = stated.profile { return (profile, stated.origin) }
        }
        if let known = checkpoint.metadata["profile"].flatMap(Profile.named) {
            return (known, "from the file")
        }
        return (usual, "from the names of the parameters")
    }

    /// The assumptions about the network, and the source of the stride placement if that is not the profile.
    private static func assumptions(
        of profile: Profile, _ checkpoint: Checkpoint, _ earlier: EarlierMetadata,
        stated: [StatedConfiguration?]
    )
        -> (ArchitectureAssumptions, String?)
    {
        var assumptions = profile.assumptions
        // A wrong number may not divide the channels, so it has to be known before the rest.
        let groups = stated.lazy.compactMap { $0?["backbone.groupNormGroups"]?.value }
            .compactMap { Int(configurationValue: $0) }.first
        assumptions.groupNormGroups = groups ?? earlier.groupNormGroups ?? assumptions.groupNormGroups
        let isGroupNorm =
            checkpoint.contains("backbone.stem.norm.weight")
            && !checkpoint.contains("backbone.stem.norm.running_mean")
        guard isGroupNorm, [.detectron2, .detectron2C4].contains(checkpoint.keyMap) else {
            return (assumptions, nil)
        }
        // All of detectron2's models with group norm are initialised with weights whose stride is in the 3×3.
        assumptions.stridePlacement = .conv2
        return (assumptions, "known of detectron2's group norm")
    }

    // MARK: Knowledge about files

    private mutating func addPublished(_ checkpoint: Checkpoint, isProfileGiven: Bool) {
        guard checkpoint.contains("backbone.stem.norm.running_mean") else { return }
        switch checkpoint.publishedHash() {
        case .matches(let file):
            remarks.append("The file is torchvision's published \(file.fileName).")
            if file == .keypointRCNNLegacy && !isProfileGiven {
                configuration.architecture = configuration.architecture.with(batchNormEpsilon: 1e-5)
                sources["backbone.batchNormEpsilon"] = "known of this file"
            }
        case .contradicted(let claimed, let hash):
            remarks.append(
                "The name claims the published \(claimed.fileName), but the content's SHA-256 begins with "
                    + "\(hash.prefix(8)).")
        case .none: break
        }
    }

    private mutating func remarkOnCounters(_ checkpoint: Checkpoint) {
        guard sources["backbone.batchNormEpsilon"] == nil,
            case .frozenBatch(0) = configuration.architecture.backbone.norm,
            checkpoint.file.names.contains(where: { $0.hasSuffix("num_batches_tracked") })
        else { return }
        remarks.append(
            "The file has batch-norm counters, which published files lack: a model built without "
                + "weights runs with epsilon 1e-5 (--batch-norm-epsilon 1e-5).")
    }

    /// Adds the normalisation of the input and the stride placement. A given profile takes precedence, unless
    /// it is the one that the names suggest anyway.
    private mutating func addStyle(
        _ checkpoint: Checkpoint, _ options: LoadingOptions, _ earlier: EarlierMetadata
    ) throws {
        guard let known = try KnownStyle(checkpoint, given: options.backboneStyle, stored: earlier),
            known.isCertain || isUsualProfile
        else { return }
        if let name = known.style?.rawValue { style = (name, known.reason) }
        let reason = known.style == nil ? known.reason : "from the backbone style"
        if let channels = known.channels {
            channels.apply(to: &configuration.conventions.input)
            for key in ["input.channelOrder", "input.mean", "input.standardDeviation"] {
                sources[key] = reason
            }
        }
        if let placement = known.stridePlacement, earlier.architecture == nil || options.backboneStyle != nil,
            !(sources["backbone.stridePlacement"] != nil && !known.isCertain)
        {
            configuration.architecture.backbone.stridePlacement = placement
            sources["backbone.stridePlacement"] = reason
        }
        if let remark = known.remark { remarks.append(remark) }
    }

    /// What the framework's own configuration says, where a file carries it along.
    private mutating func addFrameworkNotes(_ checkpoint: Checkpoint, _ notes: StatedConfiguration?) throws {
        if let notes { try add(notes) }
        do {
            guard let anchors = try CellAnchors(checkpoint) else { return }
            try set("anchors.sizes", anchors.sizes.configurationValue, "the file's cell_anchors")
            try set(
                "anchors.aspectRatios", anchors.aspectRatios.configurationValue, "the file's cell_anchors")
        } catch let error as ConfigurationError {
            remarks.append("The file's \(error.description).")
        }
    }

    // MARK: Given values

    private mutating func set(_ name: String, _ value: ConfigurationValue, _ source: String) throws {
        try ConfigurationKey.named(name)?.set(value, in: &configuration)
        sources[name] = source
    }

    private mutating func add(_ stated: StatedConfiguration) throws {
        // Values that merely follow from a profile other than the chosen one are not used.
        let other = stated.profile.flatMap { $0 == profile ? nil : $0 }?
            .configuration(for: configuration.architecture)
        for key in ConfigurationKey.all {
            guard let statement = stated[key.name] else { continue }
            if !stated.isStrict {
                // Parts that the model does not have need no value.
                if key.value(configuration) == nil { continue }
                if key.owner == .conventions || stated.isComplete, let own = other.flatMap({ key.value($0) }),
                    own == statement.value
                {
                    continue
                }
                // A number of anchors per level does not determine a number over all levels.
                if key.name == "proposals.preNMSTopN",
                    configuration.conventions.proposals.preNMSTopNIsPerLevel
                        != other?.conventions.proposals.preNMSTopNIsPerLevel ?? true
                {
                    continue
                }
            }
            do {
                try set(key.name, statement.value.spread(over: levels, for: key), statement.origin)
            } catch let error as ConfigurationError {
                if stated.isStrict { throw ConfigurationError(description: "\(stated.origin): \(error)") }
                remarks.append("\(statement.origin) is not followed: \(error).")
            }
        }
        remarks += stated.remarks.map { "\(stated.origin): \($0)." }
    }

    /// The number of levels with anchors.
    private var levels: Int { configuration.architecture.proposals.anchorSizes.count }

    private mutating func addOptions(_ checkpoint: Checkpoint?, _ options: LoadingOptions) throws {
        if let epsilon = options.batchNormEpsilon {
            if let checkpoint, !checkpoint.contains("backbone.stem.norm.running_mean") {
                throw FileError(
                    path: checkpoint.file.path, fault: "has no batch norm that an epsilon could be given for")
            }
            if case .frozenBatch = configuration.architecture.backbone.norm {
                try set("backbone.batchNormEpsilon", ConfigurationValue(epsilon), "given")
            }
        }
        if let placement = options.stridePlacement {
            try set("backbone.stridePlacement", placement.configurationValue, "given")
        }
        if let order = options.channelOrder {
            if order != configuration.conventions.input.channelOrder {
                configuration.conventions.input.mean.reverse()
                configuration.conventions.input.standardDeviation.reverse()
            }
            try set("input.channelOrder", order.configurationValue, "given")
        }
        if let kind = options.roiLayer {
            configuration.conventions.pooling.layer = configuration.conventions.pooling.layer.replaced(
                by: kind)
            sources["pooling.layer"] = "given"
        }
        if let threshold = options.scoreThreshold {
            try set("boxes.scoreThreshold", ConfigurationValue(threshold), "given")
        }
    }

    /// Checks the number of anchors per position, the only property of anchors that shapes show.
    private func checkAnchors(_ checkpoint: Checkpoint) throws {
        let proposals = configuration.architecture.proposals
        guard let rows = checkpoint.shapes["rpn.objectness.weight"]?.first,
            rows != proposals.anchorsPerPosition
        else { return }
        throw FileError(
            path: checkpoint.file.path,
            fault: "parameter 'rpn.objectness.weight' is for \(rows) anchors at a position, expected "
                + "\(proposals.anchorsPerPosition): anchors.sizes has \(proposals.anchorSizes[0].count) a level, "
                + "anchors.aspectRatios \(proposals.aspectRatios.count) (--set)")
    }
}

extension ConfigurationValue {
    /// Applies anchor sizes given for one level to all levels.
    fileprivate func spread(over levels: Int, for key: ConfigurationKey) -> ConfigurationValue {
        guard key.name == "anchors.sizes", levels > 1, case .list(let lists) = self, lists.count == 1 else {
            return self
        }
        return .list(Array(repeating: lists[0], count: levels))
    }
}
