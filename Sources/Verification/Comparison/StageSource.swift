import Formats
import Inference
import Tensors

/// One version of a stage, as far as comparing needs it.
struct StageTensor: Sendable {
    /// As the file says.
    let type: ElementType
    /// The length of each axis.
    let shape: [Int]
    /// The numbers; nil when elements of this type cannot be read.
    let elements: ContractTensor.Elements?

    /// The number of rows: the length of the first axis.
    var rowCount: Int { shape.first ?? 1 }

    init(_ tensor: ContractTensor) {
        shape = tensor.shape
        elements = tensor.elements
        type =
            switch tensor.elements {
            case .floats: .float32
            case .integers: .int64
            case .bytes: .uint8
            }
    }

    /// Floats in a mapped file are borrowed, not copied.
    /// - Throws: ``FileError`` for a damaged archive member.
    init(_ stored: StoredTensor) throws {
        type = stored.element
        shape = stored.shape
        switch stored.element {
        case .float32: elements = .floats(try stored.floats())
        case .int64: elements = .integers(try stored.integers().map(Int64.init))
        case .uint8: elements = .bytes(try stored.bytes())
        // No type of the contract: read for the sake of a note, if that is possible.
        case .float64, .float16, .bfloat16: elements = .floats(try stored.floats())
        case .bool: elements = .bytes(try stored.bytes())
        case .int8, .int16, .int32, .uint16, .uint32, .uint64:
            elements = (try? stored.integers()).map { .integers($0.map(Int64.init)) }
        default: elements = nil
        }
    }
}

/// Where one side of a comparison comes from.
protocol StageSource {
    /// The stage, or nil when this side lacks it.
    func stageTensor(_ stage: Stage) throws -> StageTensor?
}

extension TensorBundle: StageSource {
    func stageTensor(_ stage: Stage) throws -> StageTensor? { try self[stage].map(StageTensor.init) }
}
