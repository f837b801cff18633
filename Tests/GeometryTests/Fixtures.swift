import Foundation
import TestSupport
import Testing

import Geometry

/// Reads a file of expected values; `Fixtures/README.md` says what computed them.
func fixture<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    try Bundle.module.decoded(name)
}

/// Floats of a fixture, in which null stands for NaN.
func floats(_ numbers: [Double?]) -> [Float] { numbers.map { Float($0 ?? .nan) } }

/// Boxes of a fixture: four numbers each.
func boxes(_ numbers: [Double?]) -> [Box] { boxes(floats(numbers)) }

/// The same bits everywhere: equal numbers, or both NaN.
func sameBits(_ found: [Float], _ expected: [Float]) -> Bool {
    found.count == expected.count
        && zip(found, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
}
