// An architecture as JSON: in training configurations, and in the metadata of checkpoints that earlier versions of this
// project wrote. Enumeration cases without associated values are strings ("c4"); those with values are objects with one
// key ({"pyramid": {…}}).

extension Normalization: Codable {
    private enum Kind: String, CodingKey { case bias, frozenBatch, group, standardizedGroup }

    /// `"bias"`, `{"frozenBatch": epsilon}`, `{"group": groups}` or, with standardised weights,
    /// `{"standardizedGroup": groups}`.
    public init(from decoder: any Decoder) throws {
        self = try decoder.alternative(of: Kind.self, plain: [.bias: .bias]) { kind, container in
            switch kind {
            case .frozenBatch: .frozenBatch(epsilon: try container.decode(Float.self, forKey: kind))
            case .group: .group(groups: try container.decode(Int.self, forKey: kind))
            case .standardizedGroup:
                .group(groups: try container.decode(Int.self, forKey: kind), standardizesWeights: true)
            case .bias: nil
            }
        }
    }

    /// Writes the form that `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .bias: try encoder.encode(plain: Kind.bias)
        case .frozenBatch(let epsilon): try encoder.encode(epsilon, as: Kind.frozenBatch)
        case .group(let groups, let isStandardized):
            try encoder.encode(groups, as: isStandardized ? Kind.standardizedGroup : Kind.group)
        }
    }
}

extension Architecture.Backbone {
    private enum Member: String, CodingKey {
        case stem, block, blocks, widths, outputs, groups, stridePlacement, lastStageDilation, norm
    }

    /// An object with all members. Without those that older files do not have, its blocks are bottlenecks, and nothing
    /// is dilated.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        self.init(
            stem: try members.decode(Int.self, forKey: .stem),
            block: try members.decodeIfPresent(Block.self, forKey: .block) ?? .bottleneck,
            blocks: try members.decode([Int].self, forKey: .blocks),
            widths: try members.decode([Int].self, forKey: .widths),
            outputs: try members.decode([Int].self, forKey: .outputs),
            groups: try members.decode(Int.self, forKey: .groups),
            stridePlacement: try members.decode(StridePlacement.self, forKey: .stridePlacement),
            lastStageDilation: try members.decodeIfPresent(Int.self, forKey: .lastStageDilation) ?? 1,
            norm: try members.decode(Normalization.self, forKey: .norm))
    }

    /// As it is read; what older programs would not know is left out where it has the usual value.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(stem, forKey: .stem)
        if block != .bottleneck { try members.encode(block, forKey: .block) }
        try members.encode(blocks, forKey: .blocks)
        try members.encode(widths, forKey: .widths)
        try members.encode(outputs, forKey: .outputs)
        try members.encode(groups, forKey: .groups)
        try members.encode(stridePlacement, forKey: .stridePlacement)
        if lastStageDilation != 1 { try members.encode(lastStageDilation, forKey: .lastStageDilation) }
        try members.encode(norm, forKey: .norm)
    }
}

extension Architecture.Boxes {
    private enum Member: String, CodingKey { case head, poolSize, isClassAgnostic }

    /// An object with all members; without the last, which older files do not have, each class has a box of its own.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        self.init(
            head: try members.decode(Head.self, forKey: .head),
            poolSize: try members.decode(Int.self, forKey: .poolSize),
            isClassAgnostic: try members.decodeIfPresent(Bool.self, forKey: .isClassAgnostic) ?? false)
    }

    /// As it is read; the last member only where it is true.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(head, forKey: .head)
        try members.encode(poolSize, forKey: .poolSize)
        if isClassAgnostic { try members.encode(true, forKey: .isClassAgnostic) }
    }
}

extension Architecture.Keypoints {
    private enum Member: String, CodingKey { case convolutions, channels, norm, count, poolSize }

    /// Reads an object with all members; `norm` may be absent, as in older files, and is then `"bias"`.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        self.init(
            convolutions: try members.decode(Int.self, forKey: .convolutions),
            channels: try members.decode(Int.self, forKey: .channels),
            norm: try members.decodeIfPresent(Normalization.self, forKey: .norm) ?? .bias,
            count: try members.decode(Int.self, forKey: .count),
            poolSize: try members.decode(Int.self, forKey: .poolSize))
    }
}

extension Architecture.Features: Codable {
    private enum Kind: String, CodingKey { case pyramid, c4, c5 }

