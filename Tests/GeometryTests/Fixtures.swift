import Foundation
import Testing

import Geometry

/// Reads a file of expected values; `Fixtures/README.md` says what computed them.
func fixture<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "json"))
    return try JSONDecoder().decode(Value.self, from: Data(contentsOf: url))
}

/// Floats of a fixture, in which null stands for NaN.
func floats(_ numbers: [Double?]) -> [Float] { numbers.map { Float($0 ?? .nan) } }

/// Boxes of a fixture: four numbers each.
func boxes(_ numbers: [Double?]) -> [Box] {
    let values = floats(numbers)
    return stride(from: 0, to: values.count, by: 4).map {
        Box(x1: values[$0], y1: values[$0 + 1], x2: values[$0 + 2], y2: values[$0 + 3])
    }
}

/// The same bits everywhere: equal numbers, or both NaN.
func sameBits(_ found: [Float], _ expected: [Float]) -> Bool {
    found.count == expected.count
        && zip(found, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
}
