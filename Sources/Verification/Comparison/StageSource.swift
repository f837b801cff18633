import Formats
import Inference
import Tensors

/// One version of a stage, with what a comparison needs.
struct StageTensor: Sendable {
    /// The element type in the file.
    let type: ElementType
    /// The length of each axis.
    let shape: [Int]
    /// The values; nil when elements of this type cannot be read.
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
        // Types that differ from the contract's are compared by value.
        case .float64, .float16, .bfloat16: elements = .floats(try stored.floats())
        case .bool: elements = .bytes(try stored.bytes().map { $0 == 0 ? 0 : 1 })
        case .int8, .int16, .int32, .uint16, .uint32, .uint64:
            elements = (try? stored.integers()).map { .integers($0.map(Int64.init)) }
        default: elements = nil
        }
    }
}

extension ElementType {
    /// The largest relative error of rounding to this type; 0 for types at least as fine as the contract's.
    var roundingError: Double {
        switch self {
        case .float16: 0x1p-11
        case .bfloat16: 0x1p-8
        default: 0
        }
    }
}

extension ContractTensor.Elements {
    /// The values as floats, whatever their type.
    var asFloats: Tensor {
        switch self {
        case .floats(let tensor): tensor
        case .integers(let integers):
            Tensor(shape: [integers.count], elements: integers.map { Float($0) })
        case .bytes(let bytes): Tensor(shape: [bytes.count], elements: bytes.map { Float($0) })
        }
    }

    /// The values as integers; nil if one is not an integer.
    var asIntegers: [Int64]? {
        switch self {
        case .floats(let tensor):
            let integers = tensor.array.compactMap { Int64(exactly: $0) }
            return integers.count == tensor.count ? integers : nil
        case .integers(let integers): return integers
        case .bytes(let bytes): return bytes.map(Int64.init)
        }
    }

    /// The values as mask pixels: 0, 1, and 255 for everything else.
    var asMasks: [UInt8] {
        switch self {
        case .floats(let tensor): tensor.array.map { $0 == 0 ? 0 : $0 == 1 ? 1 : 255 }
        case .integers(let integers): integers.map { $0 == 0 ? 0 : $0 == 1 ? 1 : 255 }
        case .bytes(let bytes): bytes
        }
    }
}

/// One side of a comparison.
protocol StageSource {
    /// The stage; nil when this side lacks it.
    func stageTensor(_ stage: Stage) throws -> StageTensor?
}

extension TensorBundle: StageSource {
    func stageTensor(_ stage: Stage) throws -> StageTensor? { try self[stage].map(StageTensor.init) }
}
