import Geometry
import Tensors

/// The form that a stage's value must have in the network at hand: kind and shape. Lengths that the network does not
/// determine are nil.
package enum StageForm: Sendable {
    /// The decoded image, of any size.
    case image
    /// `[height, width, channels]`.
    case map(channels: Int, size: PixelSize? = nil)
    /// `[height, width, anchors · perAnchor]`.
    case anchorMap(perAnchor: Int, anchors: Int, size: PixelSize? = nil)
    /// `[rows, height, width, channels]`.
    case regionMaps(rows: Int? = nil, side: Int? = nil, channels: Int)
    /// `[rows, columns]`.
    case table(rows: Int? = nil, columns: Int)
    /// `[rows, groups, columns]` in bundles, `[rows, groups · columns]` in the network.
    case groupedTable(rows: Int? = nil, groups: Int, columns: Int)
    /// `[rows, side, side]`.
    case squares(rows: Int? = nil)
    /// Boxes.
    case boxes(rows: Int? = nil)
    /// One number per row.
    case numbers(rows: Int? = nil)
    /// One index per row.
    case indices(rows: Int? = nil)
    /// One mask per row, for an image of this size.
    case masks(rows: Int? = nil, of: PixelSize)

    /// The stage value of an activation of this form, as observers receive it.
    func value(_ tensor: Tensor) -> StageValue {
        switch self {
        case .map: .map(tensor)
        case .anchorMap(let perAnchor, _, _): .anchorMap(tensor, perAnchor: perAnchor)
        case .regionMaps: .regionMaps(tensor)
        case .groupedTable(_, let groups, let columns):
            .table(tensor.reshaped(to: [tensor.shape[0], groups, columns]))
        default: .table(tensor)
        }
    }

    /// What is wrong with a value from outside; nil if it has this form.
    func fault(of value: StageValue) -> String? {
        let shape = value.shape
        func expected(_ lengths: [Int?], _ names: [String]) -> String? {
            guard shape.count == lengths.count, zip(shape, lengths).allSatisfy({ $1 == nil || $0 == $1 })
            else {
                let text = zip(lengths, names).map { $0.map(String.init) ?? $1 }.joined(separator: ", ")
                return "has shape \(shape), expected [\(text)]"
            }
            return nil
        }
        switch self {
        case .image: return nil
        case .map(let channels, let size):
            guard shape.count == 3, shape[0] == channels else {
                return "has \(shape.first ?? 0) channels, the model needs \(channels)"
            }
            guard shape.allSatisfy({ $0 > 0 }) else { return "is a map without positions" }
            return expected([channels, size?.height, size?.width], ["channels", "height", "width"])
        case .anchorMap(let perAnchor, let anchors, let size):
            return expected(
                [anchors] + (perAnchor == 1 ? [] : [perAnchor]) + [size?.height, size?.width],
                ["anchors"] + (perAnchor == 1 ? [] : ["numbers"]) + ["height", "width"])
        case .regionMaps(let rows, let side, let channels):
            guard shape.count == 4, shape[1] == channels else {
                return "has \(shape.dropFirst().first ?? 0) channels, the model needs \(channels)"
            }
            guard shape[2] > 0 && shape[3] > 0 else { return "has maps without positions" }
            if let rows, shape[0] != rows { return "has \(shape[0]) regions for \(rows) detections" }
            return expected([rows, channels, side, side], ["rows", "channels", "height", "width"])
        case .table(let rows, let columns):
            guard shape.count == 2, shape[1] == columns else {
                return "has \(shape.dropFirst().first ?? 0) columns, the model needs \(columns)"
            }
            return expected([rows, columns], ["rows", "columns"])
        case .groupedTable(let rows, let groups, let columns):
            return expected([rows, groups, columns], ["rows", "groups", "columns"])
        case .squares(let rows):
            guard shape.count == 3, rows == nil || shape[0] == rows, shape[1] == shape[2], shape[1] > 0 else {
                return "has shape \(shape), expected [\(rows.map(String.init) ?? "rows"), side, side]"
            }
            return nil
        case .boxes(let rows): return expected([rows, 4], ["rows", "4"])
        case .numbers(let rows), .indices(let rows): return expected([rows], ["rows"])
        case .masks(let rows, let size):
            return expected([rows, size.height, size.width], ["rows", "height", "width"])
        }
    }
}

