import Foundation
import Formats
import Tensors
import TestSupport
import Testing

/// A file that `Tools/make_format_fixtures.py` made with the libraries that own the formats.
func fixture(_ name: String) -> String { Bundle.module.fixture(name) }

/// The bytes of a fixture.
func fixtureBytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: fixture(name))))
}

/// The formula of the fixtures: element `index` of the array with that salt, as an integer from −50 to 50.
func value(_ index: Int, salt: Int) -> Int { (37 * index + 11 * salt) % 101 - 50 }

/// The first `count` values of the array with that salt, as the fixtures hold them in floats.
func floats(_ count: Int, salt: Int) -> [Float] { (0..<count).map { Float(value($0, salt: salt)) / 8 } }

/// The first `count` values of the array with that salt, as the fixtures hold them in signed integers.
func integers(_ count: Int, salt: Int) -> [Int] { (0..<count).map { value($0, salt: salt) } }

/// Checks shape and values of a tensor; equality of arrays compares their lengths too.
func expect(
    _ tensor: StoredTensor?, _ shape: [Int], _ values: [Float],
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let tensor = try #require(tensor, sourceLocation: sourceLocation)
    #expect(tensor.shape == shape, sourceLocation: sourceLocation)
    let loaded = try tensor.floats()
    #expect(loaded.shape == shape, sourceLocation: sourceLocation)
    #expect(loaded.array == values, sourceLocation: sourceLocation)
}

/// Checks that reading these bytes fails with a `FileError` whose line holds `fault`.
func expectFault(
    _ fault: String, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
) {
    let error = #expect(throws: FileError.self, sourceLocation: sourceLocation) {
        _ = try TensorFile(bytes, path: "hostile")
    }
    guard let error else { return }
    #expect(error.path == "hostile", sourceLocation: sourceLocation)
    #expect(error.fault.contains(fault), sourceLocation: sourceLocation)
    #expect(!error.description.contains("\n"), sourceLocation: sourceLocation)
}

/// `number` as little-endian bytes.
func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian, Array.init)
}