    /// Reads `{"pyramid": {…}}`, `"c4"` or `"c5"`.
    public init(from decoder: any Decoder) throws {
        self = try decoder.alternative(of: Kind.self, plain: [.c4: .c4, .c5: .c5]) { kind, container in
            guard kind == .pyramid else { return nil }
            return .pyramid(try container.decode(Architecture.Pyramid.self, forKey: kind))
        }
    }

    /// Writes the form that `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .pyramid(let pyramid): try encoder.encode(pyramid, as: Kind.pyramid)
        case .c4: try encoder.encode(plain: Kind.c4)
        case .c5: try encoder.encode(plain: Kind.c5)
        }
    }
}

extension Architecture.Boxes.Head: Codable {
    private enum Kind: String, CodingKey { case twoLayers, convolutions, residualStage }
    private struct Layers: Codable { var hidden: Int }
    private struct Convolutions: Codable {
        var count: Int, channels: Int, norm: Normalization, hidden: Int
    }

    /// Reads `{"twoLayers": {…}}`, `{"convolutions": {…}}` or `"residualStage"`.
    public init(from decoder: any Decoder) throws {
        self = try decoder.alternative(of: Kind.self, plain: [.residualStage: .residualStage]) {
            kind, container in
            switch kind {
            case .twoLayers:
                return .twoLayers(hidden: try container.decode(Layers.self, forKey: kind).hidden)
            case .convolutions:
                let parts = try container.decode(Convolutions.self, forKey: kind)
                return .convolutions(
                    count: parts.count, channels: parts.channels, norm: parts.norm, hidden: parts.hidden)
            case .residualStage: return nil
            }
        }
    }

    /// Writes the form that `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .twoLayers(let hidden): try encoder.encode(Layers(hidden: hidden), as: Kind.twoLayers)
        case .convolutions(let count, let channels, let norm, let hidden):
            try encoder.encode(
                Convolutions(count: count, channels: channels, norm: norm, hidden: hidden),
                as: Kind.convolutions)
        case .residualStage: try encoder.encode(plain: Kind.residualStage)
        }
    }
}

extension Architecture.Masks.Head: Codable {
    private enum Kind: String, CodingKey { case fullyConvolutional, fullyConnected }
    private struct Convolutions: Codable { var convolutions: Int, channels: Int, norm: Normalization }
    private struct Layers: Codable { var hidden: [Int], side: Int }

    /// Reads `{"fullyConvolutional": {…}}` or `{"fullyConnected": {…}}`.
    public init(from decoder: any Decoder) throws {
        self = try decoder.alternative(of: Kind.self, plain: [:]) { kind, container in
            switch kind {
            case .fullyConvolutional:
                let parts = try container.decode(Convolutions.self, forKey: kind)
                return .fullyConvolutional(
                    convolutions: parts.convolutions, channels: parts.channels, norm: parts.norm)
            case .fullyConnected:
                let parts = try container.decode(Layers.self, forKey: kind)
                return .fullyConnected(hidden: parts.hidden, side: parts.side)
            }
        }
    }

    /// Writes the form that `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .fullyConvolutional(let convolutions, let channels, let norm):
            try encoder.encode(
                Convolutions(convolutions: convolutions, channels: channels, norm: norm),
                as: Kind.fullyConvolutional)
        case .fullyConnected(let hidden, let side):
            try encoder.encode(Layers(hidden: hidden, side: side), as: Kind.fullyConnected)
        }
    }
}

// MARK: - Alternatives

extension Decoder {
    /// Reads a string that names a case without associated values, or an object with one key that names a case with
    /// them.
    fileprivate func alternative<Kind: CodingKey & Hashable, Value>(
        of _: Kind.Type, plain: [Kind: Value],
        parts: (Kind, KeyedDecodingContainer<Kind>) throws -> Value?
    ) throws -> Value {
        if let name = try? singleValueContainer().decode(String.self) {
            if let kind = Kind(stringValue: name), let value = plain[kind] { return value }
            throw fault("no alternative is called “\(name)”")
        }
        let container = try container(keyedBy: Kind.self)
        guard container.allKeys.count == 1, let value = try parts(container.allKeys[0], container) else {
            throw fault("expected the name of an alternative, or an object with that name as its only key")
        }
        return value
    }

    private func fault(_ description: String) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: codingPath, debugDescription: description))
    }
}

extension Encoder {
    fileprivate func encode(plain kind: some CodingKey) throws {
        var container = singleValueContainer()
        try container.encode(kind.stringValue)
    }

    fileprivate func encode<Kind: CodingKey>(_ parts: some Encodable, as kind: Kind) throws {
        var container = container(keyedBy: Kind.self)
        try container.encode(parts, forKey: kind)
    }
}