extension StageValue {
    /// The value's shape in a bundle: channels first.
    var shape: [Int] {
        switch self {
        case .map(let tensor):
            tensor.shape.count == 3 ? [tensor.shape[2], tensor.shape[0], tensor.shape[1]] : tensor.shape
        case .anchorMap(let tensor, let perAnchor):
            [tensor.shape[2] / perAnchor] + (perAnchor == 1 ? [] : [perAnchor])
                + [tensor.shape[0], tensor.shape[1]]
        case .regionMaps(let tensor):
            tensor.shape.count == 4
                ? [tensor.shape[0], tensor.shape[3], tensor.shape[1], tensor.shape[2]] : tensor.shape
        case .table(let tensor): tensor.shape
        case .boxes(let boxes): [boxes.count, 4]
        case .numbers(let numbers): [numbers.count]
        case .indices(let indices): [indices.count]
        case .image(let image): [3, image.height, image.width]
        case .masks(let masks, let size): [masks.count, size.height, size.width]
        }
    }

    /// The tensor of a map or table; nil for other kinds.
    var tensor: Tensor? {
        switch self {
        case .map(let tensor), .anchorMap(let tensor, _), .regionMaps(let tensor), .table(let tensor): tensor
        case .boxes, .numbers, .indices, .image, .masks: nil
        }
    }
}

extension Tensor {
    /// Height and width of a map; nil for a map that was omitted.
    var mapSize: PixelSize? {
        count > 0 && shape.count == 3 ? PixelSize(height: shape[0], width: shape[1]) : nil
    }
}

extension Tensor {
    /// The number of elements; nil for a tensor that was omitted.
    var nonzeroCount: Int? { count == 0 ? nil : count }
}

extension Array {
    /// The number of elements; nil for an array that was omitted or is empty.
    var nonzeroCount: Int? { isEmpty ? nil : count }
}

/// The types of stages that are not activations.
protocol StagedValue {
    /// The placeholder for a value that is omitted.
    static var nothing: Self { get }
    /// The value of a stage; nil if it is of another kind.
    init?(_ value: StageValue)
    /// The stage value, as observers receive it.
    func value(as form: StageForm) -> StageValue
}

extension Tensor: StagedValue {
    static var nothing: Tensor { Tensor(shape: [0, 0, 0, 0]) }
    init?(_ value: StageValue) {
        guard let tensor = value.tensor else { return nil }
        self = tensor
    }
    func value(as form: StageForm) -> StageValue { form.value(self) }
}

extension Image: StagedValue {
    static var nothing: Image { Image(width: 1, height: 1, pixels: [0, 0, 0]) }
    init?(_ value: StageValue) {
        guard case .image(let image) = value else { return nil }
        self = image
    }
    func value(as form: StageForm) -> StageValue { .image(self) }
}

extension Array: StagedValue where Element: StagedElement {
    static var nothing: [Element] { [] }
    init?(_ value: StageValue) {
        guard let elements = Element.elements(of: value) else { return nil }
        self = elements
    }
    func value(as form: StageForm) -> StageValue { Element.value(of: self, as: form) }
}

/// The element types of stages that are arrays.
protocol StagedElement {
    static func elements(of value: StageValue) -> [Self]?
    static func value(of elements: [Self], as form: StageForm) -> StageValue
}

extension Box: StagedElement {
    static func elements(of value: StageValue) -> [Box]? {
        if case .boxes(let boxes) = value { boxes } else { nil }
    }
    static func value(of elements: [Box], as form: StageForm) -> StageValue { .boxes(elements) }
}

extension Float: StagedElement {
    static func elements(of value: StageValue) -> [Float]? {
        if case .numbers(let numbers) = value { numbers } else { nil }
    }
    static func value(of elements: [Float], as form: StageForm) -> StageValue { .numbers(elements) }
}

extension Int: StagedElement {
    static func elements(of value: StageValue) -> [Int]? {
        if case .indices(let indices) = value { indices } else { nil }
    }
    static func value(of elements: [Int], as form: StageForm) -> StageValue { .indices(elements) }
}

extension InstanceMask: StagedElement {
    static func elements(of value: StageValue) -> [InstanceMask]? {
        if case .masks(let masks, _) = value { masks } else { nil }
    }
    static func value(of elements: [InstanceMask], as form: StageForm) -> StageValue {
        guard case .masks(_, let size) = form else { return .masks(elements, PixelSize(height: 0, width: 0)) }
        return .masks(elements, size)
    }
}
