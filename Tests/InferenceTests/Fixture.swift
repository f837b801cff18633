import Foundation
import Formats
import Geometry
import Inference
import Tensors
import Testing

/// What an independent implementation computed (Tools/make_pipeline_goldens.py).
enum Fixture {
    static func path(_ file: String) -> String {
        Bundle.module.resourceURL!.appendingPathComponent("Fixtures/\(file)").path
    }

    static func json<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        let data = try Data(contentsOf: URL(fileURLWithPath: path("\(name).json")))
        return try JSONDecoder().decode(type, from: data)
    }
}

extension Box {
    /// Left, upper, right and lower edge.
    init(_ edges: [Double]) {
        self.init(x1: Float(edges[0]), y1: Float(edges[1]), x2: Float(edges[2]), y2: Float(edges[3]))
    }
}

/// A picture by a formula that the generator of the goldens repeats: smooth in one corner, noise in the other.
func formulaPicture(height: Int, width: Int) -> Image {
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            for channel in 0..<3 {
                pixels.append(UInt8((x * x * 7 + y * y * 13 + x * y * 3 + channel * 680) / 8 % 256))
            }
        }
    }
    return Image(width: width, height: height, pixels: pixels)
}

/// Reports the element at which two lists of numbers differ most, if that is too much.
func expectClose(
    _ found: [Float], _ expected: [Float], within tolerance: Float, _ name: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard found.count == expected.count else {
        Issue.record(
            "\(name): \(found.count) numbers, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    // A NaN fails the comparison, so it counts as the worst.
    let worst = found.indices.max { a, b in
        let (first, second) = (abs(found[a] - expected[a]), abs(found[b] - expected[b]))
        return second.isNaN || first < second
    }
    guard let worst, !(abs(found[worst] - expected[worst]) <= tolerance) else { return }
    Issue.record(
        "\(name)[\(worst)]: \(found[worst]), expected \(expected[worst])", sourceLocation: sourceLocation)
}
