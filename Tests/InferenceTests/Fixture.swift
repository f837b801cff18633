import Foundation
import Formats
import Geometry
import Inference
import Tensors
import TestSupport
import Testing

/// What an independent implementation computed (Tools/make_pipeline_goldens.py).
enum Fixture {
    static func path(_ file: String) -> String { Bundle.module.fixture(file) }

    static func json<Value: Decodable>(_ name: String) throws -> Value { try Bundle.module.decoded(name) }
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
